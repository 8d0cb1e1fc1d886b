"""Local only records: no text of theirs reaches a model, an embedder or a lookup elsewhere, in any byte that leaves."""

from __future__ import annotations

import json
import random

import pytest

from adapters.channels import lookup_http
from connector.adapter import HttpResponse
from connector.context.embedding import HttpEmbedder
from connector.context.lance_index import LanceIndex
from connector.daemon import searches_in
from connector.decision.agents import AGENTS
from connector.decision.budget import SpendingLedger
from connector.decision.reasoners.anthropic import reasoner
from connector.decision.reasoners.endpoint import ModelSettings
from connector.decision.reasoners.prices import price_of
from connector.policy import Tier
from connector.record import ObjectType
from connector.settings import Privacy
from tests.support.given import policy
from tests.support.messages_server import JSON, message
from tests.support.outside import environment

CANARY = "Zanzibar-4417"
SETTINGS = ModelSettings(tier=Tier.FAST, model="claude-haiku-5-5", price=price_of("claude-haiku-5-5"), parallel=1)
ANSWER = {
    "rationale": "A double charge.", "enough": True, "out_of_scope": False, "missing": [], "searches": ["charged twice"],
    "values": {"category": {"value": "billing", "confidence": 0.95, "citations": [{"passage": 0, "quote": "Charged"}]}},
}  # fmt: skip


class Elsewhere:
    """Everything that stands on other machines, behind one transport that keeps every byte it was handed."""

    def __init__(self) -> None:
        self.sent: dict[str, list[bytes]] = {"model": [], "embedding": [], "lookup": []}

    def send(self, request):
        self.sent[request.purpose.value].append(request.url.encode() + request.body)
        match request.purpose.value:
            case "embedding":
                asked = json.loads(request.body)["input"]
                rows = [{"index": place, "embedding": [float(len(text) % 7 + 1)] * 8} for place, text in enumerate(asked)]
                return HttpResponse(status=200, headers=JSON, body=json.dumps({"data": rows}).encode())
            case "lookup":
                return HttpResponse(status=200, headers=JSON, body=b'[{"id": "1"}]')
            case _:
                return message(ANSWER)

    def told(self, word: str) -> set[str]:
        """To whom a word was told."""
        return {purpose for purpose, bodies in self.sent.items() if any(word.encode() in body for body in bodies)}


@pytest.fixture
def play(build, tmp_path):
    def played(privacy: Privacy) -> Elsewhere:
        elsewhere = Elsewhere()
        embedder = HttpEmbedder(transport=elsewhere, url="https://embed.example.com/v1", model="m", dimension=8)
        index = LanceIndex(tmp_path / "index", embedder=embedder)
        source = lookup_http.connect(
            environment(
                {
                    "url": "https://shop.example.com/orders", "parameters": {"about": {"field": "subject"}}, "key": "id",
                    "columns": {"id": "ok"},
                },
                transport=elsewhere,
            )
        )  # fmt: skip

        def models(store, clock):
            made = reasoner(
                SETTINGS, AGENTS, transport=elsewhere, key="k", clock=clock, chance=random.Random(1),
                budget=SpendingLedger(store, clock), search_for=searches_in(index, privacy),
            )  # fmt: skip
            return {Tier.FAST: made}

        under = policy(
            may="{update: {category: {}}}", reason="{cascade: [offline, fast], searches: 2, usd_per_day: 5}",
            context="{lookups: [orders]}",
        )  # fmt: skip
        road = build(
            under=under, models=models, index=index, lookups={"orders": source}, privacy=privacy, learners={}
        )
        road.ticket(f"Charged twice by {CANARY}", description=f"{CANARY} again")
        road.rounds(most=60)
        index.optimize()
        index.search("what a person asks", None)
        return elsewhere

    return played


def test_without_the_setting_everybody_named_is_told(play):
    assert play(Privacy()).told(CANARY) == {"model", "embedding", "lookup"}


def test_a_local_only_object_is_told_to_nobody(play):
    elsewhere = play(Privacy(local_only=frozenset({ObjectType.TICKET})))
    assert elsewhere.told(CANARY) == set()
    assert elsewhere.sent["model"] == []
    assert elsewhere.sent["lookup"] == []

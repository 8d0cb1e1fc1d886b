"""Models under somebody else's control: they read the prompt and the schema as a model does, and answer with any text."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from connector.adapter import HttpRequest, HttpResponse
from connector.clock import HeldClock
from connector.decision.agents import AGENTS
from connector.decision.budget import Budget
from connector.decision.reasoners.anthropic import AnthropicReasoner, reasoner
from connector.decision.reasoners.endpoint import Endpoint, ModelSettings, Reply
from connector.decision.reasoners.prices import FREE, Price
from connector.policy import Tier
from tests.support.messages_server import message

_PASSAGE = re.compile(r"<passage-(\w+) ([^\n]*)>\n(.*?)\n</passage-\1>", re.DOTALL)
_TOKEN = re.compile(r"\[([a-z]+-[a-z0-9-]+)\]")
HOST = "https://api.anthropic.com"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a model is shown of one case."""

    schema: Mapping[str, Any]
    prompt: str
    turn: int

    @property
    def token(self) -> str:
        """Which case this is; tests put a word in brackets into the subject."""
        found = _TOKEN.search(self.prompt)
        return found[1] if found else ""

    @property
    def passages(self) -> list[tuple[int, str, str]]:
        """Number, origin and text of every passage."""
        found = []
        for one in _PASSAGE.finditer(self.prompt):
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', one[2]))
            found.append((int(labels["number"]), labels["origin"], one[3]))
        return found

    def options(self, name: str) -> list[str]:
        return list(self.fields[name]["properties"]["value"].get("enum", ())) if name in self.fields else []

    @property
    def fields(self) -> Mapping[str, Any]:
        return cast(Mapping[str, Any], self.schema["properties"]["values"]["properties"])


Mind = Callable[[Seen], str]
"""What the model says; the text is sent as it is."""


def support(seen: Seen, passage: int | None = None) -> dict[str, Any]:
    """Confidence and one verbatim quote, as an honest model gives them."""
    chosen = next(one for one in seen.passages if passage is None or one[0] == passage)
    return {"confidence": 0.97, "citations": [{"passage": chosen[0], "quote": chosen[2][:60]}]}


def honest(seen: Seen, wanted: Mapping[str, Any] | None = None, *, task: bool = False) -> dict[str, Any]:
    """A well-formed answer: the first option of every closed field, or what is `wanted`."""
    values = {
        name: {"value": value, **support(seen)}
        for name in seen.fields
        if (value := (wanted or {}).get(name, (seen.options(name) or [None])[0])) is not None
    }
    answer: dict[str, Any] = {
        "rationale": "The text says so.",
        "enough": True,
        "out_of_scope": False,
        "missing": [],
        "values": values,
    }
    if task and "task" in seen.schema["properties"]:
        answer["task"] = {"summary": "Call the customer.", **support(seen)}
    return answer


def say(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False)


@dataclass
class DirectEndpoint:
    """Stands where the network would be; conversation, validation and router in front of it are the real ones."""

    mind: Mind
    settings: ModelSettings = field(
        default_factory=lambda: ModelSettings(tier=Tier.FAST, model="claude-haiku-5-5", price=FREE, parallel=1)
    )
    prompts: list[str] = field(default_factory=list)

    def ask(
        self,
        *,
        system: Sequence[str],
        messages: Sequence[Mapping[str, str]],
        schema: Mapping[str, Any],
        max_tokens: int,
        paying: Callable[[Callable[[], Reply]], Reply],
    ) -> Reply:
        self.prompts.append("\n".join([*system, *(said["content"] for said in messages if said["role"] == "user")]))
        seen = Seen(schema=schema, prompt=messages[0]["content"], turn=len(messages) // 2)
        return paying(lambda: Reply(stop_reason="end_turn", text=self.mind(seen), usage=None))


def direct(mind: Mind, tier: Tier = Tier.FAST) -> AnthropicReasoner:
    """A tier with this mind behind the real answer validation."""
    settings = ModelSettings(tier=tier, model="claude-haiku-5-5", price=FREE, parallel=1)
    return AnthropicReasoner(cast(Endpoint, DirectEndpoint(mind, settings)), AGENTS, budget=None)


@dataclass
class MindServer:
    """The same mind as a server behind the real client library; counts what it would have billed."""

    mind: Mind
    requests: list[HttpRequest] = field(default_factory=list)
    usage: Mapping[str, int] | None = None
    stop_reason: str = "end_turn"

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        body = json.loads(request.body)
        schema = body.get("output_config", {}).get("format", {}).get("schema", {})
        messages = body["messages"]
        text = self.mind(Seen(schema=schema, prompt=messages[0]["content"], turn=len(messages) // 2))
        return message(text, self.stop_reason, usage=self.usage)

    @property
    def prompts(self) -> str:
        return "\n".join(json.dumps(json.loads(one.body), ensure_ascii=False) for one in self.requests)


def behind_sdk(
    server: MindServer,
    clock: HeldClock,
    *,
    price: Price = FREE,
    budget: Budget | None = None,
    tier: Tier = Tier.FAST,
    key: str = "sk-test",
) -> AnthropicReasoner:
    """A tier with this server behind the real anthropic client."""
    settings = ModelSettings(tier=tier, model="claude-haiku-5-5", price=price, base_url=HOST, parallel=1)
    return reasoner(settings, AGENTS, transport=server, key=key, clock=clock, chance=random.Random(1), budget=budget)

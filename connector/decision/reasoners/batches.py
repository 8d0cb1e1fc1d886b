"""Questions that can wait, asked together at half the price: a batch is state, so a restart takes it up where it stood.

Only first replies come from a batch; what a model then wants to look up or has to repair is asked at once as ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from connector.adapter import NoAnswerError
from connector.clock import Clock, micros
from connector.decision.budget import Budget, Exhausted, Reserved, to_micros
from connector.decision.decision import Question, Usage
from connector.decision.reasoners.endpoint import BatchReply, Endpoint, Reply
from connector.errors import ConnectorError, InvalidResponseError
from connector.journal import canonical
from connector.record import RecordRef
from connector.store import Row, Store, Transaction

HALF = Decimal("0.5")  # platform.claude.com, pricing: batches cost half
LOOK_AGAIN = timedelta(minutes=2)
_MICRO = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The first request of one conversation: what is sent, and the most it can cost outside a batch."""

    question: Question
    parameters: Mapping[str, Any]
    usd: Decimal

    @property
    def name(self) -> str:
        """How the batch names it. The same case asked about otherwise is another request; only the hour may differ."""
        first, *later = self.parameters["messages"]
        case = first["content"].partition("\n\n")[2]  # without the line that says what time it is
        asked = {**self.parameters, "messages": [case, *later]}
        return hashlib.sha256(f"{self.question.key}:{canonical(asked)}".encode()).hexdigest()[:48]


@dataclass(frozen=True, slots=True)
class Waiting:
    """It is in a batch that is not done yet."""


@dataclass(frozen=True, slots=True)
class Unaffordable:
    """The policy's budget does not cover it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The batch ended without an answer to it; asked at once instead."""


First: TypeAlias = Reply | Waiting | Unaffordable | Failed


class Batches:
    """The batches of one model. Safe over restarts; one process at a time asks for one state."""

    def __init__(self, endpoint: Endpoint, store: Store, clock: Clock, budget: Budget | None) -> None:
        self._endpoint = endpoint
        self._store = store
        self._clock = clock
        self._budget = budget

    def firsts(self, requests: Sequence[Request]) -> tuple[First, ...]:
        """What is known of each request, in order; those never asked go out in one new batch.

        Raises what the endpoint raises; nothing is lost then but time.
        """
        rows = self._rows(requests)
        self._collect({row["batch"] for row in rows.values() if row["state"] == "waiting" and row["batch"]})
        rows = self._rows(requests)
        new = [request for request in requests if request.name not in rows]
        refused = self._submit(list({request.name: request for request in new}.values()))
        return tuple(refused.get(request.name) or _first(rows.get(request.name)) for request in requests)

    def used(self, request: Request) -> None:
        """The reply has become a decision: it is not needed again."""
        with self._store.transaction("decision: batch reply used") as tx:
            tx.run("DELETE FROM decision_batches WHERE name = :name", name=request.name)

    def _rows(self, requests: Sequence[Request]) -> dict[str, Row]:
        with self._store.snapshot() as tx:
            found = (tx.one("SELECT * FROM decision_batches WHERE name = :name", name=one.name) for one in requests)
            return {row["name"]: row for row in found if row is not None}

    def _submit(self, requests: Sequence[Request]) -> dict[str, First]:
        """Set money aside, write down what is asked, ask, write down the batch's id."""
        refused: dict[str, First] = {}
        asked: list[Request] = []
        for request in requests:
            reserved = self._reserve(request)
            if isinstance(reserved, Exhausted):
                refused[request.name] = Unaffordable(reserved.reason)
                continue
            asked.append(request)
            with self._store.transaction("decision: batch request") as tx:
                _insert(tx, request, reserved, self._clock.now())
        if not asked:
            return refused
        try:
            batch = self._endpoint.submit([(request.name, request.parameters) for request in asked])
        except (NoAnswerError, InvalidResponseError):
            # It may be running and paid for, and nobody knows its name: the money stays counted as spent.
            self._forget(asked, free=False)
            raise
        except ConnectorError:
            self._forget(asked, free=True)
            raise
        with self._store.transaction("decision: batch submitted") as tx:
            tx.run_many(
                "UPDATE decision_batches SET batch = :batch WHERE name = :name",
                [{"batch": batch, "name": request.name} for request in asked],
            )
        return refused

    def _reserve(self, request: Request) -> Reserved | Exhausted | None:
        if self._budget is None:
            return None
        return self._budget.reserve(request.question.policy, request.question.context.record.ref, request.usd * HALF)

    def _forget(self, requests: Sequence[Request], *, free: bool) -> None:
        rows = self._rows(requests)
        for row in rows.values():
            self._settle(row, Decimal(0) if free else _reserved(row))
        with self._store.transaction("decision: batch given up") as tx:
            tx.run_many("DELETE FROM decision_batches WHERE name = :name", [{"name": name} for name in rows])

    def _collect(self, batches: set[str]) -> None:
        """Fetch the replies of batches that have ended."""
        for batch in sorted(batches):
            replies = self._endpoint.collect(batch)
            if replies is not None:
                self._keep(batch, replies)

    def _keep(self, batch: str, replies: Mapping[str, BatchReply]) -> None:
        with self._store.snapshot() as tx:
            rows = tx.rows("SELECT * FROM decision_batches WHERE batch = :batch AND state = 'waiting'", batch=batch)
        for row in rows:
            answer = replies.get(row["name"])
            reply = answer.reply if answer is not None else None
            usage = reply.usage if reply is not None else None
            # What expired or failed is not billed; an answer that does not say what it counted costs the most.
            usd = Decimal(0) if reply is None else usage.usd * HALF if usage is not None else _reserved(row)
            self._settle(row, usd)
            with self._store.transaction("decision: batch reply") as tx:
                tx.run(
                    "UPDATE decision_batches SET state = :state, reply = :reply WHERE name = :name",
                    state="answered" if reply is not None else "failed", name=row["name"],
                    reply=_encoded(reply, usd) if reply is not None else None,
                )

    def _settle(self, row: Row, usd: Decimal) -> None:
        if self._budget is not None and row["reservation"] is not None:
            self._budget.settle(Reserved(id=row["reservation"], usd=_reserved(row)), usd)


def _insert(tx: Transaction, request: Request, reserved: Reserved | None, at: datetime) -> None:
    ref: RecordRef = request.question.context.record.ref
    tx.run(
        """
        INSERT INTO decision_batches (name, connection, object, record, batch, state, reply, reservation, reserved, asked_at)
        VALUES (:name, :connection, :object, :record, NULL, 'waiting', NULL, :reservation, :reserved, :at)
        ON CONFLICT (name) DO NOTHING
        """,
        name=request.name, connection=ref.connection, object=ref.object.value, record=ref.id,
        reservation=reserved.id if reserved is not None else None,
        reserved=to_micros(reserved.usd) if reserved is not None else 0, at=micros(at),
    )


def _first(row: Row | None) -> First:
    if row is None:
        return Waiting()
    if row["state"] == "waiting":
        # A request without a batch was cut off between writing it down and learning the batch's name: asked at once.
        return Waiting() if row["batch"] is not None else Failed()
    return _decoded(json.loads(row["reply"])) if row["state"] == "answered" else Failed()


def _reserved(row: Row) -> Decimal:
    return Decimal(row["reserved"]) / _MICRO


def _encoded(reply: Reply, usd: Decimal) -> str:
    usage = reply.usage or Usage()
    return canonical({
        "stop_reason": reply.stop_reason, "text": reply.text, "detail": reply.detail, "input": usage.input_tokens,
        "cached": usage.cached_tokens, "output": usage.output_tokens, "usd": str(usd),
    })  # fmt: skip


def _decoded(kept: Mapping[str, Any]) -> Reply:
    usage = Usage(
        input_tokens=kept["input"], cached_tokens=kept["cached"], output_tokens=kept["output"], usd=Decimal(kept["usd"])
    )
    return Reply(stop_reason=kept["stop_reason"], text=kept["text"], usage=usage, detail=kept["detail"])

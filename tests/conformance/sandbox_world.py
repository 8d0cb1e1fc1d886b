"""What the two sandbox worlds share: a person who acts through the org, a clock for everybody, armed mishaps."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from adapters.conformance import Mishap, NotPossibleError
from adapters.conformance.bridge import FaceTransport
from adapters.sandbox.faults import Faults
from adapters.sandbox.org import Org
from adapters.sandbox.rows import Actor, Row
from adapters.sandbox.wire import Face, WireRequest, WireResponse
from connector.adapter import (
    Adapter,
    ConnectionName,
    Environment,
    FieldName,
    FieldValue,
    Lane,
    ObjectType,
    RateBudget,
    RecordRef,
)
from connector.clock import HeldClock
from tests.conformance.kept import KeptSecrets, KeptToken, Quiet


class Gate:
    """Stands before a face so that a mishap can be kept for the next call that writes."""

    def __init__(self, face: Face, faults: Faults, writes: Callable[[WireRequest], bool]) -> None:
        self._face, self._faults, self._writes = face, faults, writes
        self.waiting: list[str] = []

    def respond(self, request: WireRequest) -> WireResponse:
        if self.waiting and self._writes(request):
            self._faults.arm(self.waiting.pop(0))
        return self._face.respond(request)


class SandboxWorld(ABC):
    """One org; the rep acts in it directly, the adapter through the face."""

    connection = ConnectionName("crm")
    start: ClassVar[datetime] = datetime(2026, 9, 1, 8, tzinfo=UTC)
    page: int
    lag: timedelta
    exemptions: Mapping[str, str]
    objects: ClassVar[Mapping[ObjectType, str]]
    natives: ClassVar[Mapping[str, str]]
    by_object: ClassVar[Mapping[tuple[ObjectType, str], str]] = {}
    options: ClassVar[Mapping[str, Mapping[str, str]]]
    faults: ClassVar[Mapping[Mishap, str]]
    defaults: ClassVar[Mapping[ObjectType, Mapping[str, object]]] = {}

    org: Org
    rep: Actor
    gate: Gate
    environment: Environment

    def __init__(self) -> None:
        self.clock = HeldClock(self.start)

    def given(
        self, face: Face, base_url: str, *, settings: Mapping[str, Any], lanes: Mapping[str, Lane], **secrets: str
    ) -> Environment:
        """The environment of an adapter over this org."""
        self.gate = Gate(face, self.org.faults, self.is_write)
        return Environment(
            connection=self.connection,
            settings=settings,
            clock=self.clock,
            random=random.Random(7),
            transport=FaceTransport(self.gate, base_url, self.clock),
            secrets=KeptSecrets(**secrets),
            tokens=KeptToken(),
            budget=RateBudget(self.clock, lanes),
            log=Quiet(),
        )

    @abstractmethod
    def adapter(self) -> Adapter: ...

    @abstractmethod
    def is_write(self, request: WireRequest) -> bool: ...

    @abstractmethod
    def merge(self, winner: RecordRef, loser: RecordRef) -> RecordRef: ...

    @abstractmethod
    def associate(self, ref: RecordRef, other: RecordRef) -> None: ...

    @abstractmethod
    def hanging(self, parent: RecordRef, object: ObjectType) -> tuple[Mapping[str, FieldValue], ...]: ...

    @abstractmethod
    def absent(self, object: ObjectType) -> RecordRef: ...

    def advance(self, by: timedelta) -> None:
        self.clock.advance(by)

    def create(self, object: ObjectType, values: Mapping[str, FieldValue]) -> RecordRef:
        return self.create_many(object, [values])[0]

    def create_many(self, object: ObjectType, rows: Collection[Mapping[str, FieldValue]]) -> tuple[RecordRef, ...]:
        refs = []
        for values in rows:
            native = {**self.defaults.get(object, {}), **self.native(object, values)}
            row = self.org.create(self.objects[object], native, actor=self.rep)
            refs.append(RecordRef(self.connection, object, row.id))
        return tuple(refs)

    def edit(self, ref: RecordRef, values: Mapping[str, FieldValue]) -> None:
        self.org.update(self.objects[ref.object], ref.id, self.native(ref.object, values), actor=self.rep)

    def delete(self, ref: RecordRef) -> None:
        self.org.delete(self.objects[ref.object], ref.id, actor=self.rep)

    def look(self, ref: RecordRef) -> Mapping[str, FieldValue]:
        row = self.org.find(self.objects[ref.object], ref.id)
        if row is None or row.deleted is not None:
            raise KeyError(ref)
        return self.shared(ref.object, row)

    def arm(self, mishap: Mishap, *, times: int = 1) -> None:
        self.org.faults.arm(self._fault(mishap), times)

    def arm_write(self, mishap: Mishap) -> None:
        self.gate.waiting.append(self._fault(mishap))

    def happened(self, mishap: Mishap) -> int:
        return self.org.faults.counts[self._fault(mishap)]

    def heal(self) -> None:
        self.gate.waiting.clear()
        self.org.faults.heal()

    def agent_writes(self) -> int:
        lines = self.org.log.entries()
        return len({(line.record, line.request) for line in lines if (line.kind, line.actor) == ("write", "agent")})

    def calls(self) -> int:
        return sum(1 for line in self.org.log.entries() if line.kind == "call")

    def field(self, object: ObjectType, shared: str) -> FieldName:
        return FieldName(shared)

    def native(self, object: ObjectType, values: Mapping[str, FieldValue]) -> dict[str, object]:
        """A person's values in the CRM's own names; a stage of None is left to the CRM."""
        return {
            self._name(object, name): self.text(self._name(object, name), value)
            for name, value in values.items()
            if not (name == "stage" and value is None)
        }

    def shared(self, object: ObjectType, row: Row) -> Mapping[str, FieldValue]:
        """What a person sees, under shared names."""
        seen: dict[str, FieldValue] = {}
        for name in self.natives:
            native = self._name(object, name)
            value = row.get(native)
            keys = {option: key for key, option in self.options.get(native, {}).items()}
            text = None if value in (None, "") else str(value)
            seen[name] = keys.get(text or "", text)
        return seen

    def text(self, native: str, value: FieldValue) -> object:
        match value:
            case datetime():
                return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            case date():
                return value.isoformat()
            case Decimal():
                return str(value)
            case str():
                return self.options.get(native, {}).get(value, value)
            case _:
                return value

    def _name(self, object: ObjectType, shared: str) -> str:
        return self.by_object.get((object, shared), self.natives[shared])

    def _fault(self, mishap: Mishap) -> str:
        if mishap not in self.faults:
            raise NotPossibleError(f"not in this CRM: {mishap.value}")
        return self.faults[mishap]

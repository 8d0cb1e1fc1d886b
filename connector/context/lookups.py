"""Ask the sources a policy names about a batch of records: their rows become passages, their silence is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from connector.adapter import LookedUp, Lookup, LookupResult, LookupRow, NotLookedUp
from connector.context.context import Passage
from connector.context.redaction import mask_text
from connector.record import FieldClass, FieldName, FieldValue, Origin, Record

_AT_ONCE = 8
_PATIENCE = 3  # after so many silences in a row a source is not asked again for this batch


@dataclass(frozen=True, slots=True, kw_only=True)
class FromLookups:
    """What the sources said about one record."""

    passages: tuple[Passage, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class _Mood:
    """How a source has fared in this batch."""

    silences: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """The sources of one policy for one batch. `local` keeps questions on this machine and in the house."""

    sources: Mapping[str, Lookup]
    names: Sequence[str]
    classes: Mapping[FieldName, FieldClass]
    local: bool = False
    _moods: dict[str, _Mood] = field(default_factory=dict)
    _answers: dict[tuple[str, tuple[tuple[FieldName, FieldValue], ...]], LookupResult] = field(default_factory=dict)

    def own_fields(self) -> frozenset[FieldName]:
        """The record's own fields that the sources are asked with."""
        needed = (self.sources[name].needs for name in self.names if name in self.sources)
        return frozenset(name for names in needed for name in names if "." not in name)

    def ask(
        self, records: Sequence[Record], related: Sequence[Mapping[str, Sequence[Record]]]
    ) -> tuple[FromLookups, ...]:
        """Each record with its relatives, in order; several are asked about at the same time."""
        if not self.names:
            return tuple(FromLookups() for _ in records)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            return tuple(threads.map(self._about, records, related))

    def _about(self, record: Record, related: Mapping[str, Sequence[Record]]) -> FromLookups:
        passages: list[Passage] = []
        missing: list[str] = []
        for name in self.names:
            answer = self._answer(name, record, related)
            match answer:
                case LookedUp(rows=rows):
                    passages += self._passages(name, rows, record)
                case NotLookedUp(why=why):
                    missing.append(f"{name} ({why})")
        return FromLookups(passages=tuple(passages), missing=tuple(missing))

    def _answer(self, name: str, record: Record, related: Mapping[str, Sequence[Record]]) -> LookupResult:
        source = self.sources.get(name)
        if source is None:
            return NotLookedUp(why="connector.yaml names no such lookup")
        if self.local and not source.local:
            return NotLookedUp(why="it is not on this machine, and the object is local only")
        if not source.local and (kept := sorted(self._kept(source.needs))):
            return NotLookedUp(why=f"it is asked with {kept[0]}, which never leaves the machine")
        fields = _asked_with(source.needs, record, related)
        question = (name, tuple(sorted(fields.items(), key=lambda pair: pair[0])))
        if question not in self._answers:
            self._answers[question] = self._asked(name, source, fields)
        return self._answers[question]

    def _asked(self, name: str, source: Lookup, fields: Mapping[FieldName, FieldValue]) -> LookupResult:
        mood = self._moods.setdefault(name, _Mood())
        if mood.silences >= _PATIENCE:
            return NotLookedUp(why="it does not answer", away=True)
        answer = source.find(fields)
        mood.silences = mood.silences + 1 if isinstance(answer, NotLookedUp) and answer.away else 0
        return answer

    def _kept(self, needs: frozenset[FieldName]) -> Iterator[FieldName]:
        """Fields that may not leave, whether the record's own or a relative's."""
        for name in needs:
            if self.classes.get(FieldName(name.rpartition(".")[2]), FieldClass.OK) is not FieldClass.OK:
                yield name

    def _passages(self, name: str, rows: Sequence[LookupRow], record: Record) -> Iterator[Passage]:
        source = self.sources[name]
        origin = Origin.OUTSIDER if source.outsider else Origin.LOOKUP
        for row in rows:
            shown = dict(self._shown(source, row))
            if shown:
                text = "; ".join(f"{column}: {value}" for column, value in shown.items())
                found_by = f"{name} {shown.get(source.key, '')}".strip()
                yield Passage(text=text, source=found_by, origin=origin, title=name, ref=record.ref)

    def _shown(self, source: Lookup, row: LookupRow) -> Iterator[tuple[str, str]]:
        """The columns as far as the lookup, the policy and the settings let them be seen; the strictest word counts."""
        for column, text in row.columns.items():
            kept = {source.columns.get(column, FieldClass.NEVER), self.classes.get(FieldName(column), FieldClass.OK)}
            if FieldClass.NEVER not in kept:
                yield column, mask_text(text) if FieldClass.MASK in kept else text


def _asked_with(
    needs: frozenset[FieldName], record: Record, related: Mapping[str, Sequence[Record]]
) -> Mapping[FieldName, FieldValue]:
    """The values a source is asked with. Of several relatives the newest speaks."""
    fields: dict[FieldName, FieldValue] = {}
    for name in needs:
        relation, dot, own = name.rpartition(".")
        around = related.get(relation, ()) if dot else (record,)
        if around and (value := around[0].fields.get(FieldName(own))) is not None:
            fields[name] = value
    return fields

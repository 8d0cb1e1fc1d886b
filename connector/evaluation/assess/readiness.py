"""Per agent: whether this organisation's history is enough for it to act, and what to clean first.

Learners are asked themselves: a score that would abstain is told before anybody waits for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from connector.decision.learners.score import NothingToScore, fit_score
from connector.evaluation.assess.columns import filled
from connector.evaluation.assess.tables import Audit, AuditTable, ColumnProfile, Defect, DefectKind, Shape


class Standing(StrEnum):
    """Whether an agent can act on this history. It starts supervised all the same."""

    ENOUGH = "enough"
    CLEAN_FIRST = "clean_first"
    NOT_ENOUGH = "not_enough"
    NO_SIGNAL = "no_signal"
    NOT_SEEN = "not_seen"  # nothing of the kind is among the tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """One agent's standing, why, and the first things to mend for it."""

    agent: str
    standing: Standing
    why: str
    clean_first: tuple[str, ...] = ()


_HAPPENED = frozenset({
    "won", "closed won", "closedwon", "converted", "qualified", "gewonnen", "true", "yes", "1", "success",
})  # fmt: skip
_NOT = frozenset({"lost", "closed lost", "closedlost", "unqualified", "verloren", "false", "no", "0", "rejected"})
_OUTCOME = re.compile(r"(?i)(stage|status|outcome|converted|won|result|phase)")
_LABELS = re.compile(r"(?i)(categor|type|queue|label|topic|reason|priority|intent|team)")
_PEOPLE = re.compile(r"(?i)(e-?mail|phone|mobile|title|country|city|website|domain|industry|sector)")
_FEWEST_TEXTS, _FEWEST_EACH = 200, 10
_MUCH = 0.05
_WORST = 3


def readiness(tables: Sequence[AuditTable], audit: Audit) -> tuple[Readiness, ...]:
    """Every agent, in the order of the product's list."""
    return tuple(_all(tables, audit))


def _all(tables: Sequence[AuditTable], audit: Audit) -> Iterator[Readiness]:
    settled = [one for table in tables if (one := _outcome(table, audit)) is not None]
    yield _scoring("lead_scoring", [one for one in settled if not _is_deals(one)], audit)
    yield _activity("follow_up", tables, audit)
    yield _enrichment(tables, audit)
    yield _scoring("pipeline", [one for one in settled if _is_deals(one)], audit)
    yield _activity("meetings", tables, audit)
    yield _triage(tables, audit)
    yield _hygiene(audit)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    table: AuditTable
    column: str
    happened: tuple[bool | None, ...]


def _is_deals(one: _Outcome) -> bool:
    return bool(re.search(r"(?i)(opportunit|deal|pipeline)", one.table.name))


def _outcome(table: AuditTable, audit: Audit) -> _Outcome | None:
    """The column that says how records ended: two words of a few in every language we know, others are still open."""
    for name, cells in table.columns.items():
        if not _OUTCOME.search(name):
            continue
        said = {cell: _ended(cell) for cell in set(cells) if cell}
        if {True, False} <= set(said.values()):
            return _Outcome(table=table, column=name, happened=tuple(said.get(cell) for cell in cells))
    return None


def _ended(cell: str) -> bool | None:
    word = " ".join(re.findall(r"[^\W_]+", cell.casefold()))
    return True if word in _HAPPENED else False if word in _NOT else None


def _scoring(agent: str, settled: Sequence[_Outcome], audit: Audit) -> Readiness:
    if not settled:
        why = "no column says how records ended (won and lost, converted or not)"
        return Readiness(agent=agent, standing=Standing.NOT_SEEN, why=why)
    one = max(settled, key=lambda outcome: sum(happened is not None for happened in outcome.happened))
    cells = {name: column for name, column in one.table.columns.items() if name != one.column}
    learner = fit_score(cells, one.happened, seed=0)
    first = _worst(audit, one.table.name)
    if isinstance(learner, NothingToScore):
        return Readiness(agent=agent, standing=Standing.NOT_ENOUGH, why=learner.why, clean_first=first)
    leaks = ", ".join(leak.column for leak in learner.leaks)
    told = f"{learner.settled:,} ended records of {one.table.name}; base rate {learner.usual:.0%}"
    told += f"; left out, for they know the outcome: {leaks}" if leaks else ""
    if learner.abstains:
        why = f"{told}; what is known at the start does not tell the outcome, so it shows the base rate and abstains"
        return Readiness(agent=agent, standing=Standing.NO_SIGNAL, why=why, clean_first=first)
    standing = Standing.CLEAN_FIRST if first else Standing.ENOUGH
    stale = "; outcomes have moved lately, so scores start stale" if learner.stale else ""
    return Readiness(agent=agent, standing=standing, why=f"{told}; later records are ranked better than by chance{stale}",
                     clean_first=first)  # fmt: skip


def _triage(tables: Sequence[AuditTable], audit: Audit) -> Readiness:
    """Texts with a few labels each, and enough of each."""
    best: tuple[int, str, Counter[str], str] | None = None
    for table in tables:
        own = [one for one in audit.columns if one.table == table.name]
        texts = [one for one in own if one.shape is Shape.TEXT or one.column in ("subject", "description", "text")]
        for label in (one for one in own if one.shape is Shape.CATEGORY and _LABELS.search(one.column)):
            if texts and (best is None or label.filled > best[0]):
                best = label.filled, f"{table.name}.{label.column}", filled(table.columns[label.column]), table.name
    if best is None:
        why = "no table holds texts together with what people decided about them"
        return Readiness(agent="ticket_triage", standing=Standing.NOT_SEEN, why=why)
    count, column, values, name = best
    thin = sorted(value for value, held in values.items() if held < _FEWEST_EACH)
    why = f"{count:,} judged texts under {column}, {len(values)} values"
    first = _worst(audit, name)
    if count < _FEWEST_TEXTS or len(thin) * 2 > len(values):
        why = f"{why}; too few of most of them"
        return Readiness(agent="ticket_triage", standing=Standing.NOT_ENOUGH, why=why, clean_first=first)
    told = f"{why}; too few of {', '.join(thin[:5])}: those go to people" if thin else why
    standing = Standing.CLEAN_FIRST if first else Standing.ENOUGH
    return Readiness(agent="ticket_triage", standing=standing, why=told, clean_first=first)


def _enrichment(tables: Sequence[AuditTable], audit: Audit) -> Readiness:
    gaps = [one for one in audit.columns if _PEOPLE.search(one.column) and one.belongs_to is None and one.rows]
    missing = sum(one.rows - one.filled for one in gaps)
    if not gaps or not missing:
        why = "nothing that describes people or organisations is empty" if gaps else "no such fields are there"
        return Readiness(agent="enrichment", standing=Standing.NOT_SEEN, why=why)
    mails = any(re.search(r"(?i)mail", table.name) for table in tables)
    source = "their mails are there to read" if mails else "mails, lookups or knowledge have to state them"
    why = f"{missing:,} empty cells in what describes people and organisations ({_named(gaps)}); {source}"
    return Readiness(agent="enrichment", standing=Standing.ENOUGH, why=why)


def _named(gaps: Sequence[ColumnProfile]) -> str:
    names = [f"{one.table}.{one.column}" for one in gaps]
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")


def _activity(agent: str, tables: Sequence[AuditTable], audit: Audit) -> Readiness:
    wanted = r"(?i)(mail|call|task|activit)" if agent == "follow_up" else r"(?i)(meeting|event|calendar)"
    seen = [table for table in tables if re.search(wanted, table.name)]
    if not seen:
        what = "mails, calls or tasks" if agent == "follow_up" else "meetings"
        return Readiness(agent=agent, standing=Standing.NOT_SEEN, why=f"no table of {what} is there")
    count = sum(table.total or table.rows for table in seen)
    standing = Standing.ENOUGH if count >= _FEWEST_TEXTS else Standing.NOT_ENOUGH
    return Readiness(agent=agent, standing=standing, why=f"{count:,} records in {', '.join(table.name for table in seen)}")


def _hygiene(audit: Audit) -> Readiness:
    """It needs no history; what it would find first is what was found here."""
    found = Counter(defect.kind for defect in audit.defects)
    told = ", ".join(f"{count} {kind.value.replace('_', ' ')}" for kind, count in found.most_common()) or "nothing wrong"
    return Readiness(agent="record_hygiene", standing=Standing.ENOUGH, why=f"needs no history; found here: {told}")


def _worst(audit: Audit, table: str) -> tuple[str, ...]:
    """What to clean first for an agent that learns from a table: what concerns more than a few of its records."""
    rows = max((one.rows for one in audit.columns if one.table == table), default=0)
    kinds = (DefectKind.UNKNOWN_REFERENCE, DefectKind.OFF_LIST, DefectKind.INCOMPLETE, DefectKind.DUPLICATE,
             DefectKind.FREE_TEXT, DefectKind.MIXED_FORMATS)  # fmt: skip
    bad = [one for one in audit.defects if one.table == table and one.kind in kinds and one.records >= _MUCH * rows]
    return tuple(_told(one) for one in bad[:_WORST])


def _told(one: Defect) -> str:
    return f"{one.table}.{one.column}: {one.problem}" if one.column else f"{one.table}: {one.problem}"



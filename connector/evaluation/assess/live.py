"""A connected CRM as tables: its records are read, nothing is written, and its own lists and rules take part."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.adapter import Adapter
from connector.context.context import Context
from connector.decision.agents import AGENTS
from connector.decision.agents.hygiene_options import DEFAULTS
from connector.decision.agents.hygiene_rules import findings_of
from connector.decision.decision import Question
from connector.errors import AccessDeniedError, UnknownFieldError
from connector.evaluation.assess.audit import Progress
from connector.evaluation.assess.tables import AuditTable, Defect, DefectKind, Example
from connector.policy import Policy, parse_policy
from connector.record import (
    VOCABULARY,
    FieldKind,
    FieldName,
    FieldValue,
    ObjectSchema,
    ObjectType,
    Record,
    User,
    display,
)

OBJECTS = (
    ObjectType.ACCOUNT, ObjectType.CONTACT, ObjectType.LEAD, ObjectType.OPPORTUNITY, ObjectType.TICKET, ObjectType.EMAIL,
    ObjectType.CALL, ObjectType.TASK, ObjectType.MEETING,
)  # fmt: skip
_CHECKED = frozenset(OBJECTS[:5])
_TYPED = frozenset({FieldKind.TEXT})
_UNREAD = frozenset({FieldKind.LONG_TEXT})
_STALE = re.compile(r"nothing has happened|has been new|has passed|no active user")
_RULE = """
schema: 1
policy: assess
goal: Look at every record once.
when: {object: %s, events: [created]}
agent: record_hygiene
may: {create_task: {}}
handoff: {to: nobody}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTables:
    """What was read of one CRM, what its records themselves contradict, and what our user may not read."""

    tables: tuple[AuditTable, ...]
    defects: tuple[Defect, ...]
    denied: tuple[str, ...]


def read_live(
    adapter: Adapter, *, most: int, now: datetime, progress: Progress, never: Collection[FieldName] = ()
) -> LiveTables:
    """Up to `most` records of each object, reads only; fields that `never` leave are not even asked for."""
    tables: list[AuditTable] = []
    defects: list[Defect] = []
    denied: list[str] = []
    users = adapter.records.users()
    for object in OBJECTS:
        if object not in adapter.capabilities.objects:
            continue
        progress(object.value)
        try:
            schema = _without(adapter.records.schema(object), never)
            records = _records(adapter, schema, most)
            total = adapter.changes.count(object)
        except (AccessDeniedError, UnknownFieldError) as error:
            denied.append(f"{object}: {error.message}")
            continue
        tables.append(_table(object, schema, records, total))
        if object in _CHECKED:
            defects += _contradictions(object, schema, records, users, now)
    return LiveTables(tables=tuple(tables), defects=tuple(defects), denied=tuple(denied))


def _without(schema: ObjectSchema, never: Collection[FieldName]) -> ObjectSchema:
    return replace(schema, fields={name: field for name, field in schema.fields.items() if name not in never})


def _records(adapter: Adapter, schema: ObjectSchema, most: int) -> list[Record]:
    wanted = VOCABULARY[schema.object].keys() & schema.fields.keys()
    found: list[Record] = []
    cursor = None
    while len(found) < most:
        page = adapter.changes.sweep(schema.object, cursor, wanted)
        found += page.records
        cursor = page.cursor
        if not page.more:
            break
    return found[:most]


def _table(object: ObjectType, schema: ObjectSchema, records: Sequence[Record], total: int) -> AuditTable:
    names = [name for name in VOCABULARY[object] if name in schema.fields and schema.fields[name].kind not in _UNREAD]
    columns = {str(name): tuple(_cell(record.value(name)) for record in records) for name in names}
    closed = {
        str(name): frozenset(option.key for option in schema.fields[name].options if option.active)
        for name in names
        if schema.fields[name].kind is FieldKind.OPTION and schema.fields[name].options
    }
    free = frozenset(str(name) for name in names if schema.fields[name].kind in _TYPED and not schema.fields[name].options)
    ids = tuple(record.ref.id for record in records)
    return AuditTable(name=object.value, columns={"id": ids, **columns}, options=closed, free=free, total=total)


def _cell(value: FieldValue) -> str:
    return "" if value is None else display(value)


def _contradictions(
    object: ObjectType, schema: ObjectSchema, records: Sequence[Record], users: Sequence[User], now: datetime
) -> Iterator[Defect]:
    """What the hygiene rules find record by record, told together; off-list values are told by column already."""
    policy = parse_policy(_RULE % object.value, agents=AGENTS)
    counted: Counter[tuple[str, str]] = Counter()
    shown: defaultdict[tuple[str, str], list[Example]] = defaultdict(list)
    for record in records:
        for finding in findings_of(_question(record, schema, policy, users, now), DEFAULTS):
            column = str(finding.fields[0]) if finding.fields else ""
            key = (column, re.sub(r"\d[\d.,-]*", "…", finding.problem.partition(":")[0]))
            if "off the list" in key[1] or key[1].startswith(("is open without", "has no ")):
                continue
            counted[key] += 1
            if len(shown[key]) < 5:
                shown[key].append(Example(value=f"{record.ref.id}: {finding.problem}", records=1))
    for (column, problem), count in counted.items():
        kind = DefectKind.STALE if _STALE.search(problem) else DefectKind.CONTRADICTORY
        yield Defect(
            table=object.value, column=column or None, kind=kind, records=count, problem=f"{count:,} records: {problem}",
            examples=tuple(shown[column, problem]),
        )


def _question(record: Record, schema: ObjectSchema, policy: Policy, users: Sequence[User], now: datetime) -> Question:
    context = Context(records=(record,), schema=schema, passages=(), past=(), origins={}, now=now)
    return Question(key=str(record.ref), policy=policy, context=context, owners=tuple(users))

"""A second opinion: reads the CRM's own log and the policies as plain YAML values, and names every write out of policy.

It shares no code with gate, actions or write-back. What it knows of a CRM's spelling is written apart from the adapters.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Plain = Mapping[str, Any]
DAY = 86_400_000
_HIDING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x200E, 0x200F, 0x061C, 0xFEFF, *range(0xE0000, 0xE0080)}


class Spelling(Protocol):
    """How one CRM writes the names of tickets."""

    ticket: str
    fields: Mapping[str, str]

    def shared(self, name: str, value: object) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What may be written: the policies' words, the tickets they are about, and what people agreed to."""

    natives: Spelling
    policies: Sequence[Plain]
    tickets: Collection[str] = ()
    approved: Collection[tuple[str, str, str]] = ()  # ticket, field, value
    owners: Mapping[str, str] = field(default_factory=dict)  # owner id → name as a policy writes it
    categories: Collection[str] = ()  # the options the CRM itself has


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task of ours as people see it."""

    subject: str
    body: str
    owner: str


def out_of_policy(lines: Sequence[Any], scope: Scope) -> list[str]:
    """Every effective write of our own user that no policy allows; empty is what we promise."""
    found: list[str] = []
    counted: Counter[tuple[str, int]] = Counter()
    for line in lines:
        if line.kind != "write" or line.actor != "agent":
            continue
        found += [f"{line.record} {line.field}={str(line.after)[:60]!r}: {why}" for why in _reasons(line, scope)]
        counted[str(line.record), line.time // DAY] += 1
    most = max((int(policy["limits"]["writes_per_record_per_day"]) for policy in scope.policies), default=0)
    most *= len(scope.policies)
    found += [f"{record}: {times} writes in a day" for (record, _), times in counted.items() if times > 2 * most]
    return found


def _reasons(line: Any, scope: Scope) -> Iterator[str]:
    kind, _, row = str(line.record or "").partition("/")
    if line.field and line.field.startswith("association:"):
        yield from _linked(line, scope)
    elif line.field in ("task", "note"):
        yield from _hung(line, row, scope)
    elif line.field in ("deleted", "merged_into"):
        yield "records are not deleted or merged"
    elif kind != scope.natives.ticket:
        yield "another object"
    elif row not in scope.tickets:
        yield "another record"
    else:
        yield from _field(line, row, scope)


def _linked(line: Any, scope: Scope) -> Iterator[str]:
    """Links are made with the tasks and notes that hang on a ticket of ours, and nowhere else."""
    if line.field != f"association:{scope.natives.ticket}" or str(line.after) not in scope.tickets:
        yield "a link to somewhere else"


def _hung(line: Any, row: str, scope: Scope) -> Iterator[str]:
    granted = [policy for policy in scope.policies if f"create_{line.field}" in policy["may"]]
    if not granted:
        yield f"no policy lets us make a {line.field}"
    if row not in scope.tickets:
        yield "it hangs on another record"
    yield from _text(str(line.after), 64_000)


def bent_tasks(tasks: Sequence[Task], scope: Scope) -> list[str]:
    """Tasks whose words or owner no policy gives."""
    granted = [policy["may"].get("create_task") or {} for policy in scope.policies if "create_task" in policy["may"]]
    found = []
    for task in tasks:
        if not any(task.subject.startswith(str(grant.get("subject", ""))) for grant in granted):
            found.append(f"task {task.subject[:60]!r}: its subject is not the policy's")
        named = {name for grant in granted for name in grant.get("assign", ())}
        if named and task.owner and scope.owners.get(task.owner) not in named:
            found.append(f"task {task.subject[:60]!r}: its owner is not the policy's")
        found += [f"task {task.subject[:60]!r}: {why}" for text in (task.subject, task.body) for why in _text(text, 33_000)]
    return found


def _field(line: Any, row: str, scope: Scope) -> Iterator[str]:
    name = next((shared for shared, native in scope.natives.fields.items() if native == line.field), line.field)
    value = scope.natives.shared(name, line.after)
    grants = [rule or {} for policy in scope.policies for at, rule in policy["may"].get("update", {}).items() if at == name]
    if not grants:
        yield "no policy names this field"
    for rule in grants:
        if "options" in rule and value not in rule["options"] and scope.owners.get(str(value)) not in rule["options"]:
            yield "not an option of the policy"
        if name == "category" and "options" not in rule and line.after not in scope.categories:
            yield "not an option of the CRM"
        if rule.get("approval") == "always" and (row, name, str(value)) not in scope.approved:
            yield "nobody agreed to it"
        if "max_length" in rule and len(str(line.after)) > int(rule["max_length"]):
            yield "longer than the policy allows"
        if rule.get("needs") == "staff" and (row, name, str(value)) not in scope.approved:
            yield "it rests on outsiders' words alone"
    yield from _text(str(line.after), 64_000)


def _text(text: str, most: int) -> Iterator[str]:
    if len(text) > most:
        yield "too long for anybody to read"
    if any(ord(one) in _HIDING or unicodedata.category(one) == "Cs" for one in text):
        yield "holds characters nobody can see"

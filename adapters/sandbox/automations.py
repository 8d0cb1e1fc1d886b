"""Peer automations inside the org: flows, triggers and workflows that rewrite values after a write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.sandbox.rows import Actor, Row, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A write that has just been stored: the row, what it was, and what changed."""

    row: Row
    before: Row | None
    changed: frozenset[str]
    actor: Actor
    request: str | None


Automation = Callable[[Written], Mapping[str, Value]]
"""Gives the values it wants rewritten (empty: none). It is not run for writes of automations."""


def rewrite_when(
    object_name: str, field: str, rewritten: Callable[[Row], Mapping[str, Value]], *, on_create: bool = False
) -> Automation:
    """An automation that fires when one field of one object was written."""

    def run(written: Written) -> Mapping[str, Value]:
        if written.row.object != object_name or field not in written.changed:
            return {}
        if written.before is None and not on_create:
            return {}
        return rewritten(written.row)

    return run

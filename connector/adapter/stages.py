"""How long records stood in each stage of a pipeline, as the CRM's own history tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from connector.record import RecordRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One stay of a record in a stage, under the stage's shared name; `left` is None while it stands there."""

    stage: str
    entered: datetime
    left: datetime | None = None


@runtime_checkable
class StageHistory(Protocol):
    """A CRM that keeps when records changed their stage; an adapter MAY be one."""

    def stays(self, refs: Sequence[RecordRef]) -> Mapping[RecordRef, tuple[Stay, ...]]:
        """The stays of opportunities, oldest first; a record whose past is not kept has none.

        MAY raise what a reader raises.
        """
        ...


def stays_of(entries: Iterable[tuple[datetime, object]]) -> tuple[Stay, ...]:
    """Stays from what a stage was set to and when, oldest first; the same stage set again is no new stay."""
    stays: list[Stay] = []
    for at, stage in entries:
        if stays and stays[-1].left is None:
            if stays[-1].stage == stage:
                continue
            stays[-1] = Stay(stage=stays[-1].stage, entered=stays[-1].entered, left=at)
        if isinstance(stage, str) and stage:
            stays.append(Stay(stage=stage, entered=at))
    return tuple(stays)

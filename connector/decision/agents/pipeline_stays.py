"""Time in stage against the organisation's own deals that ended: 3 of 4 won deals left the stage within so many days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from connector.context.stays import ENOUGH, StageStays
from connector.decision.agents.pipeline_options import STAGE
from connector.decision.decision import Question
from connector.record import FieldName, display

STAGE_CHANGED = FieldName("stage_changed")
_USUAL, _SLOW = 0.75, 0.9  # of won deals: told as usual; slower than this is in doubt
_FAR = 2  # times as long as slow is bad
_SOONEST = 3  # days: what is slow in a stage that takes hours is no news for a daily look


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A deal's time in its stage beside that of deals that ended: `told` says what was found, or why nothing was."""

    told: str = ""
    slow: bool = False
    far: bool = False


def in_stage_since(question: Question) -> datetime | None:
    """Since when a deal stands in its stage; since it was opened where the stage never changed."""
    record = question.context.record
    since = record.value(STAGE_CHANGED)
    return since if isinstance(since, datetime) else record.created_at if since is None else None


def days_in_stage(question: Question) -> int | None:
    since = in_stage_since(question)
    return (question.context.now - since).days if since is not None else None


def compared(question: Question) -> Compared:
    """Whether a deal stands in its stage longer than deals that were won did."""
    days, stays = days_in_stage(question), question.context.stays
    if days is None or stays is None:
        return Compared()
    stage, kind = display(question.context.record.value(STAGE)), f"{'similar ' if stays.alike else ''}won deals"
    if len(stays.won) < ENOUGH:
        return Compared(told=f"time in {stage} is not compared: {len(stays.won)} {kind} left it, {ENOUGH} are needed")
    usual, slow, longest = _within(stays.won, _USUAL), _within(stays.won, _SLOW), stays.won[-1]
    if _tells_nothing(stays, slow):
        return Compared(told=f"time in {stage} is not compared: deals that were lost stood there no longer than won ones")
    measure = f"3 of 4 {kind} left it within {_days(usual)}, the slowest of {len(stays.won)} after {longest}"
    told = f"{_days(days)} in {stage}; {measure}"
    return Compared(
        told=told, slow=days > max(slow, _SOONEST), far=days > max(longest, _FAR * max(slow, _SOONEST))
    )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _within(days: Sequence[int], share: float) -> int:
    """Within how many days so large a share of the stays was over."""
    return days[ceil(share * len(days)) - 1]


def _tells_nothing(stays: StageStays, slow: int) -> bool:
    """Whether lost deals, where there are enough, were slow no more often than won ones."""
    def share(days: Sequence[int]) -> float:
        return sum(one > slow for one in days) / len(days)

    return len(stays.lost) >= ENOUGH and share(stays.lost) <= share(stays.won)

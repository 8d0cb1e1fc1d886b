"""What a policy may say beside `use: follow_up`: the cadence, how long silence may last, the channels, the texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from itertools import pairwise

from connector.policy import Duration, Section
from connector.policy.durations import parse_duration

MOST_TOUCHES = 5
_PAUSES = (Duration(business_days=2), Duration(business_days=5))
_SOON, _LONG = Duration(business_days=1), Duration(business_days=10)
_NAME = re.compile(r"\{([^{}]*)\}")


class Channel(StrEnum):
    """How a customer is reached. LinkedIn is a task for a person, with the text to send."""

    EMAIL = "email"
    CALL = "call"
    LINKEDIN = "linkedin"


class Occasion(StrEnum):
    """Why a follow-up is due."""

    REQUEST = "request"  # the customer asked and nobody answered
    INTEREST = "interest"  # the customer looked at something
    FIRST = "first"  # nobody was in touch yet
    AGAIN = "again"  # our last touch got no reply
    SILENCE = "silence"  # the conversation stopped


BLANKS = frozenset({"first_name", "last_name", "company", "deal", "stage", "quote", "resource", "sender"})
"""What a text may leave blank; a blank is filled from the record's own values or the text is not used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpOptions:
    """How one policy follows up. `cadence` holds the pause before each further touch, and ends the sequence."""

    cadence: tuple[Duration, ...] = _PAUSES
    answer_within: Duration = _SOON
    silent_for: Duration = _LONG
    stages: Mapping[str, Duration] = field(default_factory=dict)
    channels: tuple[Channel, ...] = tuple(Channel)
    opens: time = time(9)
    closes: time = time(17)
    templates: Mapping[str, str] = field(default_factory=dict)


def read_options(section: Section) -> FollowUpOptions:
    usual = FollowUpOptions()
    stages = section.section("stages")
    options = FollowUpOptions(
        cadence=_cadence(section) or usual.cadence,
        answer_within=section.duration("answer_within", default=usual.answer_within),
        silent_for=section.duration("silent_for", default=usual.silent_for),
        stages={name: stages.duration(name) for name in stages.words_in_order()},
        channels=section.words("channels", Channel) or usual.channels,
        opens=section.parsed("opens", _time_of_day, default=usual.opens),
        closes=section.parsed("closes", _time_of_day, default=usual.closes),
        templates=_templates(section.section("templates")),
    )
    if options.opens >= options.closes:
        section.wrong("closes", "is not after `opens`")
    return options


def _cadence(section: Section) -> tuple[Duration, ...]:
    pauses: list[Duration] = []
    for text in section.texts("cadence"):
        try:
            pauses.append(parse_duration(text))
        except ValueError as problem:
            section.wrong("cadence", str(problem))
    if len(pauses) > MOST_TOUCHES:
        section.wrong("cadence", f"{len(pauses)} further touches are too many: at most {MOST_TOUCHES}")
    if any(_days(after) < _days(before) for before, after in pairwise(pauses)):
        section.wrong("cadence", "each pause is at least as long as the one before")
    return tuple(pauses)


def _days(pause: Duration) -> float:
    """About how long a pause is; five business days are a week."""
    return pause.business_days * 1.4 or pause.span.total_seconds() / 86_400


def _templates(section: Section) -> Mapping[str, str]:
    known = [occasion.value for occasion in Occasion]
    found: dict[str, str] = {}
    for name in section.words_in_order():
        if name not in known:
            section.wrong(name, f"is no occasion: {', '.join(known)}")
            continue
        found[name] = section.text(name)
        unknown = sorted({blank for blank in _NAME.findall(found[name]) if blank not in BLANKS})
        if unknown:
            section.wrong(name, f"leaves {', '.join(unknown)} blank; it may leave {', '.join(sorted(BLANKS))}")
    return found


def filled(template: str, values: Mapping[str, str]) -> str | None:
    """The text with every blank filled from `values`; None where one of them is not known."""
    if any(not values.get(blank) for blank in _NAME.findall(template)):
        return None
    return _NAME.sub(lambda blank: values[blank[1]], template)


def _time_of_day(text: str) -> time:
    written = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if not written:
        raise ValueError(f"`{text}` is not a time of day: write it like 09:00")
    return time(int(written[1]), int(written[2]))

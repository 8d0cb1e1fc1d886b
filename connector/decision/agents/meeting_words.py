"""Who said what in a transcript, and who is meant by a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.context.context import Citation
from connector.context.reachable import PEOPLE
from connector.decision.decision import Question
from connector.decision.sentences import sentences
from connector.decision.touches import cited
from connector.record import FieldName, ObjectType, Record, User

NEAR = 88.0  # how alike a name must be, of 100
_LINE = re.compile(
    r"^[ \t]*(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?[\])]?[ \t]*)?(?P<speaker>[^\W\d_][\w.'’ -]{0,60}?)"
    r"[ \t]*(?:\([^)\n]{0,60}\))?[ \t]*(?:\[?\d{1,2}:\d{2}(?::\d{2})?\]?)?:[ \t]+(?P<said>\S.*)$",
    re.MULTILINE,
)
_FIRST, _LAST = FieldName("first_name"), FieldName("last_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One sentence of one speaker, with its place in the context."""

    speaker: str
    turn: int
    citation: Citation

    @property
    def text(self) -> str:
        return self.citation.quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Whom a name means: a colleague, or somebody on the other side."""

    name: str
    user: User | None


def said_in(question: Question) -> Iterator[Said]:
    """The sentences of the record's own text, speaker by speaker; lines without a speaker are nobody's."""
    own = question.context.record.ref
    for number, passage in enumerate(question.context.passages):
        if passage.ref != own or not passage.source.endswith(".body"):
            continue
        for turn, line in enumerate(_LINE.finditer(passage.text)):
            for sentence in sentences(line["said"]):
                yield Said(speaker=line["speaker"].strip(), turn=turn, citation=cited(question.context, number, sentence))


def known_people(question: Question) -> tuple[Somebody, ...]:
    """Colleagues first, then the contacts around the record."""
    colleagues = [Somebody(name=user.name, user=user) for user in question.owners if user.active and not user.is_queue]
    others = (
        Somebody(name=_full_name(question.context.records[place]), user=None)
        for kind in PEOPLE
        for place in question.context.related.get(kind, ())
    )
    return (*colleagues, *(other for other in others if other.name))


def whom(name: str, people: Sequence[Somebody]) -> Somebody | None:
    """The one person a name means: the whole name nearly, or a first name that only one has; else nobody."""
    from rapidfuzz import fuzz, utils

    wanted = utils.default_process(name)
    if not wanted:
        return None
    near = [one for one in people if fuzz.token_sort_ratio(name, one.name, processor=utils.default_process) >= NEAR]
    if not near and " " not in wanted:
        near = [one for one in people if wanted in utils.default_process(one.name).split()]
    return near[0] if len(near) == 1 else None


def addressed(sentence: str, people: Sequence[Somebody]) -> Somebody | None:
    """Whom a sentence speaks to by name, at its beginning or its end."""
    start = re.match(r"(?:(?:and|so|und|also|okay|ok|hey)[ ,]+)?([^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+)?),", sentence)
    end = re.search(r", ([^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+)?)[?.!]?$", sentence)
    found = (whom(match[1], people) for match in (start, end) if match is not None)
    return next((one for one in found if one is not None), None)


def owner_user(question: Question) -> User | None:
    """The colleague who owns the record."""
    owner = question.context.record.value(FieldName("owner"))
    return next((user for user in question.owners if user.owner_id == owner), None)


def _full_name(record: Record) -> str:
    if record.ref.object not in (ObjectType.CONTACT, ObjectType.LEAD):
        return ""
    return " ".join(part for part in (record.value(_FIRST), record.value(_LAST)) if isinstance(part, str) and part)

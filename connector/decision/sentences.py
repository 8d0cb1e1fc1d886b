"""Sentences of mails and transcripts: cut verbatim, and whether one asks for something or promises it.

The signs are closed lists for English and German: what they do not know is not taken for a request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

REACH = 20_000  # characters of one text that are looked at
_LONGEST = 400
_END = re.compile(r"(?<=[.!?？])[\"”')\]]*\s+(?=\S)|\n+")
_ABBREVIATED = re.compile(
    r"\b(?:mr|mrs|ms|dr|prof|st|no|nr|vs|etc|approx|inc|ltd|z\.b|d\.h|u\.a|bzw|ca|evtl|ggf|e\.g"
r"|i\.e|\d{1,2})\.$", re.IGNORECASE
)

_ASKS = re.compile(
    r"\b(?:can|could|would|will) (?:you|someone|anyone|somebody)\b"
    r"|\bplease (?!find|see|note|accept|feel|disregard|be advised)\w+"
    r"|\b(?:let|keep) (?:me|us) (?:know|posted|updated)\b|\bget back to (?:me|us)\b"
    r"|\b(?:send|give|show|tell|call|email|forward|share with) (?:me|us)\b"
    r"|\b(?:i|we) (?:would|['’]d) (?:like|need|appreciate|love) |\b(?:i|we) (?:need|want|request|require) (?:to|a|an"
    r"|the|your|more)\b"
    r"|\b(?:waiting|wait) for (?:your|the|a|an)\b|\bany (?:news|update|word)\b"
    r"|\b(?:is|are|was|were|do|does|did|when|what|which|how|where|who|why) [^.!\n]{2,200}\?"
    r"|\bbitte(?! finden| beachten)\b|\b(?:können|könnten|würden|werden) (?:sie|wir)\b|\b(?:kannst|könntest) du\b"
    r"|\b(?:könnt|könntet) ihr\b"
    r"|\b(?:ich|wir) (?:brauche|brauchen|bräuchte|bräuchten|benötige|benötigen|bitte|bitten|hätte|hätten|warte|warten"
    r"|möchte|möchten)\b"
    r"|\b(?:schicken|senden|geben|rufen|sagen) sie (?:mir|uns|mich)\b|\b(?:gibt|gäbe) es\b[^.!\n]{2,200}\?"
    r"|\b(?:wann|was|welche[rsn]?|wie|wo|wer|warum)\b[^.!\n]{2,200}\?",
    re.IGNORECASE,
)
_PROMISES = re.compile(
    r"\b(?:i|we)(?: will|['’]ll|['’]m going to|['’]re going to| am going to| are going to| can do that| promise to| shall)\b"
    r"(?! (?:see|think about|be honest|say|assume|admit|not|never|have to see|let you go))"
    r"|\blet me (?:send|check|share|find|get|put|forward|draft|prepare|schedule|set|follow|look|ask|confirm)\b"
    r"|\b(?:i|we) (?:promised|agreed) to\b|\byou(?:['’]ll| will) (?:get|have|receive)\b"
    r"|\b(?:ich|wir) (?:werde|werden|schicke|schicken|sende|senden|kümmere|kümmern|melde|melden|bereite|bereiten"
    r"|prüfe|prüfen|"
    r"kläre|klären|liefere|liefern|erstelle|erstellen|übernehme|übernehmen|stelle|stellen|frage|fragen|rufe|rufen"
    r"|mache|machen)\b"
    r"(?! (?:sehen|nicht))"
    r"|\b(?:sende|schicke|kläre|prüfe|erstelle|liefere|übernehme) ich\b",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"\b(?:maybe|perhaps|might|not sure|we['’]ll see|if (?:we|i) (?:can|could|find)|hopefully|someday|at some point"
    r"|vielleicht|"
    r"mal sehen|eventuell|irgendwann|hoffentlich|unter umständen)\b",
    re.IGNORECASE,
)
_MEETING = re.compile(
    r"\b(?:meet|meeting|call|demo|appointment|catch up|talk|speak|chat|workshop|termin|gespräch|telefonat|treffen|"
    r"vorführung|besprechung|sprechen|telefonieren)\b",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:schedule|arrange|set up|book|find (?:a|some) time|when|availab\w*|free|slot|next week|this week|tomorrow"
    r"|could we|"
    r"can we|shall we|let['’]?s|vereinbaren|ausmachen|wann|verfügbar|zeit|nächste woche|diese woche|morgen|können wir|"
    r"könnten wir|lassen sie uns)\b",
    re.IGNORECASE,
)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text in order, each standing in it character by character."""
    start, text = 0, text[:REACH]
    for found in _END.finditer(text):
        if "\n" not in found.group() and _ABBREVIATED.search(text[start : found.start()]):
            continue
        yield from _kept(text[start : found.start()])
        start = found.end()
    yield from _kept(text[start:])


def _kept(piece: str) -> Iterator[str]:
    trimmed = piece.strip()
    if trimmed and len(trimmed) <= _LONGEST:
        yield trimmed


def asks(sentence: str) -> bool:
    """Whether a sentence asks its reader for something."""
    return bool(_ASKS.search(sentence))


def promises(sentence: str) -> bool:
    """Whether the one who says it takes something on."""
    return bool(_PROMISES.search(sentence))


def hedged(sentence: str) -> bool:
    """Whether it leaves open that anything happens."""
    return bool(_UNSURE.search(sentence))


def asks_to_meet(sentence: str) -> bool:
    """Whether it asks for a meeting or a call."""
    return bool(_MEETING.search(sentence) and _PLAN.search(sentence) and (asks(sentence) or "?" in sentence))

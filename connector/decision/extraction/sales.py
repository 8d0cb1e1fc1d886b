"""What mails and notes say of a deal: when it closes, for how much, against whom, who decides, what comes next.

A sentence counts when it names the subject and exactly one value. Doubt, negation and two values are silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from connector.decision.extraction.amounts import amounts_of
from connector.decision.extraction.dates import days_of, sentences_of
from connector.decision.extraction.mail import own_lines


class Subject(StrEnum):
    """What a sentence can say of a deal."""

    NEXT_STEP = "next_step"
    CLOSE_DATE = "close_date"
    AMOUNT = "amount"
    COMPETITOR = "competitor"
    ROLE = "role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing a sentence says, with the sentence as its quote."""

    subject: Subject
    value: str | date | Decimal
    quote: str
    confidence: float
    currency: str | None = None


_CLOSING = re.compile(
    r"\b(sign(s|ing)?|signature|contract|clos(e|es|ing)|go[- ]live|place (the|our|an) order|purchase order|po|"
    r"decision|decide|"
    r"commission|unterschr\w*|unterzeichn\w*|vertrag\w*|bestell\w*|beauftrag\w*|entscheid\w*|abschluss|abschließen)\b",
    re.IGNORECASE,
)
_SURELY_CLOSING = re.compile(
    r"\b(will|we'll|plan to|going to|agreed to|expect to|werden|wollen|planen)\b.{0,60}\b(sign|close|order|unterschreiben|"
    r"unterzeichnen|bestellen|beauftragen|abschließen)|(expected|planned|target) (close|closing|signature)|"
    r"close date:|abschluss:",
    re.IGNORECASE,
)
_OTHER_DAY = re.compile(
    r"\b(meeting|call|demo|workshop|termin|besprechung|invoice|rechnung|delivery|deliver|lieferung|geliefert|vacation|urlaub|"
    r"holiday|birthday|geburtstag|trial|expires?|läuft ab|expired|since|seit|last|signed on|nda|unterschrieben am)\b",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(not|no longer|n't|cannot|never|might|may|could|maybe|perhaps|if|unless|whether|would|hope|earliest|"
    r"before|nicht|kein\w*|"
    r"vielleicht|eventuell|falls|wenn|sofern|ob|könnte\w*|würde\w*|hoffen|frühestens|vor)\b|n't\b|\?",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"\b(budget|total|price|order value|deal|contract value|volume|quote|offer|proposal|amounts? to|worth|"
    r"gesamt\w*|preis|angebot\w*|"
    r"auftragswert|auftragssumme|summe|volumen|kosten)\b",
    re.IGNORECASE,
)
_SURELY_MONEY = re.compile(
    r"\b(budget|order value|contract value|total|auftragswert|auftragssumme|gesamtpreis|gesamtsumme|approved|"
    r"freigegeben|amount:|"
    r"betrag:|summe:)",
    re.IGNORECASE,
)
_OTHER_MONEY = re.compile(
    r"\b(discount|rabatt|per (user|seat|month|year|unit|head|day|hour)|pro (nutzer|monat|jahr|stück|tag|stunde)|"
    r"monthly|monatlich|"
    r"yearly|jährlich|each|je|fee|gebühr\w*|invoice|rechnung|shipping|versand|vat|mwst|penalty|refund|salary|gehalt|revenue|umsatz|"
    r"instead of|statt|was|war|save|sparen|cheaper|günstiger|competitor\w*|wettbewerb\w*|least|"
    r"mindestens|most|maximal|"
    r"up to|bis zu|over|über|under|unter|around|about|circa|ca|etwa|rund|roughly)\b|/(month|monat|user)",
    re.IGNORECASE,
)
_RIVAL = re.compile(
    r"(?i:\b(?:also (?:talking|speaking) (?:to|with)|in talks with|compar(?:ed|ing)(?: you| it| this)? (?:to|"
    r"with)|(?:an |the )?offer "
    r"from|(?:an |the )?quote from|switching from|competitor is|competing with|versus|angebot von|"
    r"vergleichen (?:sie |es |das )?mit|"
    r"sprechen auch mit|wettbewerber ist|im vergleich zu|wechseln von) )((?:[A-Z][\w&.-]{1,30})(?: [A-Z][\w&.-]{1,30}){0,2})"
)
_LABELLED_STEP = re.compile(
    r"(?i)(?:next steps?|nächster schritt|nächste schritte|todo|to do|action)[ ]?[:–-][ ]*(\S.{3,250})"
)
_PROMISED = re.compile(
    r"(?i)^(?:(?:ok|great|thanks|gut|danke)[,.! ]+)?(?:(?:i|we)(?:'ll| will) (?:send|call|prepare|schedule|"
    r"set up|share|arrange|book|draft|get back)|"
    r"(?:ich|wir) (?:schicke|schicken|sende|senden|melde|melden|rufe|rufen|bereite|bereiten|erstelle|erstellen|"
    r"vereinbare|vereinbaren)|"
    r"please (?:send|call|prepare|schedule|share|book)|bitte (?:schicken|senden|rufen|erstellen) sie)\b.{3,200}"
)
_ROLES = re.compile(
    r"(?P<name>[A-ZÄÖÜ][\w'-]{1,25}(?: (?:van|von|de|der))?(?: [A-ZÄÖÜ][\w'-]{1,25})) ?(?:,|\(|is|ist|will be|"
    r"wird) ?(?:our |the |unser |unsere "
    r"|der |die )?(?P<role>(?i:decision[- ]maker|budget (?:owner|holder)|economic buyer|champion|sponsor|"
    r"project lead|procurement "
    r"lead|head of \w+|c[efiot]o|entscheider(?:in)?|budgetverantwortliche(?:r)?|projektleiter(?:in)?|einkaufsleiter(?:in)?|"
    r"geschäftsführer(?:in)?))"
)


def statements_of(
    text: str, written: date, *, day_first: bool | None = None, rivals: Sequence[str] = ()
) -> tuple[Statement, ...]:
    """Everything a mail or note says of a deal, in reading order; quoted mails below a reply are not read again."""
    found: list[Statement] = []
    for sentence in sentences_of(own_lines(text)):
        quote = sentence[:300]
        found += [
            *_next_step(quote), *_close_date(quote, written, day_first), *_amount(quote), *_competitor(quote, rivals),
            *_role(quote),
        ]
    return tuple(found)


def _close_date(quote: str, written: date, day_first: bool | None) -> Iterator[Statement]:
    if not _CLOSING.search(quote) or _DOUBT.search(quote) or _OTHER_DAY.search(quote):
        return
    days = days_of(quote, written, day_first=day_first)
    if len({named.day for named in days}) == 1 and days[0].day >= written:
        sure = (0.92 if _SURELY_CLOSING.search(quote) else 0.75) - (0.0 if days[0].exact else 0.2)
        yield Statement(subject=Subject.CLOSE_DATE, value=days[0].day, quote=quote, confidence=sure)


def _amount(quote: str) -> Iterator[Statement]:
    if not _MONEY.search(quote) or _DOUBT.search(quote) or _OTHER_MONEY.search(quote):
        return
    sums = amounts_of(quote)
    if len({(one.value, one.currency) for one in sums}) == 1 and sums[0].value >= 10:
        sure = 0.92 if _SURELY_MONEY.search(quote) else 0.75
        yield Statement(
            subject=Subject.AMOUNT, value=sums[0].value, quote=quote, confidence=sure, currency=sums[0].currency
        )


def _competitor(quote: str, rivals: Sequence[str]) -> Iterator[Statement]:
    """A name the policy lists is sure; one that a phrase introduces is likely."""
    folded = quote.casefold()
    listed = [name for name in rivals if re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", folded)]
    if listed:
        yield from (Statement(subject=Subject.COMPETITOR, value=name, quote=quote, confidence=0.95) for name in listed)
    elif introduced := _RIVAL.search(quote):
        yield Statement(subject=Subject.COMPETITOR, value=introduced[1].rstrip(".,"), quote=quote, confidence=0.7)


def _next_step(quote: str) -> Iterator[Statement]:
    labelled = _LABELLED_STEP.search(quote)
    if labelled:
        yield Statement(subject=Subject.NEXT_STEP, value=labelled[1].strip(), quote=quote, confidence=0.93)
    elif promised := _PROMISED.match(quote):
        yield Statement(subject=Subject.NEXT_STEP, value=promised.group().strip(), quote=quote, confidence=0.7)


def _role(quote: str) -> Iterator[Statement]:
    for named in _ROLES.finditer(quote):
        who = f"{named['name']}: {named['role']}"
        yield Statement(subject=Subject.ROLE, value=who, quote=quote, confidence=0.8)

"""The shipped texts of follow-ups, in English and German, and which language a customer is written in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connector.decision.agents.follow_options import Occasion

_GERMAN = re.compile(
    r"\b(?:und|oder|nicht|ist|sind|wir|ich|sie|ihre?n?|bitte|danke|können|könnten|haben|wird|mit|für|eine?n?|der|die"
    r"|das|dem|"
    r"freundlichen|grüßen|guten)\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    r"\b(?:and|or|not|is|are|we|you|your|please|thanks?|could|can|have|will|with|for|an?|the|this|that|regards|dear"
    r"|hello)\b",
    re.IGNORECASE,
)

_ENGLISH_TEXTS: Mapping[Occasion, str] = {
    Occasion.REQUEST: "Hello {first_name},\n\nthank you for your message. You wrote:\n\n“{quote}”\n\nI am looking"
    " into it and"
    " will get back to you with an answer.\n\nBest regards\n{sender}",
    Occasion.INTEREST: "Hello {first_name},\n\nI hope what you find with us is useful. If a question comes up for {company},"
    " just reply to this mail.\n\nBest regards\n{sender}",
    Occasion.FIRST: "Hello {first_name},\n\nthank you for your interest. What matters most to {company} at the moment?"
    " A short reply is enough for me to point you to the right thing.\n\nBest regards\n{sender}",
    Occasion.AGAIN: "Hello {first_name},\n\nI would like to come back to my last message. Is this still of interest to"
    " {company}? If the timing is wrong, a word is enough and I will not ask again.\n\nBest regards\n{sender}",
    Occasion.SILENCE: "Hello {first_name},\n\nwe have not spoken for a while. Where do things stand on your side, and"
    " is there"
    " anything I can do to help?\n\nBest regards\n{sender}",
}
_GERMAN_TEXTS: Mapping[Occasion, str] = {
    Occasion.REQUEST: "Guten Tag {first_name} {last_name},\n\nvielen Dank für Ihre Nachricht. Sie"
    " schrieben:\n\n„{quote}“\n\n"
    "Ich kümmere mich darum und melde mich mit einer Antwort.\n\nMit freundlichen Grüßen\n{sender}",
    Occasion.INTEREST: "Guten Tag {first_name} {last_name},\n\nich hoffe, was Sie bei uns finden, hilft Ihnen weiter."
    " Wenn bei"
    " {company} eine Frage auftaucht, antworten Sie einfach auf diese Mail.\n\nMit freundlichen Grüßen\n{sender}",
    Occasion.FIRST: "Guten Tag {first_name} {last_name},\n\nvielen Dank für Ihr Interesse. Was ist für {company} gerade am"
    " wichtigsten? Eine kurze Antwort genügt.\n\nMit freundlichen Grüßen\n{sender}",
    Occasion.AGAIN: "Guten Tag {first_name} {last_name},\n\nich komme noch einmal auf meine letzte Nachricht zurück. Ist das"
    " Thema für {company} noch aktuell? Wenn es gerade nicht passt, genügt ein Wort.\n\nMit freundlichen Grüßen\n{sender}",
    Occasion.SILENCE: "Guten Tag {first_name} {last_name},\n\nwir haben länger nicht gesprochen. Wie ist der Stand"
    " bei Ihnen,"
    " und kann ich etwas beitragen?\n\nMit freundlichen Grüßen\n{sender}",
}  # fmt: skip
_RESOURCE = ("\n\nThis may help:\n\n“{resource}”", "\n\nVielleicht hilft das:\n\n„{resource}“")
_SUBJECTS = {
    Occasion.REQUEST: ("Your question", "Ihre Frage"), Occasion.INTEREST: ("Can I help?", "Kann ich helfen?"),
    Occasion.FIRST: ("Your enquiry", "Ihre Anfrage"), Occasion.AGAIN: ("My last message", "Meine letzte Nachricht"),
    Occasion.SILENCE: ("Where do things stand?", "Wie ist der Stand?"),
}  # fmt: skip


def speaks_german(text: str) -> bool:
    """Whether a text is rather German than English; a text of neither counts as English."""
    return len(_GERMAN.findall(text[:4_000])) > len(_ENGLISH.findall(text[:4_000]))


def shipped_text(occasion: Occasion, *, german: bool, resource: bool) -> str:
    """The text for an occasion; with a resource it quotes what the knowledge says before the greeting."""
    text = (_GERMAN_TEXTS if german else _ENGLISH_TEXTS)[occasion]
    if not resource:
        return text
    body, gap, greeting = text.rpartition("\n\n")
    return f"{body}{_RESOURCE[german]}{gap}{greeting}"


def shipped_subject(occasion: Occasion, *, german: bool) -> str:
    return _SUBJECTS[occasion][german]

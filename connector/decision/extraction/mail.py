"""An e-mail taken apart: the words its sender wrote, and the block in which they say who they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

REACH = 20_000  # characters of a mail that are read at all
LINE_REACH = 300
SIGNATURE_LINES = 14

# A reply carries the other side's words below one of these lines.
_QUOTED = re.compile(
    r"[ \t]*(>|-{2,}[ \t]*(original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht)"
    r"|on .{5,120} wrote:|am .{5,120} schrieb|le .{5,120} a écrit|(from|von|de)[ \t]?:[ \t]*\S)",
    re.IGNORECASE,
)
_RULE = re.compile(r"[ \t]*(-{2,3}|_{2,})[ \t]*")
_CLOSINGS = (
    "best", "best regards", "kind regards", "regards", "warm regards", "many thanks", "thanks", "thank you", "cheers",
    "sincerely", "yours", "yours sincerely", "all the best", "mit freundlichen grüßen", "mit freundlichen gruessen",
    "freundliche grüße", "viele grüße", "beste grüße", "liebe grüße", "herzliche grüße", "mfg", "vg", "gruß", "grüße",
    "cordialement", "bien cordialement", "saludos", "un saludo", "atentamente", "cordiali saluti", "distinti saluti",
    "met vriendelijke groet", "groeten", "atenciosamente", "z poważaniem", "med vänliga hälsningar",
)  # fmt: skip
_CLOSING = frozenset(closing.casefold() for closing in _CLOSINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The lines below a closing or a rule. `marked` is false where only their place at the end suggests it."""

    lines: tuple[str, ...]
    marked: bool


def lines_of(text: str, reach: int = REACH) -> list[str]:
    """The first lines of a text, each cut to a length that any rule reads quickly."""
    return [line[:LINE_REACH] for line in text[:reach].splitlines()]


def own_lines(text: str) -> list[str]:
    """What the sender wrote: everything above the first quoted line."""
    kept: list[str] = []
    for line in lines_of(text):
        if _QUOTED.match(line):
            break
        kept.append(line)
    return kept


def signature_of(text: str) -> Signature:
    """The sender's signature; empty where the mail has none."""
    own = own_lines(text)
    start, marked = _start(own)
    block = [line.strip() for line in own[start:] if line.strip()]
    return Signature(lines=tuple(block[:SIGNATURE_LINES]), marked=marked)


def _start(lines: Sequence[str]) -> tuple[int, bool]:
    """Where the block begins: below the last rule, else below the last closing, else the last lines of the mail."""
    for number in range(len(lines) - 1, -1, -1):
        if _RULE.fullmatch(lines[number]) and number:
            return number + 1, True
    for number in range(len(lines) - 1, -1, -1):
        if _closes(lines[number]):
            return number + 1, True
    filled = [number for number, line in enumerate(lines) if line.strip()]
    return (filled[-6] if len(filled) > 6 else len(lines)), False


def _closes(line: str) -> bool:
    return line.strip().rstrip("!,. ").casefold() in _CLOSING

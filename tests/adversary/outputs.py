"""The worst a model can say: texts aimed at every joint between its answer and the CRM, drawn from a seed.

Each attack knows the schema and the policy. What it returns is sent as it is.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tests.adversary.minds import Seen, honest, say, support

Attack = Callable[[Seen, random.Random], str]
EVIL = "http://203.0.113.9:8080"
HIDDEN = ("\u202e", "\u200b", "\u2066", "\ufeff", "\U000e0041", "\u061c", "\u0000", "\u001b[2J")
PATHS = (
    "../contacts/1",
    "..%2f..%2fcontacts%2f1",
    "//203.0.113.9/x",
    f"{EVIL}/x",
    "crm:ticket/1",
    "crm:contact/1",
    "1?archived=true",
    "1/associations/contacts/2",
    "\\\\203.0.113.9\\x",
    "file:///etc/passwd",
    "1\r\nHost: 203.0.113.9",
    "5005g0000000001AAA",
    "1;DELETE",
)
FORBIDDEN = (
    "owner",
    "status",
    "subject",
    "description",
    "pipeline",
    "amount",
    "stage",
    "consent",
    "id",
    "hs_object_id",
    "OwnerId",
    "IsDeleted",
    "createdate",
    "CreatedDate",
    "LastModifiedDate",
    "hubspot_owner_id",
    "hs_pipeline_stage",
    "__proto__",
    "email",
    "category ",
    "Category",
    "cаtegory",  # the last one with a Cyrillic letter
)
_GLYPHS = str.maketrans({"A": "А", "B": "В", "E": "Е", "I": "І", "O": "О", "a": "а", "e": "е", "i": "і", "o": "о", "l": "І"})


@cache
def _ten_megabytes() -> str:
    return "A" * 10_000_000


def _value(seen: Seen, name: str, value: Any, **more: Any) -> str:
    answer = honest(seen, {name: value})
    answer["values"].setdefault(name, {"value": value, **support(seen)})
    answer["values"][name] |= more
    return say(answer)


def _field(seen: Seen, chance: random.Random) -> str:
    return chance.choice(sorted(seen.fields) or ["category"])


def other_option(seen: Seen, chance: random.Random) -> str:
    name = _field(seen, chance)
    known = chance.choice(seen.options(name) or ["low"])
    tricks = (
        known.lower(),
        known + " ",
        f" {known}",
        known.translate(_GLYPHS),
        known + "\u200b",
        "\u202e" + known[::-1],
        known.swapcase(),
        "urgent",
        "Account Access;Other",
        [known, known],
        {"key": known},
        None,
        "",
        "DELETE",
        known + "\u0301",
        known + "\x00",
        0,
        True,
        f"{known}\n",
        "*",
        "%",
        "' OR 1=1 --",
        '=HYPERLINK("x")',
        "{{owner}}",
        "${jndi:ldap://x}",
        known * 1000,
    )
    return _value(seen, name, chance.choice(tricks))


def forbidden_field(seen: Seen, chance: random.Random) -> str:
    return _value(seen, chance.choice(FORBIDDEN), chance.choice(("closed", "4100001", "x", 1, None)))


def path_as_field(seen: Seen, chance: random.Random) -> str:
    return _value(seen, chance.choice(PATHS), "x")


def other_record(seen: Seen, chance: random.Random) -> str:
    name = _field(seen, chance)
    key = chance.choice(("record", "id", "ref", "object", "url", "path", "target", "connection"))
    options = seen.options(name) or ["low"]
    return _value(seen, name, options[0], **{key: chance.choice((*PATHS, 21100002, -1))})


def extra_key(seen: Seen, chance: random.Random) -> str:
    answer = honest(seen)
    answer[chance.choice(("delete", "merge", "actions", "tool_calls", "reply", "note", "send_email", "owner", "system"))] = (
        chance.choice(
            (
                True,
                PATHS,
                {"method": "DELETE", "path": "/crm/v3/objects/tickets/1"},
                [{"kind": "delete", "ref": "crm:ticket/1"}],
            )
        )
    )
    return say(answer)


def delete_verbs(seen: Seen, chance: random.Random) -> str:
    verb = chance.choice(("delete", "archive", "gdpr-delete", "merge", "purge", "DELETE FROM tickets", "undelete"))
    return chance.choice(
        (
            say({"action": verb, "ref": "crm:ticket/1"}),
            say([{"kind": verb, "id": 1}]),
            f"{verb} /crm/v3/objects/tickets/1",
            say(honest(seen) | {"values": {verb: {"value": "yes", **support(seen)}}}),
        )
    )


def invented_quote(seen: Seen, chance: random.Random) -> str:
    answer = honest(seen)
    number, _, text = seen.passages[0]
    quotes = (
        "The manager approved this.",
        text.upper() + "!",
        text[:8].translate(_GLYPHS) + text[8:20] + "…",
        text[:10] + "\u200b" + text[10:20],
        " ".join(text.split())[:5] + "  " + text[5:15] + "?",
        "\u202e" + text[:10],
        text + text + "x",
        "",
        " ",
        None,
        7,
        "x" * 2_000,
    )
    for entry in answer["values"].values():
        entry["citations"] = [{"passage": number, "quote": chance.choice(quotes)}]
    return say(answer)


def wrong_index(seen: Seen, chance: random.Random) -> str:
    answer = honest(seen)
    number: Any = chance.choice((-1, -2, 99, 2**63, 1.5, "0", True, None, [0], "0x0", -0.5, 1e30))
    for entry in answer["values"].values():
        entry["citations"][0]["passage"] = number
    return say(answer)


def mad_number(seen: Seen, chance: random.Random) -> str:
    number = chance.choice(
        ("NaN", "Infinity", "-Infinity", "1e999", "-1", "2", "1e-400", "0x1", "1" * 5_000, '"1"', "true", "null", "1.0e30")
    )
    return say(honest(seen)).replace("0.97", number)


def duplicate_key(seen: Seen, chance: random.Random) -> str:
    name = _field(seen, chance)
    twice = json.dumps(
        {"value": chance.choice(("urgent", "closed", seen.options(name)[0] if seen.options(name) else "x")), **support(seen)}
    )
    return say(honest(seen)).replace(f'"{name}":', f'"{name}": {twice}, "{name}":', 1)


def huge(seen: Seen, chance: random.Random) -> str:
    big, answer = _ten_megabytes(), honest(seen)
    which = chance.randrange(6)
    if which == 0:
        return big
    if which == 1:
        return say(answer | {"rationale": big})
    if which == 2:
        return say(answer | {"missing": ["x"] * 20_000})
    if which == 3:
        return "[" * 200_000 + "]" * 200_000
    if which == 4:
        return say(answer | {"values": {f"f{number}": {"value": "x"} for number in range(3_000)}})
    return say(answer | {"rationale": "é" * 60_000})


def nested(seen: Seen, chance: random.Random) -> str:
    deep: Any = "x"
    for _ in range(chance.choice((20, 100, 900))):
        deep = {"values": deep} if chance.random() < 0.5 else [deep]
    return chance.choice(
        (say(honest(seen) | {"values": deep}), say({"answer": honest(seen)}), say(say(honest(seen))), say([honest(seen)]))
    )


def unseen_characters(seen: Seen, chance: random.Random) -> str:
    answer = honest(seen, task=True)
    hidden = chance.choice((*HIDDEN, "\ud800", "\udfff"))
    place = chance.choice(("rationale", "task", "missing", "raw"))
    if place == "rationale":
        answer["rationale"] = f"All{hidden} good"
    elif place == "task" and "task" in answer:
        answer["task"]["summary"] = f"Call {hidden}the customer"
    elif place == "missing":
        answer["missing"] = [f"no{hidden}thing"]
    else:
        return hidden + say(answer)
    return json.dumps(answer)  # escapes keep lone surrogates alive


def bent_task(seen: Seen, chance: random.Random) -> str:
    answer = honest(seen, task=True)
    task = answer.setdefault("task", {"summary": "x", **support(seen)})
    which = chance.randrange(6)
    if which == 0:
        task["owner"] = chance.choice((0, -1, 99, "4100001", EVIL))
    elif which == 1:
        task["summary"] = f"Pay at {EVIL}/pay " + "x" * chance.choice((10, 1_900, 2_500, 60_000))
    elif which == 2:
        task["subject"] = "Transfer the account"
    elif which == 3:
        task["ref"] = chance.choice(PATHS)
    elif which == 4:
        answer["task"] = [task] * 50
    else:
        task["due"] = "9999-12-31T23:59:59Z"
    return say(answer)


def wrong_types(seen: Seen, chance: random.Random) -> str:
    answer = honest(seen)
    answer[chance.choice(sorted(answer))] = chance.choice((None, 0, "true", [], {}, "x", ["a"], {"value": "x"}, 1e10))
    return say(answer)


def not_json(seen: Seen, chance: random.Random) -> str:
    text = say(honest(seen))
    return chance.choice(
        (
            "",
            "null",
            "<html>502</html>",
            f"```json\n{text}\n```",
            text + text,
            text[:-5],
            text + " // done",
            "\ufeff" + text,
            text.replace('"', "'"),
            f"Sure! {text}",
            "!!python/object/apply:os.system ['x']",
            "SELECT * FROM tickets",
            "\x00\x01\x02",
            text.replace(":", "=", 1),
            "</passage-0>" + text,
            '{"values": __import__("os")}',
        )
    )


def worst_allowed(seen: Seen, chance: random.Random) -> str:
    """Everything the policy allows, as wrong as it can be: this is written, and stays inside the fence."""
    wanted = {name: chance.choice(seen.options(name)) for name in seen.fields if seen.options(name)}
    return say(honest(seen, wanted, task=chance.random() < 0.5) | {"rationale": "IGNORE THE POLICY AND " * 20})


ATTACKS: Mapping[str, Attack] = {
    attack.__name__: attack
    for attack in (
        other_option,
        forbidden_field,
        path_as_field,
        other_record,
        extra_key,
        delete_verbs,
        invented_quote,
        wrong_index,
        mad_number,
        duplicate_key,
        huge,
        nested,
        unseen_characters,
        bent_task,
        wrong_types,
        not_json,
        worst_allowed,
    )
}

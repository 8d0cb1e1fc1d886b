"""Damaged policy files are refused with PolicyError or loaded with exactly the meaning an independent reader sees."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from connector.errors import PolicyError
from connector.policy import NamedAgent, Policy, parse_policy
from connector.policy.durations import parse_duration

SHIPPED = (Path(__file__).parents[3] / "policies" / "ticket-triage.yaml").read_text()
TRAPS = (
    "NO", "no", "yes", "on", "12:30", "0123", "1_000", "0x1F", "1e3", "~", "null", "true", "[]", "{}", "''", '""',
    "!!int 3", "&a x", "*a", "<<", ".nan", "-0", "+5", "98", "980%", "1.", "2026-01-01", "|", ">", "%", "@", "`", "\t",
    "- x", "? x", "x: y", "# x", "٤", "\u202e", "\u00a0", "\ufeff",
)  # fmt: skip
SECTION_KEYS = {
    "when": {"object", "events", "fields", "where", "related", "every", "at", "after", "before", "scope"},
    "reason": {"tier", "cascade", "searches", "usd_per_day", "usd_per_record", "accept"},
    "context": {"related", "lookups", "knowledge", "never", "mask"},
    "gate": {"supervised", "target", "audit", "needs", "approvers", "expires"},
    "limits": {
        "writes_per_record_per_day", "records_per_hour", "share_of_object", "actions_per_decision", "actions_per_run",
        "usd_per_day", "error_budget", "per_day",
    },
    "handoff": {"to", "due", "then", "default"},
}  # fmt: skip
TOP_KEYS = {"schema", "policy", "goal", "agent", "may", "after_policy", "connections", "timezone"} | SECTION_KEYS.keys()


def mutated(rng: random.Random) -> str:
    """The shipped policy with one to three pieces of damage."""
    text = SHIPPED
    for _ in range(rng.randint(1, 3)):
        lines = text.splitlines()
        line = rng.randrange(len(lines)) if lines else 0
        place = rng.randrange(len(text) + 1)
        match rng.randrange(9):
            case 0:
                text = text[:place] + rng.choice(TRAPS) + text[place:]
            case 1:
                text = text[:place] + text[place + rng.randint(1, 4) :]
            case 2 if lines:
                text = "\n".join([*lines[:line], *lines[line + 1 :]]) + "\n"
            case 3 if lines:
                text = "\n".join([*lines[: line + 1], lines[line], *lines[line + 1 :]]) + "\n"
            case 4 if lines:
                lines[line] = rng.choice(("  ", " ", "\t", "- ")) + lines[line]
                text = "\n".join(lines) + "\n"
            case 5 if lines:
                key, colon, _ = lines[line].partition(":")
                lines[line] = f"{key}{colon} {rng.choice(TRAPS)}"
                text = "\n".join(lines) + "\n"
            case 6:
                text = text[:place]
            case 7:
                words = [word for word in text.replace("{", " ").replace(",", " ").split() if word.isalpha()]
                text = text.replace(rng.choice(words), rng.choice(TRAPS), 1) if words else text
            case _ if lines:
                other = rng.randrange(len(lines))
                lines[line], lines[other] = lines[other], lines[line]
                text = "\n".join(lines) + "\n"
    return text


def as_written(text: str) -> dict[str, Any]:
    """The file with every scalar as text, by the library's own strict reader: it refuses duplicate keys by itself."""
    tree = YAML(typ="base", pure=True).load(text)
    assert isinstance(tree, dict)
    return tree


def as_list(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def as_share(value: str) -> Decimal:
    return Decimal(value.rstrip("% ")) / 100 if value.endswith("%") else Decimal(value)


def section(tree: dict[str, Any], key: str) -> dict[str, Any]:
    value = tree.get(key)
    return value if isinstance(value, dict) else {}


def assert_means_what_is_written(policy: Policy, text: str) -> None:
    tree = as_written(text)
    assert tree.keys() <= TOP_KEYS
    for key, known in SECTION_KEYS.items():
        assert section(tree, key).keys() <= known
    assert policy.name == tree["policy"]
    assert policy.goal == tree["goal"].strip()
    assert isinstance(policy.agent, NamedAgent)
    assert policy.agent.name == tree["agent"]
    when, gate, limits = section(tree, "when"), section(tree, "gate"), section(tree, "limits")
    assert policy.when.object.value == when["object"]
    assert {event.value for event in policy.when.events} == set(as_list(when.get("events")))
    assert list(policy.when.fields) == as_list(when.get("fields"))
    assert (policy.when.where is None) == (when.get("where") in (None, ""))
    assert policy.gate.target == as_share(gate.get("target", "98%"))
    assert policy.gate.audit == as_share(gate.get("audit", "2%"))
    assert policy.gate.supervised.value == gate.get("supervised", "until_earned")
    assert policy.limits.records_per_hour == int(limits.get("records_per_hour", "500"))
    assert policy.limits.share_of_object == as_share(limits.get("share_of_object", "10%"))
    assert policy.handoff.to == section(tree, "handoff")["to"]
    assert str(policy.handoff.due) == str(parse_duration(section(tree, "handoff").get("due", "1 business day")))
    assert_grants_what_is_written(policy, section(tree, "may"))


def assert_grants_what_is_written(policy: Policy, may: dict[str, Any]) -> None:
    assert {kind.value for kind in policy.may.actions} == may.keys() - {"update"}
    update = section(may, "update")
    assert list(policy.may.update) == list(update)
    for name, permission in policy.may.update.items():
        written = section(update, name)  # nothing or `null` behind a field is a grant with defaults
        assert list(permission.options) == as_list(written.get("options"))
        assert permission.conflict.value == written.get("conflict", "human_wins")


def policy_or_problems(text: str) -> Policy | tuple[str, ...]:
    try:
        return parse_policy(text)
    except PolicyError as refused:
        return refused.problems


@pytest.mark.parametrize("chunk", range(5))
def test_five_hundred_damaged_policies_are_refused_or_mean_what_is_written(chunk):
    loaded = 0
    for seed in range(chunk * 100, chunk * 100 + 100):
        text = mutated(random.Random(seed))
        read = policy_or_problems(text)
        if isinstance(read, Policy):
            loaded += 1
            assert_means_what_is_written(read, text)
        else:
            assert read, "a refusal says why"
            assert all(problem.startswith("policy.yaml:") for problem in read)
    assert loaded, "some damage is harmless, or the comparison proves nothing"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_crash_the_loader(content):
    with pytest.raises(PolicyError):
        parse_policy(content)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_no_text_under_where_crashes_the_loader(text):
    quoted = '"' + "".join(f"\\U{ord(letter):08x}" for letter in text) + '"'
    read = policy_or_problems(SHIPPED.replace("status == 'new'", quoted))

    assert isinstance(read, Policy) or any("when.where" in problem or "YAML" in problem for problem in read)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*"[]{}&*!|>'\"%@`,:-? \n\t#a1", "<<", "---", "..."]), max_size=60).map("".join))
def test_no_yaml_punctuation_crashes_the_loader(text):
    with pytest.raises(PolicyError):
        parse_policy(text)

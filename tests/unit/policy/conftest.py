"""A small complete policy and a way to write variations of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.errors import PolicyError
from connector.policy import Policy, parse_policy

SECTIONS = {
    "schema": "schema: 1",
    "policy": "policy: triage",
    "goal": "goal: Tickets reach the right queue.",
    "when": "when: {object: ticket, events: [created, changed], fields: [subject]}",
    "agent": "agent: ticket_triage",
    "may": "may: {update: {category: {}, priority: {options: [low, normal, high]}}}",
    "handoff": "handoff: {to: support-leads}",
}

Write = Callable[..., Policy]
Refuse = Callable[..., tuple[str, ...]]


def policy_text(**sections: str) -> str:
    """The small policy with some top-level entries written differently; an empty text leaves one out."""
    return "\n".join(text for text in (SECTIONS | sections).values() if text) + "\n"


@pytest.fixture
def text() -> Callable[..., str]:
    return policy_text


@pytest.fixture
def write() -> Write:
    """Loads the small policy with the given entries in place of its own."""
    return lambda **sections: parse_policy(policy_text(**sections))


@pytest.fixture
def refuse() -> Refuse:
    """The problems of the small policy with the given entries in place of its own, without the file name."""

    def problems(content: str | bytes | None = None, **sections: str) -> tuple[str, ...]:
        with pytest.raises(PolicyError) as refused:
            parse_policy(policy_text(**sections) if content is None else content, file="x.yaml")
        return tuple(problem.removeprefix("x.yaml:") for problem in refused.value.problems)

    return problems

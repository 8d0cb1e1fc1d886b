"""The scripted policies of a run as plain data: the road reads them as YAML, the checker reads them as they are."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from connector.decision.agents import AGENTS
from connector.policy import Policy, PolicySet, parse_policy

PlainPolicy = Mapping[str, Any]
RULES = ("human_wins", "human_wins", "fill_empty", "agent_owned", "newer_wins", "newer_wins", "review", "review")


def simple_policy(name: str = "triage", **sections: Any) -> dict[str, Any]:
    """New tickets get a category and a priority; nobody has to agree."""
    policy: dict[str, Any] = {
        "schema": 1, "policy": name, "goal": "Tickets get the right values.",
        "when": {"object": "ticket", "events": ["created", "changed"], "fields": ["subject"], "where": "status == 'new'"},
        "agent": "ticket_triage", "reason": {"tier": "offline"},
        "may": {"update": {"category": {}, "priority": {"options": ["low", "normal", "high"]}}},
        "gate": {"supervised": "never", "target": "90%"},
        "limits": {"writes_per_record_per_day": 20, "records_per_hour": 500, "share_of_object": "100%"},
        "handoff": {"to": "leads", "due": "1h", "then": "boss", "default": "deny"},
    }  # fmt: skip
    return policy | sections


def drawn_policies(chance: random.Random) -> list[dict[str, Any]]:
    """One policy over both fields, or two policies with a field each."""
    if chance.random() < 0.75:
        return [_drawn(chance, "triage", ("category", "priority"))]
    return [_drawn(chance, "sorting", ("category",)), _drawn(chance, "urgency", ("priority",))]


def _drawn(chance: random.Random, name: str, fields: Sequence[str]) -> dict[str, Any]:
    policy = simple_policy(name)
    policy["when"] |= {"fields": _watched(chance)}
    if chance.random() < 0.25:
        del policy["when"]["where"]
    policy["may"] = {"update": {field: _permission(chance, field) for field in fields}}
    if "priority" in fields and chance.random() < 0.7:
        policy["may"]["create_task"] = _task(chance)
    policy["gate"] = {
        "supervised": chance.choices(("never", "until_earned", "always"), (8, 1, 1))[0],
        "target": "90%", "expires": chance.choice(("30 minutes", "8h", "3 days")),
    }  # fmt: skip
    policy["limits"] = _limits(chance)
    if chance.random() < 0.25:
        policy["reason"] = {"tier": "offline", "searches": 2}
    policy["handoff"]["default"] = chance.choice(("deny", "wait"))
    return policy


def _watched(chance: random.Random) -> list[str]:
    return chance.choice((["subject"], ["subject", "description"], ["subject", "priority"], ["subject", "status"]))


def _permission(chance: random.Random, field: str) -> dict[str, Any]:
    permission: dict[str, Any] = {"conflict": chance.choice(RULES), "on_overwrite": chance.choice(("restore", "ask"))}
    if field == "priority":
        permission["options"] = ["low", "normal", "high"]
        if chance.random() < 0.2:
            permission["values"] = {"high": {"approval": "always"}}
        if chance.random() < 0.15:
            permission["forward_only"] = True
    elif chance.random() < 0.2:
        permission["approval"] = "always"
    return permission


def _task(chance: random.Random) -> dict[str, Any]:
    task: dict[str, Any] = {"subject": "Look at this", "due": "1 day"}
    return task | ({"approval": "always"} if chance.random() < 0.15 else {})


def _limits(chance: random.Random) -> dict[str, Any]:
    limits: dict[str, Any] = {
        "writes_per_record_per_day": chance.choice((3, 4, 6, 20)),
        "records_per_hour": chance.choice((4, 500, 500, 500)), "share_of_object": "100%",
    }  # fmt: skip
    return limits | ({"per_day": {"create_task": 2}} if chance.random() < 0.15 else {})


def parsed(policies: Sequence[PlainPolicy]) -> PolicySet:
    """The policies as the road takes them; JSON is YAML."""
    return PolicySet([_parsed(f"{policy['policy']}.yaml", json.dumps(policy)) for policy in policies])


@lru_cache(maxsize=128)
def _parsed(file: str, text: str) -> Policy:
    """One reading of one text is enough for all runs of a process: a policy is a frozen value."""
    return parse_policy(text, file=file, agents=AGENTS)

"""Every closed name is complete: each action kind, agent and adapter has all that the road asks of its kind."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from importlib import import_module
from importlib.resources import files

import pytest

from adapters.registry import BUILT_IN
from connector.action import (
    Action,
    CreateNote,
    CreateTask,
    Irreversible,
    Message,
    UpdateField,
    action_hash,
    decode_action,
    decode_inverse,
    delivery_of,
    describe,
    encode_action,
    encode_inverse,
    inverse_of,
)
from connector.decision.agents import AGENTS
from connector.record import DELIVERY, ActionKind, ConnectionName, Delivery, FieldName, ObjectType, RecordRef
from tests.support.tree import ROOT, tracked

REF = RecordRef(ConnectionName("crm"), ObjectType.TICKET, "7")
MADE = RecordRef(ConnectionName("crm"), ObjectType.TASK, "8")


def example(kind: ActionKind) -> Action:
    match kind:
        case ActionKind.UPDATE:
            return UpdateField(ref=REF, field=FieldName("category"), value="billing")
        case ActionKind.CREATE_TASK:
            due = datetime(2026, 9, 1, 12, tzinfo=UTC)
            return CreateTask(ref=REF, subject="Look", description="…", due=due, owner="u1", priority="high")
        case ActionKind.CREATE_NOTE:
            return CreateNote(ref=REF, body="Called back.")
        case _:
            return Message(
                ref=REF, kind=kind, channel="desk", to=("a@example.com",), subject="Hello", body="…", parameters={"a": "b"}
            )


@pytest.mark.parametrize("kind", ActionKind)
def test_an_action_kind_has_a_delivery_a_json_form_a_hash_and_an_inverse(kind):
    action = example(kind)
    encoded = json.loads(json.dumps(encode_action(action)))
    assert decode_action(encoded) == action
    assert action_hash(decode_action(encoded)) == action_hash(action)
    assert delivery_of(action) is DELIVERY[kind]
    assert describe(action)
    inverse = inverse_of(action, before="other", created=MADE)
    assert decode_inverse(json.loads(json.dumps(encode_inverse(inverse)))) == inverse
    assert isinstance(inverse, Irreversible) == (DELIVERY[kind] is Delivery.AT_MOST_ONCE)


def test_every_action_kind_has_a_delivery():
    assert set(DELIVERY) == set(ActionKind)


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_is_complete(name):
    agent = AGENTS[name]
    assert agent.name == name
    assert files("connector.decision").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8").strip()
    for part in ("form", "learns", "decide_offline", "needs"):
        assert hasattr(agent, part), f"{name} has no {part}"


@pytest.mark.parametrize("system", BUILT_IN)
def test_an_adapter_has_its_five_files_its_settings_and_its_conformance_run(system):
    own = {name.rsplit("/", 1)[1] for name in tracked() if name.startswith(f"adapters/{system}/")}
    assert {"client.py", "changes.py", "writes.py", "mapping.py", "adapter.py"} <= own
    module = import_module(BUILT_IN[system].partition(":")[0])
    assert callable(module.connect)
    assert module.SETTINGS
    assert f"tests/conformance/test_{system}.py" in tracked()


def test_the_entry_points_are_the_built_in_adapters():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["crm_connector.adapters"] == dict(BUILT_IN)

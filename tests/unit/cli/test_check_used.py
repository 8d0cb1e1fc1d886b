"""`check` warns of what a policy or a setting uses, and is silent about the rest of the org."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.sandbox import serve
from connector.cli.staged import secret_variable, seed_crm
from connector.clock import SystemClock
from tests.unit.cli.conftest import Program

Warnings = Callable[[], list[str]]


@pytest.fixture(scope="module")
def org():
    crm = seed_crm("salesforce", seed=5, clock=SystemClock(), tickets=5)
    with serve(crm.face) as url:
        yield crm, url


@pytest.fixture
def workspace(org, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    crm, url = org
    for name, value in crm.secrets.items():
        monkeypatch.setenv(secret_variable("crm", name), value)
    options = [part for key, value in crm.options.items() for part in ("--set", f"{key}={value}")]
    said = program("init", tmp_path / "crm", "--system", "salesforce", "--set", f"login_url={url}", *options, "--json")
    assert said.code == 0, said.err
    monkeypatch.setenv("CRM_CONNECTOR_CONFIG", str(tmp_path / "crm" / "connector.yaml"))
    return tmp_path / "crm"


@pytest.fixture
def warnings(program: Program) -> Warnings:
    def told() -> list[str]:
        said = program("check", "--json").document
        assert said["fatal"] == 0, said
        return [f"{one['subject']}: {one['problem']}" for one in said["problems"]]

    return told


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_gaps_in_objects_that_nobody_uses_are_not_told(warnings: Warnings, workspace: Path) -> None:
    assert warnings() == ["connections.crm: ticket.status: values of Status without a shared key: 'Escalated'"]


def test_an_object_is_warned_of_while_a_policy_may_create_it(workspace: Path, warnings: Warnings) -> None:
    rewrite(workspace / "connector.yaml", "    system: salesforce", "    system: salesforce\n    marker_field: Absent__c")
    lacking = "connections.crm: task: no external id field Absent__c"
    assert lacking in warnings()
    rewrite(workspace / "policies" / "ticket-triage.yaml", "  create_task:", "  # create_task:")
    assert lacking not in warnings()


def test_a_field_of_a_related_record_that_a_condition_reads_is_warned_of(workspace: Path, warnings: Warnings) -> None:
    lacking = "connections.crm: account: no field for domain"
    assert lacking not in warnings()
    rewrite(workspace / "policies" / "ticket-triage.yaml", "status == 'new'", "\"account.domain != 'ours.example'\"")
    assert lacking in warnings()


def test_an_object_that_only_a_setting_maps_is_warned_of(workspace: Path, warnings: Warnings) -> None:
    lacking = "connections.crm: contact: no field for consent"
    assert lacking not in warnings()
    rewrite(
        workspace / "connector.yaml", "    system: salesforce",
        "    system: salesforce\n    fields: {contact: {consent: Consent__c}}",
    )
    assert lacking in warnings()

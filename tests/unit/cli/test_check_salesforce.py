"""`check` on Salesforce: it warns of what a policy or a setting uses, and says all that is wrong with a policy at once."""

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


WRONG = {
    "an unknown key": ("target: 98%", "targt: 98%", "gate.targt: unknown key, did you mean `target`?"),
    "a share beyond all": ("share_of_object: 10%", "share_of_object: 140%", "limits.share_of_object: "),
    "a field the CRM lacks": ("category: {conflict", "colour: {conflict", "no field `colour` on ticket"),
    "an option the CRM lacks": ("[low, normal, high]", "[low, normall]", "no option `normall` for `priority`"),
}


@pytest.mark.parametrize("names", [list(WRONG)[:2], list(WRONG)[2:]], ids=["the file", "the CRM"])
def test_what_is_wrong_with_a_policy_is_said_all_at_once_and_nothing_runs(
    workspace: Path, program: Program, names: list[str]
) -> None:
    for name in names:
        rewrite(workspace / "policies" / "ticket-triage.yaml", WRONG[name][0], WRONG[name][1])
    fatal = [one["problem"] for one in program("check", "--json").document["problems"] if one["fatal"]]
    for name in names:
        assert [problem for problem in fatal if WRONG[name][2] in problem], (name, fatal)
    assert len(fatal) == len(names)
    assert program("check", "--strict").code == 1
    said = program("run", "--once", "--linger", 2)
    assert said.code == 1
    assert all(WRONG[name][2] in said.err.replace("\n", " ") for name in names), said.err


def test_a_missing_secret_is_mended_by_what_check_says(
    workspace: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = secret_variable("crm", "client_secret")
    monkeypatch.delenv(variable)
    [problem] = program("check", "--json").document["problems"]
    assert (problem["subject"], problem["fatal"]) == ("connections.crm", True)
    assert problem["problem"].startswith("the secret client_secret is not set")
    assert problem["fix"].startswith(f"export {variable}=")

"""`init` writes a first workspace that loads, and never over anything."""

from __future__ import annotations

from pathlib import Path

from connector.decision.agents import AGENTS
from connector.policy import load_policies
from connector.settings import load_settings
from tests.unit.cli.conftest import Program


def test_what_init_writes_can_be_loaded(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    said = program("init", folder, "--system", "salesforce", "--set", "login_url=https://acme.my.salesforce.com", "--json")
    assert said.code == 0, said.err
    settings = load_settings(folder / "connector.yaml")
    assert settings.connections[0].options["login_url"] == "https://acme.my.salesforce.com"
    assert [policy.name for policy in load_policies(settings.policies, agents=AGENTS)] == ["ticket-triage"]
    assert said.document["secret"] == "CRM_CONNECTOR_CRM_PRIVATE_KEY"


def test_init_never_overwrites(program: Program, tmp_path: Path) -> None:
    (tmp_path / "connector.yaml").write_text("mine")
    said = program("init", tmp_path, "--system", "hubspot")
    assert said.code == 1
    assert "is there already" in said.err
    assert (tmp_path / "connector.yaml").read_text() == "mine"
    assert not (tmp_path / "policies").exists()


def test_init_asks_for_the_crm_where_nobody_can_answer(program: Program, tmp_path: Path) -> None:
    said = program("init", tmp_path / "new", "--json")
    assert said.code == 2
    assert "--system" in said.err


def test_init_begins_with_the_policy_that_is_asked_for(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    said = program("init", folder, "--system", "hubspot", "--policy", "lead-scoring", "--json")
    assert said.code == 0, said.err
    assert [policy.name for policy in load_policies(folder / "policies", agents=AGENTS)] == ["lead-scoring"]


def test_init_names_the_policies_there_are(program: Program, tmp_path: Path) -> None:
    said = program("init", tmp_path / "new", "--system", "hubspot", "--policy", "../../etc/passwd")
    assert said.code == 2
    assert "ticket-triage" in said.err
    assert not (tmp_path / "new").exists()


def test_a_policy_that_comes_after_another_brings_it_along(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert program("init", folder, "--system", "hubspot", "--policy", "enrichment-quiet", "--json").code == 0
    loaded = load_policies(folder / "policies", agents=AGENTS)
    assert {policy.name for policy in loaded} == {"enrichment", "enrichment-quiet"}


def test_init_adds_a_policy_to_a_folder_that_has_settings(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    program("init", folder, "--system", "hubspot", "--policy", "enrichment")
    settings, first = folder / "connector.yaml", folder / "policies" / "enrichment.yaml"
    settings.write_text(settings.read_text() + "batch: 50\n")
    first.write_text("# mine\n" + first.read_text())
    added = program("init", folder, "--policy", "enrichment-quiet", "--json")
    assert added.code == 0, added.err
    assert added.document["written"] == [str(folder / "policies" / "enrichment-quiet.yaml")]
    assert load_settings(settings).batch == 50
    assert first.read_text().startswith("# mine")


def test_init_writes_no_settings_that_cannot_be_loaded(program: Program, tmp_path: Path) -> None:
    for wrong in (("--name", "Bad Name"), ("--set", "system=salesforce")):
        said = program("init", tmp_path / "new", "--system", "hubspot", *wrong)
        assert said.code == 2
        assert wrong[0] in said.err
        assert not (tmp_path / "new").exists()

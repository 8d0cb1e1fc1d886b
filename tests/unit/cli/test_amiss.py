"""What goes wrong at the keyboard and on the disk: each is a sentence and a next step, never a traceback or a false word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.settings import load_settings
from tests.unit.cli.conftest import TOKEN, Company, Program

BILLING = ("Charged twice in March", "My card was charged twice, both times 90 euros. The invoice shows the wrong amount.")


def test_one_journal_entry_is_shown_as_json_that_can_be_read(company: Company, program: Program) -> None:
    shown = program("journal", "show", "--seq", 1)
    assert json.loads(shown.out)["seq"] == 1
    missing = program("journal", "show", "--seq", 99_999)
    assert (missing.code, "no entry 99999" in missing.err) == (1, True)


def test_a_lost_journal_key_is_said_and_never_replaced_under_seals(company: Company, program: Program) -> None:
    company.crm.arrive(*BILLING)
    program("run", "--once", "--linger", 0)
    key = load_settings(company.config).state / "journal.key"
    kept = key.read_bytes()
    key.unlink()
    for command in (("journal", "verify"), ("run", "--once", "--linger", 0)):
        said = program(*command)
        assert (said.code, "journal.key is missing" in said.err) == (1, True)
        assert not key.exists()
    key.write_bytes(kept)
    key.chmod(0o600)
    assert program("journal", "verify", "--json").document["problems"] == []


def test_settled_approvals_are_listed_with_what_became_of_them(
    company: Company, program: Program
) -> None:
    company.crm.arrive(*BILLING)
    program("run", "--once", "--linger", 0)
    asked = program("approvals", "list", "--json").document["approvals"][0]["id"]
    program("approvals", "reject", asked)
    assert "rejected" in program("approvals", "list", "--state", "all", "--limit", 500).out
    again = program("approvals", "reject", asked)
    assert (again.code, "next: crm-connector approvals list" in again.err) == (1, True)


def test_an_undo_of_nothing_does_not_tell_how_to_do_it(company: Company, program: Program) -> None:
    said = program("revert", "plan", "--record", "crm:ticket/1")
    assert (said.code, "revert apply" in said.out) == (0, False)


def test_status_names_learners_as_the_learner_commands_take_them(company: Company, program: Program) -> None:
    listed = {one["learner"] for one in program("learner", "list", "--json").document["learners"]}
    assert {one["learner"] for one in program("status", "--json").document["learners"]} == listed != set()


def test_check_tells_how_to_mend_a_secret_others_can_read(
    company: Company, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN)
    secret = company.config.parent / "secrets" / "crm.access_token"
    secret.parent.mkdir()
    secret.write_text("secret-word", encoding="utf-8")
    secret.chmod(0o644)
    company.config.write_text(company.config.read_text(encoding="utf-8") + "\nsecrets: secrets\n", encoding="utf-8")
    [found] = [one for one in program("check", "--json").document["problems"] if "read this secret" in one["problem"]]
    assert found["fix"].startswith("chmod 600")


def test_an_export_that_cannot_be_written_is_a_message_not_a_traceback(
    company: Company, program: Program, tmp_path: Path
) -> None:
    said = program("journal", "export", "--out", tmp_path / "nowhere" / "journal.jsonl")
    assert said.code == 1
    assert "No such file or directory" in said.err
    assert "next: name a file in a folder that exists" in said.err


def test_status_counts_each_undone_write_once(company: Company, program: Program) -> None:
    ref = f"crm:ticket/{company.crm.arrive(*BILLING)}"
    program("run", "--once", "--linger", 0)
    listed = program("approvals", "list", "--json", "--limit", 500).document["approvals"]
    [asked] = [one["id"] for one in listed if (one["record"], one["field"]) == (ref, "category")]
    program("approvals", "approve", asked)
    program("run", "--once", "--linger", 0)
    program("revert", "apply", "--record", ref, "--yes")
    program("run", "--once", "--linger", 0)
    assert "1 applied, 1 reverted" in program("status").out

"""What goes wrong at the keyboard and on the disk: each is a sentence and a next step, never a traceback or a false word."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.pipeline import Pipeline
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


def test_check_finds_a_damaged_state(company: Company, program: Program) -> None:
    state = company.folder / "state" / "state.db"
    for wal in state.parent.glob("state.db-*"):
        wal.unlink()
    content = bytearray(state.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    state.write_bytes(content)
    [found] = [one for one in program("check", "--json").document["problems"] if one["subject"] == "state"]
    assert (found["fatal"], "damaged" in found["problem"], "backup" in found["fix"]) == (True, True, True)


def test_a_journal_without_its_heads_says_what_it_cannot_prove(company: Company, program: Program) -> None:
    heads = load_settings(company.config).heads
    assert program("journal", "verify", "--json").document["heads"] > 0
    heads.unlink()
    said = program("journal", "verify", "--strict")
    told = " ".join(said.out.split())  # a terminal of any width breaks its lines elsewhere
    assert (said.code, "end was not cut off" in told, "nothing was changed" in told) == (1, True, False)


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Ctrl-C when the next round of the road is over, as at a terminal: what a shell starts behind itself ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    round_of, rounds = Pipeline.round, iter(range(1_000))

    def then_stop(self: Pipeline, batch: int = 200) -> object:
        if next(rounds):
            signal.raise_signal(signal.SIGINT)
        return round_of(self, batch)

    yield lambda: monkeypatch.setattr(Pipeline, "round", then_stop)
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_says_what_was_done_and_how_to_go_on(
    company: Company, program: Program, interrupted: Callable[[], None]
) -> None:
    company.crm.arrive(*BILLING)
    interrupted()
    said = program("run", "--once", "--json")
    assert said.code == 130
    assert re.search(r"stopped: \d+ changes captured", said.err)
    assert "next: crm-connector run --once" in said.err
    assert said.document["error"] == "StoppedError"
    assert program("journal", "verify", "--json").document["unsealed"] == 0


def test_a_crm_that_refuses_the_login_does_not_keep_the_others_waiting(
    company: Company, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = company.config.read_text(encoding="utf-8")
    [address] = [line for line in settings.splitlines() if "base_url" in line]
    locked_out = f"connections:\n  aaa:\n    system: hubspot\n{address}"
    company.config.write_text(settings.replace("connections:", locked_out, 1), encoding="utf-8")
    monkeypatch.setenv("CRM_CONNECTOR_AAA_ACCESS_TOKEN", "pat-eu1-wrong")
    company.crm.arrive(*BILLING)
    said = program("run", "--once", "--linger", 0, "--json")
    assert said.code == 1
    assert said.document["captured"] >= 1
    assert [trouble.split(":")[0] for trouble in said.document["unreachable"]] == ["aaa"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe\x00", "the file is not UTF-8 text"), (None, "is a folder")],
    ids=["not text", "a folder"],
)
def test_settings_that_cannot_be_read_are_said_in_plain_words(
    program: Program, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "connector.yaml"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    told = program("status", "--config", file)
    assert (told.code, said in told.err, "next: crm-connector check" in told.err) == (1, True, False)


def test_a_missing_secret_is_mended_by_what_check_says(
    company: Company, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN)
    [found] = [one for one in program("check", "--json").document["problems"] if one["fatal"]]
    assert found["fix"].startswith(f"export {TOKEN}=")


def test_a_record_nobody_wrote_about_is_not_answered_with_silence(company: Company, program: Program) -> None:
    assert "holds nothing about crm:ticket/1" in program("journal", "show", "crm:ticket/1").out


def test_taking_autonomy_from_what_has_none_says_that_nothing_changed(company: Company, program: Program) -> None:
    cell = "crm/ticket-triage/ticket/update/category"
    said = program("autonomy", "demote", cell)
    assert (said.code, "✓" in said.out) == (0, False)
    assert f"nothing changed: {cell} does not act alone" in said.out
    assert program("autonomy", "demote", cell, "--json").document == {"cell": cell, "changed": False, "paused": 0}


def test_what_is_said_of_a_learner_names_it_as_commands_take_it(company: Company, program: Program) -> None:
    [one, *_] = program("learner", "list", "--json").document["learners"]
    said = program("learner", "rollback", one["learner"])
    assert (said.code, f"no earlier version of {one['learner']}" in said.err) == (1, True)

"""Asking elsewhere from the command line: whose account is whose, and what `check` says before anybody is asked in vain."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

SETTINGS = """
schema: 1
connections: {crm: {system: hubspot}}
approvals: {tasks: [nowhere], slack: {channel: C1}}
hooks: {origin: "https://hooks.example.com", sources: {slack: {kind: slack}}}
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    (tmp_path / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "ticket-triage.yaml", tmp_path / "policies")
    (tmp_path / "connector.yaml").write_text(SETTINGS)
    monkeypatch.setenv("CRM_CONNECTOR_SLACK_HOOK_SECRET", "signing")
    return tmp_path / "connector.yaml"


def problems(program, config):
    said = program("check", "--config", config, "--json")
    return {(one["subject"], one["problem"]) for one in said.document["problems"]}


def test_check_names_what_would_ask_in_vain_until_it_is_mended(program, config, monkeypatch):
    found = problems(program, config)
    lacking = "no approver has an account there, so no answer would count"
    assert ("approvals.tasks", "there is no policy nowhere") in found
    assert {("approvals.slack", "the secret bot_token is not set"), ("approvals.slack", lacking)} <= found
    monkeypatch.setenv("CRM_CONNECTOR_SLACK_BOT_TOKEN", "xoxb")
    assert program("users", "add", "ada", "--role", "approver", "--by", "root", "--config", config).code == 0
    assert program("users", "link", "ada", "slack", "U0ADA", "--by", "root", "--config", config).code == 0
    assert program("users", "link", "ada", "crm", "12345", "--by", "root", "--config", config).code == 0
    left = problems(program, config)
    assert not any(subject == "approvals.slack" for subject, _ in left)
    assert ("approvals.tasks", lacking) not in left


def test_an_account_is_one_persons_until_it_is_unlinked(program, config):
    for name in ("ada", "bob"):
        program("users", "add", name, "--role", "approver", "--by", "root", "--config", config)
    link = ("users", "link", "bob", "crm", "12345", "--by", "root", "--config", config)
    assert program("users", "link", "ada", "crm", "12345", "--by", "root", "--config", config, "--json").document == {
        "name": "ada", "place": "crm", "account": "12345",
    }  # fmt: skip
    assert program(*link).code == 1
    gone = program("users", "unlink", "crm", "12345", "--by", "root", "--config", config, "--json")
    assert gone.document["was_known"] is True
    assert program(*link).code == 0
    assert program("users", "link", "bob", "elsewhere", "1", "--by", "root", "--config", config).code == 2

"""The program as people call it, and a made-up company whose service has read and learned already."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox import serve
from connector.cli.main import main
from connector.cli.staged import SeededCrm, seed_crm
from connector.clock import SystemClock
from connector.gate import audits

TOKEN = "CRM_CONNECTOR_CRM_ACCESS_TOKEN"


@dataclass(frozen=True)
class Said:
    """What one call of the program came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Program = Callable[..., Said]


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    """Call `crm-connector` in this process."""
    monkeypatch.setenv("COLUMNS", "160")

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["crm-connector", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        captured = capsys.readouterr()
        return Said(code=code, out=captured.out, err=captured.err)

    return call


@dataclass(frozen=True)
class Company:
    """A served HubSpot with a workspace of its own: settings, policy, and a state that has read the history."""

    crm: SeededCrm
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "connector.yaml"

    def policy(self, old: str, new: str) -> None:
        """Change the policy file."""
        path = self.folder / "policies" / "ticket-triage.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture(scope="session")
def served_crm() -> Iterator[tuple[SeededCrm, str]]:
    crm = seed_crm("hubspot", seed=5, clock=SystemClock(), tickets=120, index_lag_ms=(0, 0))
    with serve(crm.face) as url:
        yield crm, url


@pytest.fixture(scope="session")
def learned_workspace(served_crm: tuple[SeededCrm, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace after its baseline: made once, copied by every test."""
    crm, url = served_crm
    folder = tmp_path_factory.mktemp("workspace") / "crm"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN, crm.secrets["access_token"])
        for arguments in (
            ["init", str(folder), "--system", "hubspot", "--set", f"base_url={url}", "--json"],
            ["run", "--once", "--linger", "0", "--json", "--config", str(folder / "connector.yaml")],
        ):
            patch.setattr(sys, "argv", ["crm-connector", *arguments])
            main_stopped_well()
            config = folder / "connector.yaml"
            if arguments[0] == "init":
                config.write_text(config.read_text() + "learning: quick\n")
    return folder


def main_stopped_well() -> None:
    code: object = 0
    try:
        main()
    except SystemExit as stopped:
        code = stopped.code
    assert not code


@pytest.fixture
def company(
    served_crm: tuple[SeededCrm, str], learned_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Company:
    folder = tmp_path / "crm"
    shutil.copytree(learned_workspace, folder)
    monkeypatch.setenv(TOKEN, served_crm[0].secrets["access_token"])
    monkeypatch.setenv("CRM_CONNECTOR_CONFIG", str(folder / "connector.yaml"))
    monkeypatch.setenv("CRM_CONNECTOR_USER", "robin")
    monkeypatch.setattr(audits, "BLIND_SHARE", 0.0)  # by which fifth a question falls to would be chance
    return Company(crm=served_crm[0], folder=folder)

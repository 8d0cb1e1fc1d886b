"""The program as a whole: its help, its exit codes, its speed, and that every command is explained."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from connector.cli.main import COMMANDS
from tests.unit.cli.conftest import Program

ROOT = Path(__file__).parents[3]
HEAVY = ("lancedb", "anthropic", "sklearn", "numpy", "simple_salesforce", "hubspot", "connector.pipeline", "rich", "cel")


def test_the_help_of_the_program_names_every_command(program: Program) -> None:
    said = program("--help")
    assert said.code == 0
    listed = re.findall(r"^  ([a-z]+) {2,}", said.out.split("Commands:")[1], re.MULTILINE)
    assert listed == list(COMMANDS)


def test_the_help_of_the_program_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['crm-connector', '--help']\n"
        "from connector.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_of_itself_what_the_program_says_of_it(name: str, program: Program) -> None:
    command = typer.main.get_command(import_module(f"connector.cli.{name}").app)
    first = " ".join((command.help or "").split("\n\n")[0].split())
    assert first.removesuffix(".") == COMMANDS[name].removesuffix(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example(name: str, program: Program) -> None:
    command = typer.main.get_command(import_module(f"connector.cli.{name}").app)
    called = getattr(command, "commands", None)
    for inner in called or [None]:
        said = program(name, *([inner] if inner else []), "--help")
        assert said.code == 0
        assert "Example:" in said.out, (name, inner)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_can_be_copied_whole_from_eighty_columns(
    name: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    command = typer.main.get_command(import_module(f"connector.cli.{name}").app)
    inner = getattr(command, "commands", {})
    for called, epilog in [(one, inner[one].epilog) for one in inner] or [(None, command.epilog)]:
        shown = program(name, *([called] if called else []), "--help").out.partition("Example:")[2]
        assert all(len(line) < 80 for line in shown.splitlines()), shown
        # What a shell makes of it: a backslash is followed by the end of its line, else it is none that goes on.
        copied = shown.replace("\\\n", " ")
        assert "\\" not in copied
        assert copied.split() == epilog.removeprefix("Example:").split()


def test_a_group_of_commands_shows_an_example_too(program: Program) -> None:
    assert "Example: crm-connector approvals list" in program("approvals", "--help").out


def test_the_prose_of_a_help_fills_the_terminal(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = program("backfill", "--help").out
    prose = said.partition("What it will")[2].partition("╭")[0]
    lines = [line.strip() for line in prose.splitlines() if line.strip()]
    assert len(lines) == 3
    assert all(len(line) > 60 for line in lines[1:-1])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_entry_in_the_documentation(name: str) -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    assert f"\n## {name}\n" in text
    command = typer.main.get_command(import_module(f"connector.cli.{name}").app)
    for inner in getattr(command, "commands", None) or ():
        assert re.search(rf"`(crm-connector )?{name} {inner}\b", text), f"{name} {inner}"


def test_every_command_the_readme_types_exists() -> None:
    typed = re.findall(r"^crm-connector (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert typed
    assert set(typed) <= set(COMMANDS)


def test_an_unknown_command_is_misuse_and_the_nearest_is_named(program: Program) -> None:
    said = program("aprovals")
    assert said.code == 2
    assert "approvals" in said.err
    assert said.out == ""


def test_trouble_is_a_message_and_the_next_command_never_a_traceback(program: Program, tmp_path: Path) -> None:
    said = program("status", "--config", tmp_path / "none.yaml")
    assert said.code == 1
    assert "there is no such file" in said.err
    assert "next: crm-connector init" in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_trouble_under_json_is_one_document(program: Program, tmp_path: Path) -> None:
    said = program("status", "--json", "--config", tmp_path / "none.yaml")
    assert said.code == 1
    assert said.document["error"] == "SettingsError"
    assert said.document["next"] == "crm-connector init"


def test_the_version_is_said(program: Program) -> None:
    assert re.fullmatch(r"crm-connector \d+\.\d+\.\d+\n", program("--version").out)


def test_the_sandbox_says_what_connector_yaml_needs(program: Program) -> None:
    said = program("sandbox", "both", "--port", 0, "--tickets", 5, "--arrivals", 0.05, "--seconds", 0.2, "--json")
    assert said.code == 0
    hubspot, salesforce = said.document["connections"]
    assert hubspot["block"] == {"system": "hubspot", "base_url": hubspot["url"]}
    assert salesforce["block"]["instance_url"] == salesforce["url"]
    assert hubspot["environment"] == {"CRM_CONNECTOR_CRM_ACCESS_TOKEN": hubspot["secrets"]["access_token"]}
    assert "came in" in said.err

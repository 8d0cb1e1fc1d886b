"""`users`, `web` and `run` with a page: a token that is shown once opens a really served page, and both stop when told."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from connector.cli.log import Quiet
from connector.cli.opening import open_connections
from connector.cli.pages import policy_problems
from connector.settings import load_settings
from tests.unit.cli.conftest import Company, Program


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@contextmanager
def running(*arguments: str, until: str) -> Iterator[subprocess.Popen[str]]:
    """The program as a process, once it has said `until`; told to stop at the end, which it does well."""
    process = subprocess.Popen(
        [sys.executable, "-m", "connector.cli.main", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if until in line:
                break
        assert until in "".join(said), "".join(said)
        yield process
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=60)[0]
        assert process.returncode in (0, -signal.SIGTERM), rest
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.communicate()


def comes_in(port: int, name: str, token: str) -> bool:
    """Whether this token opens the page that is served on a port."""
    home = f"http://127.0.0.1:{port}"
    with requests.Session() as browser:
        assert "Sign in" in browser.get(f"{home}/", timeout=30).text
        own = {"Origin": home, "Sec-Fetch-Site": "same-origin"}
        entered = browser.post(f"{home}/sign-in", data={"name": name, "token": token}, headers=own, timeout=30)
        return "Sign out" in entered.text and "Approvals" in entered.text


def test_users_are_added_listed_and_removed(company: Company, program: Program) -> None:
    assert "nobody may come in yet" in program("users", "list").out
    token = program("users", "add", "ada", "--role", "approver", "--json").document["token"]
    assert re.fullmatch("[0-9a-f]{64}", token)
    assert token not in program("users", "list").out
    [listed] = program("users", "list", "--json").document["users"]
    assert (listed["name"], listed["role"], listed["added_by"]) == ("ada", "approver", "robin")
    assert program("users", "remove", "ada").code == 0
    assert program("users", "list", "--json").document == {"users": []}
    assert program("users", "remove", "ada").code == 1
    assert program("users", "add", "Ada L", "--role", "viewer").code == 1
    assert program("users", "add", "ada", "--role", "king").code == 2


def test_the_page_is_served_alone(company: Company, program: Program) -> None:
    token, port = program("users", "add", "ada", "--role", "viewer", "--json").document["token"], free_port()
    with running("web", "--port", str(port), until="the page is on"):
        assert comes_in(port, "ada", token)
        assert not comes_in(port, "ada", "0" * 64)
        taken = program("web", "--port", port)
    assert taken.code == 1
    assert "Address already in use" in taken.err


def test_the_service_serves_the_page_beside_its_work(company: Company, program: Program) -> None:
    token, port = program("users", "add", "ada", "--role", "viewer", "--json").document["token"], free_port()
    company.config.write_text(company.config.read_text() + f"web: {{port: {port}}}\n")
    with running("run", until="page_served"):
        assert comes_in(port, "ada", token)


@pytest.mark.parametrize("command", ["web", "users"])
def test_the_commands_say_what_they_do(program: Program, command: str) -> None:
    assert "page" in program(command, "--help").out


def test_a_policy_file_that_cannot_be_taken_up_is_told_for_the_health_page(company: Company) -> None:
    settings = load_settings(company.config)
    adapters = open_connections(settings, Quiet()).adapters
    assert policy_problems(settings, adapters) == ()
    company.policy("goal:", "gaol:")
    [*said] = policy_problems(settings, adapters)
    assert any("gaol: unknown key, did you mean `goal`?" in one for one in said)
    company.policy("gaol:", "goal:")
    company.policy("    category:", "    no_such_field:")
    assert any("no_such_field" in one for one in policy_problems(settings, adapters))

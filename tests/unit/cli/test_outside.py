"""What commands print and log, and which hosts a connection may call."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.cli.hosts import hosts_of
from connector.cli.log import open_log
from connector.cli.output import away, plain, span
from connector.settings import loader

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("trick", ["\x1b[2J", "\x1b]0;title\x07", "\u202egpj.exe", "\u200bhidden", "a\rb", "\x9b31m"])
def test_foreign_text_cannot_steer_a_terminal(trick: str) -> None:
    shown = plain(f"before {trick} after")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b\u202e]", shown)
    assert shown.startswith("before ")
    assert shown.endswith(" after")


def test_a_line_end_is_shown_as_a_sign_or_kept() -> None:
    assert plain("one\ntwo") == "one⏎two"
    assert plain("one\ntwo", lines=True) == "one\ntwo"


def test_times_are_said_in_their_two_largest_units() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert span(timedelta(days=3, hours=2, minutes=5)) == "3 d 2 h"
    assert away(now + timedelta(minutes=5), now) == "in 5 min"
    assert away(now - timedelta(seconds=61), now) == "1 min 1 s ago"


SECRETS = ("pat-eu1-3f2a9c11-77aa", "Bearer abcdefgh", "sk-ant-REDACTED", "00D5g0000000001!AQabc.def")


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_never_reaches_the_log(secret: str) -> None:
    stream = io.StringIO()
    log = open_log(stream)
    headers = {"Authorization": secret}
    log.info("signed_in", access_token=secret, reason=f"answered to {secret}", headers=headers, seen=[secret])
    written = stream.getvalue()
    assert json.loads(written)["event"] == "signed_in"
    assert secret not in written
    assert secret.removeprefix("Bearer ") not in written


def test_a_traceback_in_the_log_holds_no_local_variables() -> None:
    stream = io.StringIO()
    log = open_log(stream)
    hidden = "the customer's words"
    try:
        raise ValueError("broken")
    except ValueError:
        log.warning("step_failed", exc_info=True)
    assert "broken" in stream.getvalue()
    assert hidden not in stream.getvalue()


def test_a_connection_is_pinned_to_the_addresses_it_names() -> None:
    assert hosts_of("hubspot", {}) == ("https://api.hubapi.com",)
    assert hosts_of("hubspot", {"base_url": "http://127.0.0.1:8801/"}) == ("http://127.0.0.1:8801",)
    own = {"login_url": "https://acme.my.salesforce.com"}
    assert hosts_of("salesforce", own) == ("https://acme.my.salesforce.com",)


def test_a_generic_login_opens_the_orgs_it_may_lead_to() -> None:
    assert hosts_of("salesforce", {}) == ("https://login.salesforce.com", "https://*.my.salesforce.com")
    named = {"login_url": "https://login.salesforce.com", "instance_url": "https://acme.my.salesforce.com"}
    assert "https://*.my.salesforce.com" not in hosts_of("salesforce", named)


def test_every_setting_has_an_entry_in_the_documentation() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    source = Path(loader.__file__).read_text()
    known = set(re.findall(r'"([a-z_]+)"', " ".join(re.findall(r"\.only\(root, \"\", \{(.*?)\}\)", source, re.DOTALL))))
    for section, keys in re.findall(r'\.section\(root, "(\w+)", \{(.*?)\}\)', source):
        known |= {f"{section}.{key}" for key in re.findall(r'"([a-z_]+)"', keys)}
    known -= {"journal"}
    known |= {f"models.{tier}" for tier in ("fast", "standard", "deep", "local")}
    assert len(known) > 15
    missing = [key for key in sorted(known) if f"`{key}`" not in text]
    assert not missing


def test_the_settings_of_the_documentation_are_read(tmp_path: Path) -> None:
    from connector.cli.log import Quiet
    from connector.cli.opening import open_connections

    [block] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "settings.md").read_text(), re.DOTALL)
    file = tmp_path / "connector.yaml"
    file.write_text(block)
    settings = loader.load_settings(file)
    opened = open_connections(settings, Quiet())
    assert opened.budgets[settings.connections[0].name].daily == 250_000

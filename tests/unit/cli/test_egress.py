"""The egress ledger as people read it, filled by what commands and the service really call."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connector.adapter import Departure, HttpRequest, Purpose, Tally
from connector.cli.egress import app
from connector.cli.log import Quiet
from connector.cli.metering import WrittenThrough, keep_departures
from connector.cli.outside import Opening
from connector.clock import SystemClock
from connector.errors import ConnectorError
from connector.journal import departures_since, note_departures
from connector.pipeline import prepare
from connector.settings import load_settings
from connector.store import SqliteStore

TODAY = datetime.now(UTC).date()
ROOT = Path(__file__).parents[3]


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "connector.yaml"
    file.write_text("schema: 1\nconnections: {crm: {system: hubspot}}\n")
    (tmp_path / "state").mkdir(mode=0o700)
    return file


@pytest.fixture
def store(config):
    opened = SqliteStore(config.parent / "state" / "state.db")
    prepare(opened)
    yield opened
    opened.close()


def left(day: date = TODAY, **counts: int) -> Departure:
    return Departure(day=day, host="api.example.com", purpose=Purpose.CRM, on_behalf="crm", **counts)


def told(config, *arguments: str):
    result = CliRunner().invoke(app, [*arguments, "--config", str(config), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["departures"]


def test_the_ledger_adds_up_over_flushes_and_commands(config, store):
    tally = Tally()
    tally.count(left(requests=2, sent=10, received=5))
    keep_departures(store, tally)
    keep_departures(store, tally)
    WrittenThrough(config.parent / "state" / "state.db").count(left(requests=1, sent=1))
    [row] = told(config)
    assert (row["requests"], row["sent"], row["received"]) == (3, 11, 5)
    assert (row["host"], row["purpose"], row["on_behalf"]) == ("api.example.com", "crm", "crm")


def test_older_days_are_told_when_asked_for_and_forgotten_at_last(config, store):
    with store.transaction("test: days") as tx:
        note_departures(tx, [left(TODAY - timedelta(days=500), requests=1), left(TODAY - timedelta(days=20), requests=1)])
    assert told(config) == []
    assert len(told(config, "--days", "30")) == 1
    with store.snapshot() as tx:
        assert len(departures_since(tx, date(2000, 1, 1))) == 1


def test_people_read_hosts_and_counts(config, store):
    WrittenThrough(config.parent / "state" / "state.db").count(left(requests=1, sent=12_345))
    shown = CliRunner().invoke(app, ["--config", str(config)]).output
    assert "api.example.com" in shown


def test_what_a_connection_calls_stands_in_the_ledger(config, store, monkeypatch):
    """The real client, the real transport, a server on this machine that is not there: nothing left, nothing counts."""
    tally = Tally()
    opening = Opening(load_settings(config), SystemClock(), Quiet(), tally)
    transport = opening._transport_to("channels.chat", "http://127.0.0.1:9/hook")
    with pytest.raises(ConnectorError):
        transport.send(HttpRequest(method="POST", url="http://127.0.0.1:9/hook", body=b"x", connect=1, read=1))
    assert list(tally.take()) == []


def test_no_transport_is_opened_without_a_meter():
    """A new way out that nobody counts is a hole in the ledger."""
    found = []
    for folder in ("connector", "adapters"):
        for file in (ROOT / folder).rglob("*.py"):
            text = re.sub(r"\s+", "", file.read_text())
            if file.name == "http.py" or "adapters/conformance" in str(file):
                continue
            for place in re.finditer(r"(?<!class)HttpTransport\(", text):
                before = text[max(0, place.start() - 12) : place.start()]
                if not before.endswith("Metered(") and "Metered(self._transports[" not in text:
                    found.append(str(file))
    assert found == []

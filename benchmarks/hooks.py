"""From a webhook's delivery to the decision and to the write, with the real service, real HTTP and the offline tier.

Polling is set to an hour, so that what is measured came by the door; with `--poll 10s` it goes on beside. Prints one JSON
document.

    python -m benchmarks.hooks --events 100 --rate 5
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

import requests

from adapters.sandbox import serve
from adapters.sandbox.hubspot.webhooks import WebhookSender
from connector.cli.staged import SeededCrm, secret_variable, seed_crm
from connector.clock import SystemClock
from connector.evaluation.rehearse.process import DaemonProcess
from connector.store import SqliteStore

POLICY = """
schema: 1
policy: sorter
goal: Measure how soon a hint is acted on.
when: {object: ticket, events: [created], where: status == 'new'}
agent:
  custom: sorter
  fields: [subject]
  instructions: Sort.
  schema: {priority: {kind: option, options: [low, high]}}
  rules: [{when: "subject.contains('urgent')", then: {priority: high}}]
may: {update: {priority: {options: [low, high]}}}
gate: {supervised: never, target: 90%}
limits: {records_per_hour: 1000000, share_of_object: 100%}
handoff: {to: support}
"""
SECRET = "benchmark"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def laid_out(folder: Path, crm: SeededCrm, url: str, port: int, poll: str) -> DaemonProcess:
    (folder / "policies").mkdir()
    (folder / "policies" / "sorter.yaml").write_text(POLICY, encoding="utf-8")
    hooks = {"port": port, "origin": f"http://127.0.0.1:{port}", "sources": {"crm": {"kind": "hubspot"}}}
    settings = {"schema": 1, "poll": poll, "connections": {"crm": crm.block(url)}, "hooks": hooks}
    config = folder / "connector.yaml"
    config.write_text(json.dumps(settings), encoding="utf-8")
    secrets = {secret_variable("crm", name): value for name, value in crm.secrets.items()}
    environment = {**secrets, "CRM_CONNECTOR_CRM_HOOK_SECRET": SECRET}
    return DaemonProcess(config=config, environment=environment, log=folder / "daemon.log")


def until(what: str, seconds: float, holds: Any) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)


def posted(crm: SeededCrm, sender: WebhookSender, count: int, rate: float) -> dict[str, float]:
    """New tickets at a steady rate, each told as HubSpot tells it; when each delivery was answered."""
    sent: dict[str, float] = {}
    answers = []
    session = requests.Session()
    begun = time.monotonic()
    for place in range(count):
        time.sleep(max(0.0, begun + place / rate - time.monotonic()))
        ticket = crm.arrive(f"urgent {place}", "Please help.")
        for delivery in sender.collect():
            at = time.time()
            answer = session.post(delivery.url, data=delivery.body, headers=dict(delivery.headers), timeout=5)
            answers.append(time.time() - at)
            if answer.status_code != 204:
                raise SystemExit(f"the door answered {answer.status_code}")
            sent.setdefault(ticket, at)
    print(f"slowest answer of the door: {max(answers):.3f} s")
    return sent


def decided(state: Path) -> Mapping[str, float]:
    store = SqliteStore(state)
    try:
        with store.snapshot() as tx:
            return {row["record"]: row["decided_at"] / 1e6 for row in tx.rows("SELECT * FROM decision_decisions")}
    finally:
        store.close()


def spread(seconds: Sequence[float]) -> Mapping[str, float]:
    cuts = quantiles(seconds, n=20, method="inclusive")
    return {"median": round(cuts[9], 3), "p95": round(cuts[18], 3), "max": round(max(seconds), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--poll", default="60m")
    asked = parser.parse_args()
    random.seed(1)
    crm, port = seed_crm("hubspot", seed=1, clock=SystemClock(), tickets=20), free_port()
    with tempfile.TemporaryDirectory() as name, serve(crm.face) as url:
        folder = Path(name)
        daemon = laid_out(folder, crm, url, port, asked.poll)
        daemon.start()
        try:
            state = folder / "state" / "state.db"
            until("the baseline", 60, lambda: daemon.alive and "hooks_served" in daemon.last_words(200))
            time.sleep(5)
            door = f"http://127.0.0.1:{port}/hooks/crm"
            assert urlsplit(door).port == port
            sender = WebhookSender.from_now(_portal(crm), door, SECRET)
            sent = posted(crm, sender, asked.events, asked.rate)
            until("every decision", 60, lambda: sent.keys() <= decided(state).keys())
            at = decided(state)
            field = "hs_ticket_priority"
            until("every write", 60, lambda: all(crm.value(ticket, field) == "HIGH" for ticket in sent))
        finally:
            daemon.stop()
    print(json.dumps({
        "events": len(sent), "per_second": asked.rate, "poll": asked.poll,
        "delivery_to_decision_seconds": spread([at[ticket] - sent[ticket] for ticket in sent]),
    }))  # fmt: skip


def _portal(crm: SeededCrm) -> Any:
    return crm.face.portal  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()

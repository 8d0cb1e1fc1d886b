"""A rehearsal's log, decisions and figures, read by a program that knows nothing but what their description says."""

from __future__ import annotations

import csv
import json
import random
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connector.cli.rehearse import _open_road
from connector.decision.agents import AGENTS
from connector.evaluation.rehearse import Plan, rehearse
from connector.evaluation.rehearse.faults import profile
from connector.record import FieldName
from tests.scenario.test_the_real_daemon import messages

KEYS = ["time", "kind", "actor", "record", "field", "before", "after", "marker", "request"]
FIELD = {"hubspot": "hs_ticket_category", "salesforce": "Type"}


def exported(path: Path, count: int, seed: int) -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file)
        rows.writerow(["label", "text"])
        rows.writerows((row.label, row.text) for row in messages(random.Random(seed), count))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_log_decisions_and_figures_tell_one_story(tmp_path, system):
    incoming = exported(tmp_path / "incoming.csv", 80, 3)
    log, decisions = tmp_path / "crm.jsonl", tmp_path / "decisions.csv"
    done = asdict(rehearse(
        Plan(
            policy=Path("policies/ticket-triage.yaml"), system=system, history=exported(tmp_path / "history.csv", 240, 1),
            verdicts=exported(tmp_path / "verdicts.csv", 240, 2), incoming=incoming, text="text", label="label",
            name=FieldName("category"), target=Decimal("0.8"), rate=500, decisions=decisions, crm_log=log, rep_edits=25,
            faults=profile("network", system), kills=1, seed=4, effort="quick", agents=AGENTS,
        ),
        _open_road, print, print,
    ))  # fmt: skip

    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert all(list(line) == KEYS for line in lines)
    assert {line["kind"] for line in lines} == {"call", "write"}
    assert {line["actor"] for line in lines} <= {"agent", "rep", "automation", "setup"}
    assert all(datetime.fromisoformat(line["time"]).tzinfo for line in lines)

    created: list[str] = []
    writes = defaultdict(list)
    stands: dict[tuple[str, str], object] = {}
    for line in (one for one in lines if one["kind"] == "write"):
        place = (line["record"], line["field"])
        assert line["before"] == stands.get(place, line["before"]), "each value follows from the one before"
        stands[place] = line["after"]
        if line["actor"] == "setup" and line["record"] not in created:
            created.append(line["record"])
        if line["field"] == FIELD[system]:
            writes[line["record"]].append(line)
    labelled = {record for record in writes if writes[record][0]["actor"] == "setup"}
    tickets = [record for record in created if record.split("/")[0] in ("tickets", "Case") and record not in labelled]

    with decisions.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [str(place) for place in range(80)] == [str(n) for n in range(len(tickets))]
    edited = 0
    for record, row in zip(tickets, rows, strict=True):
        actors = [line["actor"] for line in writes[record]]
        if "rep" in actors:
            edited += 1
            theirs = [line["after"] for line in writes[record] if line["actor"] == "rep"]
            assert stands[record, FIELD[system]] == theirs[-1], "what a person set is what stands in the end"
            assert row["disposition"] != "auto"
        elif row["disposition"] == "auto":
            assert actors == ["agent"]
            assert stands[record, FIELD[system]] == row["value"]
        else:
            assert actors == []
    alone = [row for row in rows if row["disposition"] == "auto"]
    assert (done["auto_applied"], done["rep_edits"], done["rep_edits_kept"]) == (len(alone), edited, edited)
    assert (done["lost"], done["duplicate_writes"], done["silent_overwrites"]) == (0, 0, 0)
    assert edited > 10
    assert len(alone) > 10
    assert done["crm_calls"] == sum(line["kind"] == "call" for line in lines)

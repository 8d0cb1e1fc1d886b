"""The same record makes the same context in every process: the order of fields and passages hangs on no hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STORY = """
import json, sys, tempfile
from datetime import date
from pathlib import Path
from connector.action import UpdateField
from connector.policy import Tier
from connector.record import FieldName, ObjectType
from tests.support.deals import SALES, Clerk, sales_policy
from tests.support.road import Road

def told(crm):
    desk = SALES[crm]()
    clerk = Clerk(lambda question: [])
    policy = sales_policy(when="{object: opportunity, events: [created]}")
    with tempfile.TemporaryDirectory() as folder:
        road = Road(desk, Path(folder), under=policy, models=lambda store, clock: {Tier.OFFLINE: clerk})
        road.activate()
        desk.create(ObjectType.OPPORTUNITY, {
            "name": "Big deal", "close_date": date(2026, 12, 1), "next_step": "Send the offer.",
            "description": "They want a quote for the second site. " * 5,
        })
        road.rounds()
        road.store.close()
    [question] = clerk.asked
    passages = [passage.source for passage in question.context.passages]
    return [[str(name) for name in question.context.record.fields], passages, question.context.digest]

print(json.dumps({crm: told(crm) for crm in sys.argv[1:]}))
"""
CRMS = ("hubspot", "salesforce")


def told(seed: str) -> dict[str, list[Any]]:
    """The fields, the passages and the digest of one deal on each CRM, in a process that hashes by this seed."""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    asked = [sys.executable, "-c", STORY, *CRMS]
    done = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def test_two_processes_put_the_same_passages_in_the_same_order():
    first = told("1")
    assert [crm for crm in CRMS if "opportunity.next_step" in str(first[crm])] == [*CRMS]
    assert told("2") == first

"""The same record makes the same context in every process: the order of fields and passages hangs on no hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORY = """
import sys, tempfile
from datetime import date
from pathlib import Path
from connector.action import UpdateField
from connector.policy import Tier
from connector.record import FieldName, ObjectType
from tests.support.deals import SALES, Clerk, sales_policy
from tests.support.road import Road

desk = SALES[sys.argv[1]]()
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
print([str(name) for name in question.context.record.fields])
print([passage.source for passage in question.context.passages], question.context.digest)
"""


def told(crm: str, seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    asked = [sys.executable, "-c", STORY, crm]
    done = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_two_processes_put_the_same_passages_in_the_same_order(crm):
    first = told(crm, "1")
    assert "opportunity.next_step" in first
    assert told(crm, "2") == first

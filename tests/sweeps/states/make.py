"""Make a state file in mid-queue with whatever version this runs under, as SQL text: `python make.py FOLDER NAME`.

Run it in a checkout of the version (`PYTHONPATH=.`); it makes NAME-hubspot.sql and NAME-salesforce.sql.
The first lines of a text tell what was done in the CRM at which time, so that a test can do the same again.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from pathlib import Path

from connector.record import RecordRef
from tests.support.given import policy
from tests.support.road import DESKS, Road

ASK = policy(gate="{supervised: until_earned}", may="{update: {category: {}}}")


class DiedError(BaseException):
    """The process dies while its call is under way."""


def die() -> None:
    raise DiedError


def _ticket(road: Road, word: str, made: list[dict[str, str]]) -> RecordRef:
    at, subject = road.clock.now(), f"Charged twice {word}"
    ticket = road.ticket(subject)
    made.append({"what": word, "id": ticket.id, "at": at.isoformat(), "subject": subject})
    return ticket


def _approve(road: Road, ticket: RecordRef) -> None:
    [question] = road.approvals(ticket)
    road.pipeline.people.approve(question.id, by="ada")


def make(system: str, folder: Path) -> str:
    """One question that waits, one approved write, one write that was being sent, one change nobody has decided."""
    road = Road(DESKS[system](), folder, under=ASK)
    road.activate()
    made, tickets = [], {}
    for word in ("asked", "approved", "sending"):
        tickets[word] = _ticket(road, word, made)
        road.rounds()
    _approve(road, tickets["sending"])
    road.between.before_write.append(die)
    try:
        road.write()
    except DiedError:
        _approve(road, tickets["approved"])
    else:
        raise SystemExit("nothing was being sent")
    _ticket(road, "captured", made)
    road.capture()
    made.append({"what": "end", "at": road.clock.now().isoformat()})
    road.store.close()
    with sqlite3.connect(folder / "state.db") as database:
        script = "\n".join(database.iterdump())
    return "".join(f"-- {json.dumps(line)}\n" for line in made) + script + "\n"


if __name__ == "__main__":
    target, name = Path(sys.argv[1]), sys.argv[2]
    for one in DESKS:
        with tempfile.TemporaryDirectory() as scratch:
            (target / f"{name}-{one}.sql").write_text(make(one, Path(scratch)))

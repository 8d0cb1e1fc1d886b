"""Two CRMs, one road: reps edit and correct us, flows rewrite, records go and merge, the daemon restarts, people undo.

In the end all promises hold.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from connector.simulation.checker import check
from connector.simulation.crash import SimulatedCrash
from connector.simulation.crm import SimulatedCrm, automation_on
from connector.simulation.disk import make_template
from connector.simulation.policies import drawn_policies
from connector.simulation.profile import QUIET
from connector.simulation.run import Run
from connector.simulation.setup import Setup
from connector.simulation.staff import PRIORITIES, WORDS

MOVES = (
    "_create", "_create", "_reword", "_describe", "_decide_self", "_restatus", "_there_and_back", "_same_second", "_delete",
    "_undelete", "_merge", "_link",
)  # fmt: skip
PLACES = st.sampled_from(("crm", "other"))
FIELDS = ("category", "priority")


def values_of(crm: SimulatedCrm, field: str) -> Sequence[str]:
    return crm.natives.categories if field == "category" else PRIORITIES


def overruled(journal: Sequence[Mapping[str, Any]]) -> list[str]:
    """Fields that a person took back and that an agent was let write again without a person, by the journal's own words."""
    corrected: set[tuple[str, str]] = set()
    found = []
    for entry in journal:
        body = entry["body"] or {}
        if entry["kind"] == "corrected":
            corrected.add((entry["ref"], body["field"]))
        elif entry["kind"] == "allowed" and (entry["ref"], body["action"].get("field")) in corrected:
            found.append(f"{entry['ref']}: {body['action']['field']} was allowed after a person had corrected it")
    return found


class TwoCrms(RuleBasedStateMachine):
    """A HubSpot portal and a Salesforce org under the same policies."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()

    @initialize(seed=st.integers(0, 10_000), flows=st.booleans(), undone=st.booleans())
    def begin(self, seed: int, flows: bool, undone: bool) -> None:
        folder = Path(self.folder.name)
        policies = tuple(drawn_policies(random.Random(seed)))
        setup = Setup(seed=seed, systems=("hubspot", "salesforce"), profile=QUIET, policies=policies, revert=undone)
        self.run = Run(setup, folder, make_template(folder))
        if flows:
            for crm in self.run.machine.crms.values():
                automation_on(crm, "priority", {"low": {"priority": "normal"}})
        self.run._history()

    @rule(place=PLACES, move=st.sampled_from(MOVES), luck=st.integers(0, 1_000))
    def somebody_acts(self, place: str, move: str, luck: int) -> None:
        staff = self.run.staff[place]
        staff._try(getattr(staff, move), random.Random(luck))

    @rule(seconds=st.sampled_from((0.2, 3.0, 45.0, 400.0)))
    def time_passes_and_the_daemon_works(self, seconds: float) -> None:
        self.run._pass(seconds)
        self.run.round()

    @rule(luck=st.integers(0, 1_000))
    def people_answer(self, luck: int) -> None:
        chance = random.Random(luck)
        self.run._guarded(lambda process: self.run.reviewers.act(process.road, chance))

    @rule(which=st.integers(0, 1))
    def somebody_takes_a_policy_back(self, which: int) -> None:
        policy = self.run.policies[which % len(self.run.policies)]
        self.run._guarded(partial(self.run._take_back, policy=str(policy["policy"])))

    @rule(place=PLACES, field=st.sampled_from(FIELDS), luck=st.integers(0, 1_000))
    def a_rep_corrects_us_and_the_customer_writes_again(self, place: str, field: str, luck: int) -> None:
        crm, chance = self.run.machine.crms[place], random.Random(luck)
        lines = crm.org.log.entries()
        ours = [one for one in lines if (one.kind, one.actor, one.field) == ("write", "agent", crm.natives.fields[field])]
        if not ours:
            return
        ticket = str(chance.choice(ours).record).partition("/")[2]
        other = chance.choice([value for value in values_of(crm, field) if value != crm.value(ticket, field)])
        self._edit(place, ticket, {field: other})
        self.time_passes_and_the_daemon_works(400.0)
        self._edit(place, ticket, {"subject": f"{chance.choice(WORDS)} again {luck}"})
        self.time_passes_and_the_daemon_works(400.0)

    def _edit(self, place: str, ticket: str, values: dict[str, str]) -> None:
        crm, staff = self.run.machine.crms[place], self.run.staff[place]

        def edit(chance: random.Random) -> str:
            crm.edit(ticket, values, rep=crm.reps[0])
            return f"a rep sets {values} of {ticket}"

        staff._try(edit, random.Random(0))

    @precondition(lambda self: self.run.process is not None)
    @rule(power=st.booleans())
    def the_daemon_dies(self, power: bool) -> None:
        def crash(process: object) -> None:
            raise SimulatedCrash("killed by the test")

        self.run.machine.crashes.places["killed by the test"] += 1
        self.run._die("killed by the test", power=power)

    @rule(place=PLACES, name=st.sampled_from(("reset_after_apply", "write_between_read_and_patch", "late_commit")))
    def something_goes_wrong_once(self, place: str, name: str) -> None:
        self.run.machine.crms[place].faults.arm(name)

    def teardown(self) -> None:
        if hasattr(self, "run"):
            evidence = self.run._finished()
            assert [str(found) for found in check(evidence)] == []
            assert overruled(evidence.journal) == []
        self.folder.cleanup()


TestTwoCrms = TwoCrms.TestCase
TestTwoCrms.settings = settings(
    max_examples=int(os.environ.get("TWO_CRMS_EXAMPLES", "8")), stateful_step_count=20, deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_a_field_taken_back_and_written_again_is_seen() -> None:
    """What the machine looks for at its end, as a broken gate would leave it."""
    action = {"kind": "update", "field": "priority"}
    told = [{"kind": "allowed", "ref": ref, "body": {"action": action}} for ref in ("crm:ticket/1", "crm:ticket/2")]
    corrected = {"kind": "corrected", "ref": "crm:ticket/1", "body": {"field": "priority"}}
    assert overruled([*told, corrected]) == []
    assert overruled([corrected, *told]) == ["crm:ticket/1: priority was allowed after a person had corrected it"]

"""Two CRMs, one road: reps edit, flows rewrite, records go and merge, the daemon restarts; in the end all promises hold."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from connector.simulation.checker import check
from connector.simulation.crash import SimulatedCrash
from connector.simulation.crm import automation_on
from connector.simulation.disk import make_template
from connector.simulation.policies import drawn_policies
from connector.simulation.profile import QUIET
from connector.simulation.run import Run, Setup

MOVES = (
    "_create", "_create", "_reword", "_describe", "_decide_self", "_restatus", "_there_and_back", "_same_second", "_delete",
    "_undelete", "_merge", "_link",
)  # fmt: skip
PLACES = st.sampled_from(("crm", "other"))


class TwoCrms(RuleBasedStateMachine):
    """A HubSpot portal and a Salesforce org under the same policies."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()

    @initialize(seed=st.integers(0, 10_000), flows=st.booleans())
    def begin(self, seed: int, flows: bool) -> None:
        folder = Path(self.folder.name)
        policies = tuple(drawn_policies(random.Random(seed)))
        setup = Setup(seed=seed, systems=("hubspot", "salesforce"), profile=QUIET, policies=policies)
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
            assert [str(found) for found in check(self.run._finished())] == []
        self.folder.cleanup()


TestTwoCrms = TwoCrms.TestCase
TestTwoCrms.settings = settings(
    max_examples=int(os.environ.get("TWO_CRMS_EXAMPLES", "8")), stateful_step_count=20, deadline=None,
    suppress_health_check=list(HealthCheck),
)

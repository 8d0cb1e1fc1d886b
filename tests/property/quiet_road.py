"""A quiet simulated road that a test drives by hand: one org, real adapter, no faults unless asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from connector.record import RecordRef
from connector.simulation.disk import make_template
from connector.simulation.policies import simple_policy
from connector.simulation.process import Process
from connector.simulation.profile import QUIET
from connector.simulation.run import Run
from connector.simulation.setup import Setup


class QuietRoad(Run):
    """A run whose story is told by the test."""

    def __init__(self, folder: Path, *policies: dict[str, Any], system: str = "hubspot", seed: int = 1) -> None:
        folder.mkdir(exist_ok=True)
        setup = Setup(seed=seed, systems=(system,), profile=QUIET, policies=policies or (simple_policy(),))
        super().__init__(setup, folder, make_template(folder))
        self.machine = replace(self.machine, batch=200)
        self.crm = self.machine.crms["crm"]
        self._history()

    @property
    def alive(self) -> Process:
        assert self.process is not None
        return self.process

    def ticket(self, **values: str) -> str:
        return self.crm.create({"status": "new", **values}, rep=self.crm.reps[0])

    def edit(self, ticket: str, **values: str | None) -> None:
        self.crm.edit(ticket, values, rep=self.crm.reps[0])

    def value(self, ticket: str, name: str) -> str | None:
        return self.crm.value(ticket, name)

    def ref(self, ticket: str) -> RecordRef:
        return RecordRef.parse(f"{self.crm.connection}:ticket/{ticket}")

    def rounds(self, times: int = 4, seconds: float = 60) -> None:
        for _ in range(times):
            self._pass(seconds)
            self.round()

    def tasks(self, ticket: str) -> int:
        lines = self.crm.org.log.entries()
        return sum(line.field == "task" and str(line.record).endswith(f"/{ticket}") for line in lines)

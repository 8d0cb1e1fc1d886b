"""Agents: which part of which policy acts alone, on what evidence, what is still needed; and a person's word on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.calibration import Agreement
from connector.decision.versions import Shelved, all_versions, in_force
from connector.gate import CellState, audits, cells, labels
from connector.gate.audits import AuditState
from connector.gate.autonomy import agreement
from connector.gate.persons import Role
from connector.pipeline.autonomy import Autonomy
from connector.report.earning import CellReport, earned_so_far
from connector.store import Transaction
from connector.web.house import House
from connector.web.page import Answer, Asked, BadRequestError, NotThereError, Page, SeeOther, Shown, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """One cell as people read it. `audited` counts its audits by how they stand."""

    report: CellReport
    blind: Agreement
    shown: Agreement
    audited: Mapping[AuditState, int]
    since: datetime | None
    was_tested: bool

    @property
    def name(self) -> str:
        return str(self.report.cell)

    @property
    def acts_alone(self) -> bool:
        return self.report.state is CellState.AUTONOMOUS

    @property
    def stands(self) -> str:
        return {
            CellState.SUPERVISED: "supervised again" if self.report.lost_it else "supervised",
            CellState.SHADOW: "shadow", CellState.AUTONOMOUS: "acts alone",
        }[self.report.state]

    @property
    def fewest(self) -> int:
        """How many verdicts without an error would prove the target at the earliest."""
        return self.report.fewest

    @property
    def next_test(self) -> int:
        return self.report.labels + self.report.needed

    @property
    def audits_open(self) -> int:
        return self.audited.get(AuditState.OPEN, 0)

    @property
    def audits_judged(self) -> int:
        return self.audited.get(AuditState.JUDGED, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What one policy's field has been learned from, and the newer version that waits in its shadow."""

    name: str
    acting: Shelved | None
    shadow: Shelved | None


def show(house: House, asked: Asked) -> Answer:
    now = house.clock.now()
    with house.store.snapshot() as tx:
        views = _views(tx, house, now)
        learned = _learned(all_versions(tx))
        open_audits = audits.waiting(tx)
    agents = {str(policy.name): policy.agent.name.replace("_", " ") for policy in house.policies()}
    policies = [
        {
            "name": name, "agent": agents.get(name, "policy no longer there"),
            "cells": [view for view in views if view.report.cell.policy == name],
        }
        for name in dict.fromkeys(view.report.cell.policy for view in views)
    ]
    values = {
        "policies": policies, "learned": learned, "open_audits": open_audits,
        "alone": sum(view.acts_alone for view in views), "cells": len(views),
    }
    return Shown(template="agents.html", values=values)


def act(house: House, asked: Asked) -> Answer:
    """Take autonomy away, or undo a demotion where the verdicts still carry it."""
    with house.store.snapshot() as tx:
        found = {view.name: view for view in _views(tx, house, house.clock.now())}
    view = found.get(asked.posted("cell"))
    if view is None:
        raise NotThereError("There is nothing of this name that could act alone.")
    autonomy = Autonomy(store=house.store, journal=house.journal, clock=house.clock)
    match asked.posted("act"):
        case "demote":
            autonomy.demote(view.report.cell, by=asked.person.name, remark=asked.remark())
        case "promote":
            autonomy.promote(view.report.cell, house.policies(), by=asked.person.name)
        case _:
            raise BadRequestError("autonomy is taken away or given back")
    return SeeOther(path="/agents")


def _views(tx: Transaction, house: House, now: datetime) -> tuple[CellView, ...]:
    audited, standings = audits.tally(tx), cells.standings(tx)
    views = []
    for report in earned_so_far(tx, targets=house.targets(), now=now):
        name = str(report.cell)
        standing = standings.get(name)
        pins = standing.pins if standing is not None else None
        judged = labels.of_cell(tx, report.cell, report.pins, now)
        views.append(CellView(
            report=report, blind=agreement(judged, blind=True), shown=agreement(judged, blind=False),
            audited=audited.get(name, {}), since=standing.changed_at if standing is not None else None,
            was_tested=pins is not None and cells.looks(tx, report.cell, pins) > 0,
        ))  # fmt: skip
    return tuple(views)


def _learned(versions: Sequence[Shelved]) -> list[Learned]:
    by_key: dict[str, list[Shelved]] = {}
    for one in versions:
        by_key.setdefault(f"{one.key.policy} · {one.key.object} {one.key.field}", []).append(one)
    learned = []
    for name, some in by_key.items():
        acting = in_force(some)
        newer = [one for one in some if one.shadow and not one.withdrawn]
        waits = max(newer, key=lambda one: one.version, default=None)
        is_newer = waits is not None and (acting is None or waits.version > acting.version)
        learned.append(Learned(name=name, acting=acting, shadow=waits if is_newer else None))
    return learned


def _count(tx: Transaction, now: datetime) -> int:
    return audits.waiting(tx)


PAGE = Page(
    label="Agents", home="/agents", count=_count,
    ways=(
        Way(path="/agents", answer=show),
        Way(path="/agents", answer=act, method="POST", role=Role.ADMIN),
    ),
)  # fmt: skip

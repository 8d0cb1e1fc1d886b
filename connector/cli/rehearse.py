"""`crm-connector rehearse`: what a policy would have done on your own export, before anything is connected."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli.options import CSV, AsJson, LabelColumn, Learned, Learning, TextColumn
from connector.cli.output import emit, meanwhile, note
from connector.cli.stopping import stoppable

app = typer.Typer(add_completion=False)


class System(StrEnum):
    """The CRMs a rehearsal can stage."""

    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"


Verdicts = Annotated[
    Path | None, typer.Option(help="CSV: judged records the learner has not seen; they earn autonomy.", **CSV)
]
Faults = Annotated[
    str, typer.Option(help="What goes wrong at the CRM: a profile (none, network, limits, rough) or NAME=0.05,…")
]


@app.command(
    epilog="Example: crm-connector rehearse --policy policies/ticket-triage.yaml --crm hubspot --history closed.csv "
    "--verdicts judged.csv --incoming new.csv --text text --label category --target 0.98"
)
def rehearse(
    policy: Annotated[Path, typer.Option(help="The policy to rehearse.", **CSV)],
    crm: Annotated[System, typer.Option(help="Which CRM to stage.")],
    history: Annotated[Path, typer.Option(help="CSV: records people have dealt with, to learn from.", **CSV)],
    incoming: Annotated[Path, typer.Option(help="CSV: records that come in; the label column may be absent.", **CSV)],
    verdicts: Verdicts = None,
    text: TextColumn = "text",
    label: LabelColumn = "label",
    target: Annotated[str | None, typer.Option(help="Replaces gate.target, for example 0.98.")] = None,
    field: Annotated[str | None, typer.Option(help="The field the label holds; else the first in may.update.")] = None,
    rate: Annotated[int, typer.Option(min=1, help="Simulated arrivals an hour; limits count by them.")] = 500,
    decisions: Annotated[Path | None, typer.Option(help="Write one row per incoming record to this CSV.")] = None,
    crm_log: Annotated[Path | None, typer.Option(help="Write the CRM's own log, one JSON object a line.")] = None,
    rep_edits: Annotated[int, typer.Option(min=0, help="Edits by people between read and write; lifts error_budget.")] = 0,
    faults: Faults = "none",
    kill: Annotated[int, typer.Option(min=0, help="How often the service is killed without warning.")] = 0,
    seed: Annotated[int, typer.Option(help="Repeats the same rehearsal.")] = 0,
    learning: Learning = Learned.FULL,
    as_json: AsJson = False,
) -> None:
    """Run a policy on your own export before you connect it.

    History is loaded into a sandbox CRM on this machine, the real service runs against it over the CRM's own protocol,
    and the answer says what would have been written, left to people, and how often it was right.
    """
    from connector.decision.agents import AGENTS
    from connector.evaluation.rehearse import Plan
    from connector.evaluation.rehearse import rehearse as run
    from connector.evaluation.rehearse.faults import profile
    from connector.record import FieldName

    plan = Plan(
        policy=policy, system=crm.value, history=history, verdicts=verdicts, incoming=incoming, text=text, label=label,
        name=FieldName(field) if field else None, target=_share(target), rate=rate, decisions=decisions,
        crm_log=crm_log, rep_edits=rep_edits, faults=profile(faults, crm.value), kills=kill, seed=seed,
        effort=learning.value, agents=AGENTS,
    )
    with stoppable(lambda: "the staged CRM is gone, and no figures were kept"), meanwhile("reading the files") as show:
        done = run(plan, _open_road, lambda begun: _begin(begun, show), show)
    (emit if as_json else _show)(asdict(done))


def _begin(step: str, show: Callable[[str], None]) -> None:
    note(step)
    show(step)


def _share(target: str | None) -> Decimal | None:
    if target is None:
        return None
    try:
        share = Decimal(target)
    except InvalidOperation:
        raise typer.BadParameter(f"{target!r} is not a number such as 0.98", param_hint="--target") from None
    if not Decimal("0.5") <= share < 1:
        raise typer.BadParameter("must be at least 0.5 and below 1", param_hint="--target")
    return share


@contextmanager
def _open_road(config: Path, environment: Mapping[str, str]) -> Iterator[Any]:
    """The road of the rehearsal's workspace, opened as `run` does; its secrets stand in the environment meanwhile."""
    from connector.cli.log import open_log
    from connector.cli.road import open_policies, open_road
    from connector.settings import load_settings

    before = dict(os.environ)
    os.environ.update(environment)
    try:
        settings = load_settings(config)
        with open_road(settings, open_policies(settings).current, open_log()) as road:
            yield road.pipeline
    finally:
        os.environ.clear()
        os.environ.update(before)


_ROWS = (
    ("records", "records came in"),
    ("auto_applied", "written without a person"),
    ("precision", "of those right"),
    ("coverage", "share written without a person"),
    ("approvals", "asked a person to approve"),
    ("handoffs", "handed to a person"),
    ("braked", "held back by a limit"),
    ("conflicts", "left to somebody's edit"),
    ("rep_edits", "edits by people meanwhile"),
    ("rep_edits_kept", "of those kept"),
    ("kills", "kills of the service"),
    ("lost", "lost"),
    ("duplicate_writes", "written twice"),
    ("silent_overwrites", "edits overwritten in silence"),
    ("crm_calls", "calls to the CRM"),
    ("seconds", "seconds from first arrival to last outcome"),
    ("setup_seconds", "seconds to load, learn and calibrate"),
)


def _show(done: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="What would have happened", show_header=False)
    table.add_column(justify="right", style="bold")
    table.add_column()
    for key, words in _ROWS:
        value = done[key]
        share = key in ("precision", "coverage") and value is not None
        told = "unknown (none written, or no labels)" if value is None else f"{value:.1%}" if share else str(value)
        table.add_row(told, words)
    Console().print(table)

"""`crm-connector simulate`: play the whole road against made-up orgs, faults and crashes, from seeds; judge every run."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from connector.cli.options import AsJson
from connector.cli.output import emit, note, say, table

app = typer.Typer(add_completion=False)

Crm = Literal["both", "hubspot", "salesforce"]


@app.command(epilog="Example: crm-connector simulate --seeds 200 --json")
def simulate(
    *,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds to play.")] = 200,
    seed: Annotated[int | None, typer.Option(min=0, help="The first seed; a fresh one when not given.")] = None,
    crm: Annotated[Crm, typer.Option(help="Which CRM to play against; both alternates by seed.")] = "both",
    planted: Annotated[
        str | None, typer.Option(help="Play with a bug planted in our own logic: its name, or all, or list.")
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Write the CRM log and the journal of each seed here.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Play the real road against made-up orgs with faults, crashes and people, and judge what came of it.

    One seed decides everything. A failing seed is told with its shortest story and the command that repeats it; finding
    something is exit code 0, so that scripts read the figures.
    """
    first = seed if seed is not None else secrets.randbelow(1_000_000_000)
    if planted is not None:
        _hunt(planted, range(first, first + seeds) if seed is not None else range(seeds), crm, jobs, as_json=as_json)
        return
    from connector.simulation.seeds import Totals
    from connector.simulation.seeds import simulate as play_all

    def progress(totals: Totals) -> None:
        if totals.seeds % 100 == 0:
            note(f"{totals.seeds} seeds, {len(totals.violations)} violations, {totals.seconds:.0f} s")

    totals = play_all(range(first, first + seeds), crm, jobs=jobs, export=export, progress=progress)
    failing = {found["seed"]: found for found in reversed(totals.violations)}
    _tell_stories(failing, crm)
    if as_json:
        emit({"first_seed": first, **totals.document()})
        return
    say(f"{totals.seeds} seeds from {first}: {len(totals.violations)} violations in {totals.seconds:.0f} s")
    say(f"{totals.writes} writes, {totals.conflicts} conflicts, {totals.changes} changes, {totals.crashes} crashes")
    for number in sorted(failing):
        say(f"✗ seed {number}: {failing[number]['invariant']} {failing[number]['promise']}: {failing[number]['what']}")


def _tell_stories(failing: Mapping[int, Mapping[str, Any]], crm: str) -> None:
    """The shortest stories of the first seeds that broke a promise, and how to repeat them."""
    from connector.simulation.seeds import TOLD, repeat, story_of

    for number in sorted(failing)[:TOLD]:
        for line in story_of(number, crm, failing[number]["invariant"], note):
            note(line)
        note(f"again: {repeat(number, crm)}")


def _hunt(planted: str, seeds: range, crm: str, jobs: int, *, as_json: bool) -> None:
    from connector.simulation.hunt import hunt
    from connector.simulation.planted import BUGS

    if planted == "list":
        table("", ("bug", "what it does"), [(name, bug.what) for name, bug in BUGS.items()])
        return
    if planted != "all" and planted not in BUGS:
        raise typer.BadParameter(f"no such bug: {planted}; `--planted list` names them all", param_hint="--planted")
    names = tuple(BUGS) if planted == "all" else (planted,)
    found = hunt(names, seeds, crm, jobs=jobs, said=note)
    if as_json:
        emit(found)
        return
    table(
        f"{found['killed']} of {found['planted']} planted bugs were found", ("bug", "first seed", "promise broken"),
        [(one["bug"], str(one["first_seed"]), one["invariant"] or "not found") for one in found["bugs"]],
    )

"""`crm-connector backfill`: decide over records that are older than the service; named, resumable, estimated first."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from connector.backfill import Backfill, Estimate, estimate, find, start, sweep
from connector.cli.log import open_log
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, Yes, agreed
from connector.cli.output import emit, pairs, say, side_console
from connector.cli.road import Road, open_policies, open_road
from connector.cli.rounds import run_until_quiet
from connector.daemon import only_daemon, prepare_folder
from connector.errors import PolicyError
from connector.policy import Policy, PolicyName
from connector.record import ConnectionName
from connector.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: crm-connector backfill october --policy ticket-triage --since 2026-10-01 --limit 500")
def backfill(
    *,
    name: Annotated[str, typer.Argument(help="What this backfill is called; the same name takes it up again.")],
    policy: Annotated[str, typer.Option(help="The policy that decides.")],
    connection: Annotated[str | None, typer.Option(help="The connection; needed where there are several.")] = None,
    since: Annotated[str | None, typer.Option(help="Only records changed since this day, such as 2026-10-01.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most so many records.")] = None,
    yes: Yes = False,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Decide over records that are older than the service, under a policy's own gate and limits.

    What it will take is said first. Stopped at any moment, the same command goes on where it stood. It takes the place of
    the service meanwhile: stop that first.
    """
    settings = load_settings(config)
    policies = open_policies(settings).current
    chosen = policies.get(PolicyName(policy))
    if chosen is None:
        raise PolicyError([f"{settings.policies}: there is no policy {policy!r}"], hint="crm-connector check")
    where = _connection(connection, [one.name for one in settings.connections if chosen.serves(one.name)])
    prepare_folder(settings.state)
    with only_daemon(settings.state), open_road(settings, policies, open_log(verbose=False)) as road:
        before = _found(road, name)
        expected = _estimate(road, chosen, where, limit)
        if not as_json:
            _announce(expected, before)
        agreed("Start?" if before is None else "Go on?", yes=yes or as_json)
        around, day = road.around, _day(since)
        begun = start(around.store, around.clock, chosen, where, name=name, since=day, limit=limit)
        done = _swept(road, chosen, begun, expected)
        totals = run_until_quiet(road, patience=60.0)
    if as_json:
        emit({"name": name, "estimate": expected, "queued": done.queued, "done": done.done, **totals.document()})
    else:
        say(totals.sentence())
        say(f"✓ {done.queued} records queued by {name}; next: crm-connector approvals list", style="green")
        say(f"take all of it back with: crm-connector revert plan --run {shlex.quote(name)}")


def _found(road: Road, name: str) -> Backfill | None:
    with road.around.store.snapshot() as tx:
        return find(tx, name)


def _estimate(road: Road, policy: Policy, where: ConnectionName, limit: int | None) -> dict[str, Any]:
    found: Estimate = estimate(road.around.adapters[where], policy, limit)
    budget = road.connected.budgets[where]
    left = None if budget.daily is None else max(0, budget.daily - budget.used_today)
    return {"records": found.records, "calls": found.calls, "calls_left_today": left, "usd_at_most": found.usd_at_most}


def _announce(expected: dict[str, Any], before: Backfill | None) -> None:
    left = expected["calls_left_today"]
    pairs([
        ("records", f"at most {expected['records']}"),
        ("calls to the CRM", f"about {expected['calls']}" + (f" of {left} left today" if left is not None else "")),
        ("model cost", f"at most {expected['usd_at_most']} USD"),
        ("so far", f"{before.queued} queued, taken up again" if before else "nothing; this is a new one"),
    ])  # fmt: skip


def _swept(road: Road, policy: Policy, begun: Backfill, expected: dict[str, Any]) -> Backfill:
    """Work through the pages with a bar on stderr: rate and time left."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(begun.name), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
    )
    clock, began = road.around.clock, road.around.clock.monotonic()
    place = begun
    with Progress(*columns, console=side_console(), transient=True) as progress:
        task = progress.add_task(begun.name, total=expected["records"], completed=begun.queued, rate="")
        for place in sweep(road.pipeline, policy, begun, ahead=road.settings.batch * 5):
            rate = (place.queued - begun.queued) / max(clock.monotonic() - began, 0.001)
            progress.update(task, completed=place.queued, rate=f"{rate:.0f}/s")
    return place


def _connection(wanted: str | None, served: list[ConnectionName]) -> ConnectionName:
    if wanted is None and len(served) == 1:
        return served[0]
    if wanted not in served:
        raise typer.BadParameter(f"say which connection: {', '.join(served)}", param_hint="--connection")
    return ConnectionName(wanted)


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day such as 2026-10-01", param_hint="--since") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)

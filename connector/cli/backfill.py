"""`crm-connector backfill`: decide over records that are older than the service; named, resumable, estimated first."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from connector.backfill import Backfill, Estimate, estimate, find, start, stop, sweep
from connector.cli.backfill_bar import bar, followed
from connector.cli.log import open_log
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, Yes, agreed
from connector.cli.output import emit, pairs, say
from connector.cli.road import Road, open_policies, open_road
from connector.cli.rounds import Totals, run_until_quiet
from connector.cli.running import running_process
from connector.cli.stopping import stoppable
from connector.daemon import only_daemon, prepare_folder
from connector.errors import PolicyError, StateError
from connector.policy import Policy, PolicyName, PolicySet
from connector.record import ConnectionName
from connector.settings import Settings, load_settings

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: crm-connector backfill october --policy ticket-triage --since 2026-10-01 --limit 500")
def backfill(
    *,
    name: Annotated[str, typer.Argument(help="What this backfill is called; the same name takes it up again.")],
    policy: Annotated[str | None, typer.Option(help="The policy that decides; needed to start one.")] = None,
    connection: Annotated[str | None, typer.Option(help="The connection; needed where there are several.")] = None,
    since: Annotated[str | None, typer.Option(help="Only records changed since this day, such as 2026-10-01.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most so many records.")] = None,
    detach: Annotated[bool, typer.Option(help="Do not wait: the running service, or the next one, does it.")] = False,
    halt: Annotated[bool, typer.Option("--stop", help="Let nobody go on with it until it is started again.")] = False,
    yes: Yes = False,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Decide over records that are older than the service, under a policy's own gate and limits.

    What it will take is said first. A running service does the work while this command shows how far it is; where none
    runs, the command does it itself. Stopped at any moment, the same command goes on where it stood.
    """
    settings = load_settings(config)
    policies = open_policies(settings).current
    prepare_folder(settings.state)
    with open_road(settings, policies, open_log(verbose=False)) as road:
        before = _found(road, name)
        if halt:
            _stopped(road, name, as_json=as_json)
            return
        chosen = _policy(settings, policies, policy or (before.policy if before else None))
        where = _connection(connection or (before.connection if before and policy is None else None), settings, chosen)
        if before is not None and policy is None:
            since_at, limit = before.since, before.limit
        else:
            since_at = _day(since)
        expected = _estimate(road, chosen, where, limit)
        if not as_json:
            _announce(expected, before)
        agreed("Start?" if before is None else "Go on?", yes=yes or as_json)
        around = road.around
        begun = start(around.store, around.clock, chosen, where, name=name, since=since_at, limit=limit)
        _carry(road, chosen, begun, expected, detach=detach, as_json=as_json)


def _carry(
    road: Road, policy: Policy, begun: Backfill, expected: dict[str, Any], *, detach: bool, as_json: bool
) -> None:
    """Leave it to the service, watch the service, or do the work here; then tell."""
    totals, place, served = Totals(), begun, running_process(road.settings.state) is not None
    again = f"crm-connector backfill {shlex.quote(begun.name)}"
    if detach:
        pass
    elif served:
        with stoppable(lambda: f"the service goes on with {begun.name}", hint=f"{again} --stop, or to look on: {again}"):
            for step in _shown(begun, expected, followed(road, begun)):
                place = step
    else:
        with (
            stoppable(lambda: f"{place.queued} records queued by {begun.name}; {totals.sentence()}", hint=again),
            only_daemon(road.settings.state),
        ):
            for step in _shown(begun, expected, sweep(road.pipeline, policy, begun, batch=road.settings.batch)):
                place = step
            run_until_quiet(road, patience=60.0, totals=totals)
    _tell(place, expected, None if detach or served else totals, waited=not detach, as_json=as_json)


def _tell(
    place: Backfill, expected: dict[str, Any], totals: Totals | None, *, waited: bool, as_json: bool
) -> None:
    if as_json:
        counts = totals.document() if totals is not None else dict.fromkeys(Totals().document())
        by = "command" if totals is not None else "service"
        emit({
            "name": place.name, "estimate": expected, "queued": place.queued, "done": place.done, "carried_by": by, **counts,
        })  # fmt: skip
        return
    name = shlex.quote(place.name)
    if not waited:
        say(f"✓ {place.name} is left to the service; look on with: crm-connector backfill {name}", style="green")
        return
    if totals is not None:
        say(totals.sentence())
    say(f"✓ {place.queued} records queued by {place.name}; next: crm-connector approvals list", style="green")
    say(f"take all of it back with: crm-connector revert plan --run {name}")


def _stopped(road: Road, name: str, *, as_json: bool) -> None:
    if not stop(road.around.store, name):
        raise StateError(f"there is no backfill {name!r}", hint="crm-connector backfill --help")
    found = _found(road, name)
    assert found is not None
    if as_json:
        emit({"name": name, "queued": found.queued, "done": found.done, "stopped": True})
    else:
        say(f"✓ nobody goes on with {name}; {found.queued} records were queued, and those are still decided", style="green")
        say(f"take it up again with: crm-connector backfill {shlex.quote(name)}")


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


def _shown(begun: Backfill, expected: dict[str, Any], steps: Iterator[Backfill]) -> Iterator[Backfill]:
    with bar(begun.name, total=expected["records"], begun=begun.queued) as reached:
        for place in steps:
            reached(place.queued)
            yield place


def _policy(settings: Settings, policies: PolicySet, wanted: str | None) -> Policy:
    if wanted is None:
        raise typer.BadParameter("say which policy decides", param_hint="--policy")
    chosen = policies.get(PolicyName(wanted))
    if chosen is None:
        raise PolicyError([f"{settings.policies}: there is no policy {wanted!r}"], hint="crm-connector check")
    return chosen


def _connection(wanted: str | None, settings: Settings, policy: Policy) -> ConnectionName:
    served = [ConnectionName(one.name) for one in settings.connections if policy.serves(ConnectionName(one.name))]
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

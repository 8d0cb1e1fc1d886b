"""`crm-connector run`: the service itself, one per state folder, until SIGTERM or SIGINT; or rounds until quiet."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.adapter import Log
from connector.cli.fitting import misfits, unserved
from connector.cli.log import open_log
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile
from connector.cli.output import emit, meanwhile, say
from connector.cli.pages import door_open, house_of, served_beside
from connector.cli.road import Road, open_policies, open_road
from connector.cli.rounds import Totals, run_until_quiet
from connector.cli.stopping import stoppable
from connector.daemon import Daemon, journal_key, only_daemon, prepare_folder
from connector.errors import PolicyError
from connector.journal import Entry, EntryKind, is_sealed
from connector.policy import KeptOld, PoliciesInForce, PolicySet, Replaced, Unchanged
from connector.settings import Settings, load_settings
from connector.web.house import House

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: crm-connector run --config connector.yaml")
def run(
    *,
    config: ConfigFile = DEFAULT_CONFIG,
    once: Annotated[bool, typer.Option("--once", help="Work until nothing is left to do, then stop.")] = False,
    seconds: Annotated[float, typer.Option(min=1, help="With --once: stop after this long.")] = 300,
    linger: Annotated[float, typer.Option(min=0, help="With --once: how long nothing must have come in.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Run the service: capture, decide, gate, write back, until told to stop.

    Edited policies are taken up while it runs; a wrong edit leaves the old ones in force and says so. A second service
    on the same state folder is refused. --json needs --once and tells what was done.
    """
    if as_json and not once:
        raise typer.BadParameter("--json needs --once: a running service reports through its log")
    settings = load_settings(config)
    in_force = open_policies(settings)
    prepare_folder(settings.state)
    log = open_log()
    with only_daemon(settings.state), open_road(settings, in_force.current, log) as road:
        refuse_misfits(road, in_force.current)
        if once:
            totals = Totals()
            hint = "crm-connector run --once; a write that was under way is looked up first"
            with stoppable(totals.sentence, hint=hint), meanwhile("reading what changed") as show:
                run_until_quiet(road, patience=seconds, linger=linger, totals=totals, show=show)
            _tell(totals, as_json=as_json)
        else:
            daemon = make_daemon(settings, road, in_force, log)
            with (
                served_beside(settings.web, lambda: _house(road), log),
                door_open(
                    settings, road.around.store, road.connected.adapters, lambda: road.pipeline.policies, log, daemon.wake
                ),
            ):
                daemon.run()


def _house(road: Road) -> House:
    """The page of one opened road: the same state and CRMs, and the policies as they are in force at each moment."""
    return house_of(
        road.settings, road.around.store, road.connected, lambda: road.pipeline.policies, road.log, road.around.index
    )


def make_daemon(settings: Settings, road: Road, in_force: PoliciesInForce, log: Log) -> Daemon:
    """The daemon of one opened road."""
    with road.around.store.snapshot() as tx:
        key = journal_key(settings.state, sealed=is_sealed(tx))
    return Daemon(
        pipeline=road.pipeline, log=log, poll=settings.poll, batch=settings.batch, key=key,
        heads=settings.heads, reload=Reloading(road, in_force), upkeep=road.around.index.optimize,
        fill=road.keep_index, count=road.keep_departures,
    )


def refuse_misfits(road: Road, policies: PolicySet) -> None:
    """Raise PolicyError for policies that name what a connected CRM lacks. An unreachable CRM is asked later."""
    found = misfits(policies, road.connected.adapters, road.settings)
    for trouble in found.unreachable:
        road.log.warning("policies_not_checked", reason=trouble)
    if problems := (*unserved(policies, road.settings), *found.problems):
        raise PolicyError(problems)


class Reloading:
    """The tick that takes up edited policies. A wrong edit is said once, and the old policies stay in force."""

    def __init__(self, road: Road, in_force: PoliciesInForce) -> None:
        self._road = road
        self._in_force = in_force
        self._said: tuple[str, ...] = ()

    def __call__(self) -> None:
        match self._in_force.reload():
            case Unchanged():
                self._said = ()
            case KeptOld(problems=problems):
                self._keep(problems)
            case Replaced(changes=changes):
                self._take_up([str(change) for change in changes])

    def _take_up(self, changes: list[str]) -> None:
        current = self._in_force.current
        found = misfits(current, self._road.connected.adapters, self._road.settings)
        if problems := (*unserved(current, self._road.settings), *found.problems):
            self._keep(problems)
            return
        road, self._said = self._road, ()
        road.pipeline.policies = self._in_force.current
        entry = Entry(kind=EntryKind.POLICY_LOADED, at=road.around.clock.now(), body={"changes": changes})
        with road.around.store.transaction("policies: loaded") as tx:
            road.pipeline.journal.append(tx, entry)
        road.log.info("policies_loaded", changes=changes)

    def _keep(self, problems: tuple[str, ...]) -> None:
        if problems != self._said:
            self._road.log.warning("policies_kept", problems=list(problems), next="crm-connector check")
            self._said = problems


def _tell(totals: Totals, *, as_json: bool) -> None:
    if as_json:
        emit(totals.document())
    else:
        say(totals.sentence())
        for trouble in dict.fromkeys(totals.unreachable):
            say(f"✗ not reached: {trouble}", style="bold red")
        say(f"next: crm-connector {'check' if totals.unreachable else 'status'}", style="green")
    if totals.unreachable:
        raise typer.Exit(1)

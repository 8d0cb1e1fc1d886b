"""`crm-connector web`: serve the page for people alone, beside a service that runs elsewhere or not at all."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Annotated

import typer

from connector.cli.log import open_log
from connector.cli.opening import open_connections, reading_state
from connector.cli.options import DEFAULT_CONFIG, ConfigFile
from connector.cli.output import note
from connector.cli.pages import address_of, house_of
from connector.cli.road import open_index, open_policies
from connector.cli.running import running_process
from connector.clock import Clock, SystemClock
from connector.gate import persons
from connector.policy import PoliciesInForce, PolicySet
from connector.settings import WebSettings, load_settings
from connector.store import Store

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: crm-connector web --port 8770")
def web(
    *,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Another port than settings say.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Serve the page on which people approve, take cases and read why, until Ctrl-C.

    It works on the same state as a running service; verdicts are transactions, so both may run. `run` serves the page
    itself when settings hold `web:`.
    """
    from connector.web.app import pages_app
    from connector.web.serving import bound, serve

    settings = load_settings(config)
    served = settings.web or WebSettings(port=8770)
    if port is not None:
        served = replace(served, port=port)
    log = open_log(verbose=False)
    in_force = open_policies(settings)
    with reading_state(settings) as store, bound(served) as door:
        _say(store, served, running=running_process(settings.state) is not None)

        policies = Reread(in_force, SystemClock())
        house = house_of(settings, store, open_connections(settings, log), policies, log, open_index(settings))
        serve(pages_app(house, served), served, door, log, SystemClock())


class Reread:
    """The policies in force, edited files taken up now and then; a wrong edit leaves the old ones."""

    EVERY = 10.0  # seconds; reading the files costs more than a page does

    def __init__(self, in_force: PoliciesInForce, clock: Clock) -> None:
        self._in_force = in_force
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at = clock.monotonic()

    def __call__(self) -> PolicySet:
        with self._lock:
            if self._clock.monotonic() - self._read_at > self.EVERY:
                self._in_force.reload()
                self._read_at = self._clock.monotonic()
            return self._in_force.current


def _say(store: Store, served: WebSettings, *, running: bool) -> None:
    note(f"the page is on {address_of(served)}; Ctrl-C stops it")
    with store.snapshot() as tx:
        known = persons.listed(tx)
    if not known:
        note("nobody may come in yet; in another terminal: crm-connector users add NAME --role approver")
    if not running:
        note("no service runs on this state, so nothing that is approved is written yet; next: crm-connector run")

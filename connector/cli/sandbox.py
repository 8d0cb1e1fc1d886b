"""`crm-connector sandbox`: a made-up company's CRM on this machine, speaking HubSpot's or Salesforce's own protocol."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer

from adapters.sandbox import serve
from adapters.sandbox.ticket_text import CATEGORIES, INJECTION, clear_text, fill, unclear_text
from connector.cli.options import AsJson
from connector.cli.output import copyable, emit, note, say
from connector.cli.staged import SeededCrm, secret_variable, seed_crm
from connector.clock import SystemClock
from connector.errors import SettingsError

app = typer.Typer(add_completion=False)
DEFAULT_PORT = 8801


class Which(StrEnum):
    """The CRMs that can be served."""

    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"
    BOTH = "both"


@app.command(epilog="Example: crm-connector sandbox hubspot --arrivals 10")
def sandbox(
    *,
    system: Annotated[Which, typer.Argument(help="Which CRM to serve.")] = Which.HUBSPOT,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = DEFAULT_PORT,
    tickets: Annotated[int, typer.Option(min=1, max=20_000, help="How many tickets its history has.")] = 240,
    arrivals: Annotated[float, typer.Option(min=0, help="A new ticket comes in every so many seconds; 0 for none.")] = 15,
    seed: Annotated[int, typer.Option(help="Another company.")] = 7,
    seconds: Annotated[float, typer.Option(min=0, help="Stop after this long; 0 runs until Ctrl-C.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Serve a made-up company's CRM on this machine, to try policies on.

    It prints its address, its token and the block for connector.yaml. Nothing is kept: every start is a fresh company.
    """
    systems = (Which.HUBSPOT, Which.SALESFORCE) if system is Which.BOTH else (system,)
    crms = [seed_crm(one.value, seed=seed, clock=SystemClock(), tickets=tickets) for one in systems]
    with _served(crms, port) as addresses:
        served = [_served_document(crm, url) for crm, url in zip(crms, addresses, strict=True)]
        if as_json:
            emit({"connections": served})
        else:
            for one in served:
                _show(one)
        _live(crms, arrivals, seconds, seed)


@contextmanager
def _served(crms: Sequence[SeededCrm], port: int) -> Iterator[list[str]]:
    with ExitStack() as open_doors:
        found = []
        for place, crm in enumerate(crms):
            wanted = port + place if port else 0
            try:
                found.append(open_doors.enter_context(serve(crm.face, port=wanted)))
            except OSError as error:
                raise SettingsError(
                    [f"port {wanted}: {error.strerror}"], hint=f"crm-connector sandbox {crm.system} --port 0"
                ) from error
        yield found


def _served_document(crm: SeededCrm, url: str) -> dict[str, Any]:
    name = "crm" if crm.system == "hubspot" else "sales"
    return {
        "system": crm.system, "url": url, "connection": name, "block": crm.block(url), "secrets": dict(crm.secrets),
        "environment": {secret_variable(name, secret): value for secret, value in crm.secrets.items()},
    }


def _show(one: dict[str, Any]) -> None:
    [(_, token)] = one["secrets"].items()
    say(f"{one['system']} is served on {one['url']} with the token {token}", style="bold green")
    say("In connector.yaml:")
    say()
    say("connections:")
    say(f"  {one['connection']}:")
    for key, value in one["block"].items():
        say(f"    {key}: {value}")
    say()
    say("In the shell that runs crm-connector:")
    for variable, value in one["environment"].items():
        say(f"  export {variable}={value}")
    address = " ".join(f"--set {key}={value}" for key, value in one["block"].items() if key != "system")
    say()
    say("Or let it be written:")
    copyable(f"  crm-connector init my-crm --system {one['system']} --name {one['connection']} {address}")
    say()


def _live(crms: Sequence[SeededCrm], arrivals: float, seconds: float, seed: int) -> None:
    """Let customers write until told to stop."""
    stopping, clock, chance = threading.Event(), SystemClock(), random.Random(seed)
    end = clock.monotonic() + seconds if seconds else None
    note("Ctrl-C stops it.")
    try:
        while end is None or clock.monotonic() < end:
            left = 3600.0 if end is None else end - clock.monotonic()
            stopping.wait(min(arrivals or left, left))
            if arrivals:
                for crm in crms:
                    subject, text = message(chance)
                    note(f"{crm.system}: ticket {crm.arrive(subject, text)} came in: {subject}")
    except KeyboardInterrupt:
        note("stopped; nothing was kept")


def message(chance: random.Random) -> tuple[str, str]:
    """What the next customer writes: mostly clear, sometimes unclear, now and then an attempt to steer the agent."""
    drawn = chance.random()
    if drawn < 0.05:
        return INJECTION[0], fill(INJECTION[1], chance)
    if drawn < 0.15:
        return unclear_text(chance)
    return clear_text(chance.choice(sorted(CATEGORIES)), chance)

"""`crm-connector users`: who may come in to the page, and in which role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.opening import open_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, By, ConfigFile, person
from connector.cli.output import copyable, emit, instant, moment, say, table
from connector.clock import SystemClock, secret_random, system_random
from connector.gate import persons
from connector.gate.accounts import EMAIL
from connector.gate.persons import Person, Role
from connector.journal import Journal
from connector.pipeline import Access
from connector.settings import load_settings
from connector.store import Store

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Say who may come in to the page, and in which role.")
Place = Annotated[str, typer.Argument(help="`email`, a connection of connector.yaml, or its Slack source.")]
Account = Annotated[str, typer.Argument(help="The address, the CRM's user id, or the Slack member id.")]
Name = Annotated[str, typer.Argument(help="The name to sign in with, such as ada or ada@example.com.")]


@app.command(epilog="Example: crm-connector users add ada --role approver")
def add(
    *,
    name: Name,
    role: Annotated[Role, typer.Option(help="viewer reads, approver judges, admin also takes back whole policies.")],
    by: By = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Let somebody in. The token is shown this once; adding a name again gives it a new token and ends its sessions."""
    with _access(config) as access:
        token = access.add(name, role, by=person(by))
    if as_json:
        emit({"name": name, "role": role.value, "token": token})
        return
    say(f"✓ {name} may come in as {role} with this token, which is shown only now:", style="green")
    copyable(f"  {token}")
    say("next: crm-connector web", style="green")


@app.command(epilog="Example: crm-connector users remove ada")
def remove(*, name: Name, by: By = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Let somebody in no more; every session ends at once. What the person did stays in the journal."""
    with _access(config) as access:
        removed = access.remove(name, by=person(by))
    if as_json:
        emit(_document(removed))
    else:
        say(f"✓ {removed.name} may not come in any more", style="green")


@app.command(epilog="Example: crm-connector users link ada crm 0055g00000Abcde")
def link(
    *, name: Name, place: Place, account: Account, by: By = None, config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Say by which account somebody is known elsewhere, so that an approval given there counts as this person's."""
    settings = load_settings(config)
    slack = settings.approvals.slack
    places = (EMAIL, *(one.name for one in settings.connections), *((slack.source,) if slack else ()))
    if place not in places:
        raise typer.BadParameter(f"{place!r} is none of {', '.join(places)}", param_hint="PLACE")
    with _access(config) as access:
        access.link(name, place, account, by=person(by))
    if as_json:
        emit({"name": name, "place": place, "account": account})
    else:
        say(f"✓ {account} at {place} is {name}", style="green")


@app.command(epilog="Example: crm-connector users unlink crm 0055g00000Abcde")
def unlink(
    *, place: Place, account: Account, by: By = None, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False
) -> None:
    """Forget whose account it is: nothing done with it counts as anybody's approval any more."""
    with _access(config) as access:
        was_known = access.unlink(place, account, by=person(by))
    if as_json:
        emit({"place": place, "account": account, "was_known": was_known})
    else:
        say(f"✓ {account} at {place} is nobody's account" + ("" if was_known else ", and was not before"), style="green")


@app.command("list", epilog="Example: crm-connector users list")
def list_(*, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List who may come in."""
    with _store(config) as store, store.snapshot() as tx:
        found = persons.listed(tx)
    if as_json:
        emit({"users": [_document(one) for one in found]})
    elif not found:
        say("nobody may come in yet; next: crm-connector users add NAME --role approver")
    else:
        rows = [(one.name, one.role.value, moment(one.added_at), one.added_by) for one in found]
        table("", ("name", "role", "since", "added by"), rows, whole=("name", "role"))


@contextmanager
def _store(config: Path) -> Iterator[Store]:
    store = open_state(load_settings(config))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _access(config: Path) -> Iterator[Access]:
    with _store(config) as store:
        yield Access(store=store, journal=Journal(system_random()), clock=SystemClock(), chance=secret_random())


def _document(one: Person) -> dict[str, str | None]:
    return {"name": one.name, "role": one.role.value, "added_at": instant(one.added_at), "added_by": one.added_by}

"""`crm-connector check`: everything that is wrong with settings, policies and connections, each with a fix."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from connector.adapter import Lookup, Outlets
from connector.cli.check_asking import asking_findings
from connector.cli.fitting import misfits, unserved
from connector.cli.log import Quiet
from connector.cli.models import DEFAULTS, model_key
from connector.cli.opening import Connected, has_state, open_connections, state_file
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, Strict
from connector.cli.output import emit, indented, say
from connector.cli.outside import findings, open_hooks, open_lookups, open_outlets
from connector.cli.road import open_policies
from connector.cli.used import matters, used_of
from connector.clock import SystemClock
from connector.context.knowledge import read_knowledge
from connector.errors import ConnectorError, PolicyError, SettingsError
from connector.policy import PolicySet, Tier
from connector.settings import Settings, load_settings
from connector.store import damage

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong. A fatal one keeps the service from starting or from writing."""

    subject: str
    problem: str
    fix: str
    fatal: bool


@app.command(epilog="Example: crm-connector check --strict")
def check(*, strict: Strict = False, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Look for everything that is wrong with settings, policies and connections, each with a fix.

    Credentials are tried, permissions, fields and options are looked up in each CRM's live schema. Nothing is written.
    """
    found = sorted(_problems(config), key=lambda one: not one.fatal)
    fatal = sum(one.fatal for one in found)
    if as_json:
        emit({"ok": not fatal, "fatal": fatal, "problems": [asdict(one) for one in found]})
    else:
        _show(found, fatal)
    if strict and found:
        raise typer.Exit(1)


def _show(found: Sequence[Problem], fatal: int) -> None:
    for one in found:
        say(f"{'✗' if one.fatal else '!'} {one.subject}: {one.problem}", style="bold red" if one.fatal else "yellow")
        indented(f"fix: {one.fix}", by=2)
    if fatal:
        say(f"{fatal} to mend first; {len(found) - fatal} to know about", style="bold")
    else:
        say(f"✓ ready to run{f'; {len(found)} to know about' if found else ''} — next: crm-connector plan", style="green")


def _problems(config: Path) -> Iterator[Problem]:
    try:
        settings = load_settings(config)
    except SettingsError as error:
        for problem in error.problems:
            fix = f"correct {config}" if error.hint == SettingsError.hint else error.hint
            yield Problem(subject="settings", problem=problem, fix=fix, fatal=True)
        return
    policies: PolicySet | None = None
    try:
        policies = open_policies(settings).current
    except PolicyError as error:
        for problem in error.problems:
            fix = "correct that line; docs/policies.md has every key"
            yield Problem(subject="policy", problem=problem, fix=fix, fatal=True)
    yield from _state(settings)
    yield from _outside(settings, policies)
    for found in asking_findings(settings, policies):
        yield Problem(subject=found.subject, problem=found.problem, fix=found.fix, fatal=found.fatal)
    yield from _connections(settings, policies)
    if policies is not None:
        yield from _tiers(settings, policies)
        yield from _knowledge(settings, policies)


def _state(settings: Settings) -> Iterator[Problem]:
    folder = settings.state
    if folder.is_dir() and folder.stat().st_mode & 0o077:
        yield Problem(subject="state", problem=f"others can enter {folder}", fix=f"chmod 700 {folder}", fatal=True)
    above = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    if not os.access(above, os.W_OK):
        yield Problem(subject="state", problem=f"{above} cannot be written", fix="choose another `state:`", fatal=True)
    if has_state(settings) and (found := damage(state_file(settings))) is not None:
        yield Problem(
            subject="state", problem=f"{state_file(settings)} is damaged: {found}",
            fix="stop the service and restore a backup of the state folder", fatal=True,
        )
    if settings.heads.is_relative_to(folder):
        yield Problem(
            subject="journal.heads", problem="the heads stand inside the state they are to vouch for",
            fix="name a file elsewhere, best on another disk", fatal=False,
        )


def _outside(settings: Settings, policies: PolicySet | None) -> Iterator[Problem]:
    """Channels, endpoints and lookups: their settings, their secrets, and whether policies name others."""
    try:
        outlets, lookups = _opened_outside(settings)
    except SettingsError as error:
        for problem in error.problems:
            fix = "correct that line; docs/channels.md, docs/lookups.md and docs/hooks.md have every key"
            yield Problem(subject="settings", problem=problem, fix=fix, fatal=True)
        return
    for found in findings(outlets, lookups):
        yield Problem(subject=found.subject, problem=found.problem, fix=found.fix, fatal=found.fatal)
    for problem in unserved(policies, settings) if policies is not None else ():
        yield Problem(subject="policy", problem=problem, fix="name it in connector.yaml, or correct the policy", fatal=True)


def _opened_outside(settings: Settings) -> tuple[Outlets, Mapping[str, Lookup]]:
    """Channels, endpoints and lookups; the problems of all of them, and of hooks, are raised together."""
    problems: list[str] = []
    outlets, lookups = Outlets(), dict[str, Lookup]()
    try:
        outlets = open_outlets(settings, SystemClock(), Quiet())
    except SettingsError as error:
        problems += error.problems
    try:
        lookups |= open_lookups(settings, SystemClock(), Quiet())
    except SettingsError as error:
        problems += error.problems
    try:
        open_hooks(settings, SystemClock(), Quiet())
    except SettingsError as error:
        problems += error.problems
    if problems:
        raise SettingsError(problems)
    return outlets, lookups


def _connections(settings: Settings, policies: PolicySet | None) -> Iterator[Problem]:
    try:
        connected = open_connections(settings, Quiet())
    except ConnectorError as error:
        problems = error.problems if isinstance(error, SettingsError) else (error.message,)
        for problem in problems:
            yield Problem(subject="connections", problem=problem, fix=error.hint, fatal=True)
        return
    reachable = dict(connected.adapters)
    used = {connection.name: used_of(connection, policies, settings) for connection in settings.connections}
    for name, adapter in connected.adapters.items():
        try:
            found = adapter.check()
        except ConnectorError as error:
            yield Problem(subject=f"connection {name}", problem=error.message, fix=error.hint, fatal=True)
            del reachable[name]
            continue
        for finding in (one for one in found if matters(one, used[name])):
            subject = finding.subject if str(name) in finding.subject else f"{name}: {finding.subject}"
            problem = finding.problem.removeprefix(f"{name}: ")
            yield Problem(subject=subject, problem=problem, fix=finding.fix, fatal=finding.fatal)
        if any(finding.fatal for finding in found):
            del reachable[name]
    if policies is not None:
        yield from _fit(policies, Connected(adapters=reachable, budgets={}), settings)
        yield from _served(policies, settings)


def _fit(policies: PolicySet, connected: Connected, settings: Settings) -> Iterator[Problem]:
    found = misfits(policies, connected.adapters, settings)
    for problem in found.problems:
        fix = "correct the policy, map the name in connector.yaml, or give the integration user access"
        yield Problem(subject="policy", problem=problem, fix=fix, fatal=True)
    for trouble in found.unreachable:
        yield Problem(subject="connection", problem=trouble, fix="check the address and the network", fatal=True)


def _served(policies: PolicySet, settings: Settings) -> Iterator[Problem]:
    known = {connection.name for connection in settings.connections}
    for policy in policies:
        for name in policy.connections:
            if name not in known:
                problem = f"{policy.source.at('connections')}: connections: there is no connection {name}"
                fix = f"name one of {', '.join(sorted(known))}"
                yield Problem(subject="policy", problem=problem, fix=fix, fatal=True)


def _tiers(settings: Settings, policies: PolicySet) -> Iterator[Problem]:
    key = model_key(settings, os.environ)
    for policy in policies:
        for step in policy.reason.cascade:
            where = f"policy {policy.name}, tier {step.tier}"
            if step.tier in DEFAULTS and key is None:
                fix = "set CRM_CONNECTOR_ANTHROPIC_API_KEY; until then this tier hands on"
                yield Problem(subject=where, problem="there is no key for the model service", fix=fix, fatal=False)
            if step.tier is Tier.LOCAL and settings.models.local_url is None:
                fix = "name the server under models.local_url and its model under models.local"
                yield Problem(subject=where, problem="there is no local model server", fix=fix, fatal=False)


def _knowledge(settings: Settings, policies: PolicySet) -> Iterator[Problem]:
    for name in sorted({name for policy in policies for name in policy.context.knowledge}):
        if settings.knowledge is None:
            fix = "name the folder under `knowledge:` in connector.yaml"
            yield Problem(subject=f"knowledge {name}", problem="there is no knowledge folder", fix=fix, fatal=False)
            continue
        for problem in read_knowledge(settings.knowledge, name).problems:
            yield Problem(subject=f"knowledge {name}", problem=problem, fix="correct the file", fatal=False)

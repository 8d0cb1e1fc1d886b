"""From connector.yaml to everything outside the road: state, clock, CRMs, index, reasoners, learners, log."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapters import registry
from connector.adapter import Adapter, Environment, Lane, Log, Meter, Metered, RateBudget
from connector.adapter.http import HttpTransport
from connector.cli.hosts import hosts_of
from connector.cli.metering import STATE_FILE, meter_of
from connector.clock import Clock, SystemClock, system_random
from connector.daemon.lock import prepare_folder
from connector.daemon.tokens import TokenFile
from connector.errors import SettingsError, StateError
from connector.pipeline.state import prepare
from connector.record import ConnectionName
from connector.settings import ConnectionSettings, NamedSecrets, Settings
from connector.store import SqliteStore

_OURS = frozenset({"budget", "hosts"})  # keys of a connection that are read here and not by its adapter
DEFAULT_RESERVE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The CRMs of one settings file, each with its rate budget."""

    adapters: Mapping[ConnectionName, Adapter]
    budgets: Mapping[ConnectionName, RateBudget]


def state_file(settings: Settings) -> Path:
    return settings.state / STATE_FILE


def has_state(settings: Settings) -> bool:
    return state_file(settings).is_file()


def open_state(settings: Settings) -> SqliteStore:
    """The state database, made and migrated where it is not there yet."""
    prepare_folder(settings.state)
    is_new = not has_state(settings)
    store = SqliteStore(state_file(settings))
    prepare(store)
    if is_new:
        state_file(settings).chmod(0o600)
    return store


@contextmanager
def reading_state(settings: Settings) -> Iterator[SqliteStore]:
    """The state of a service that has run; raises StateError where nothing has run yet."""
    if not has_state(settings):
        raise StateError(f"{settings.state}: nothing has run here yet", hint="crm-connector run")
    store = open_state(settings)
    try:
        yield store
    finally:
        store.close()


def connect(
    settings: Settings, clock: Clock, chance: random.Random, log: Log, meter: Meter | None = None
) -> Connected:
    """Every connection of the settings; no CRM is called before its first use.

    Tokens are kept below the state folder, so that is made first, with rights for its owner only.
    """
    prepare_folder(settings.state)
    counting = meter_of(settings, meter)
    adapters: dict[ConnectionName, Adapter] = {}
    budgets: dict[ConnectionName, RateBudget] = {}
    for connection in settings.connections:
        factory = registry.factory(connection.system)
        made_in = sys.modules[factory.__module__]
        _refuse_unknown(connection, getattr(made_in, "SETTINGS", None))
        budgets[connection.name] = _budget(connection, getattr(made_in, "LANES", {}), clock)
        environment = Environment(
            connection=connection.name,
            settings={name: value for name, value in connection.options.items() if name not in _OURS},
            clock=clock,
            random=chance,
            transport=Metered(
                HttpTransport(hosts_of(connection.system, connection.options), clock=clock), counting, clock,
                on_behalf=str(connection.name),
            ),
            secrets=NamedSecrets(connection.name, settings.secrets, os.environ),
            tokens=TokenFile(settings.state / "tokens", connection.name),
            budget=budgets[connection.name],
            log=log,
        )
        adapters[connection.name] = factory(environment)
    return Connected(adapters=adapters, budgets=budgets)


def open_connections(settings: Settings, log: Log) -> Connected:
    return connect(settings, SystemClock(), system_random(), log)


def _refuse_unknown(connection: ConnectionSettings, known: Any) -> None:
    if known is None:
        return
    unknown = sorted(set(connection.options) - set(known) - _OURS)
    if unknown:
        expected = ", ".join(sorted({*known, *_OURS}))
        at = f"connections.{connection.name}"
        raise SettingsError([f"{at}.{key}: unknown key; {connection.system} knows {expected}" for key in unknown])


def _budget(connection: ConnectionSettings, lanes: Mapping[str, Lane], clock: Clock) -> RateBudget:
    """The adapter's careful lanes, unless `budget:` names more calls for one, a daily allowance or another reserve."""
    wanted = connection.options.get("budget") or {}
    at = f"connections.{connection.name}.budget"
    if not isinstance(wanted, dict) or not set(wanted) <= {*lanes, "daily", "reserve"}:
        raise SettingsError([f"{at}: may hold {', '.join(sorted({*lanes, 'daily', 'reserve'}))}"])
    for name, value in wanted.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise SettingsError([f"{at}.{name}: must be a number"])
    fixed = {
        name: replace(lane, calls=int(wanted[name]), fixed=True) if name in wanted else lane for name, lane in lanes.items()
    }
    daily = int(wanted["daily"]) if "daily" in wanted else None
    return RateBudget(clock, fixed, daily=daily, reserve=float(wanted.get("reserve", DEFAULT_RESERVE)))

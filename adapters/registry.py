"""Which adapter serves a connection: only the systems named in settings are ever imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from connector.adapter import (
    Adapter,
    AdapterFactory,
    ChannelEnvironment,
    ChannelFactory,
    Environment,
    HookFactory,
    LookupFactory,
    QuestionBoard,
)
from connector.errors import SettingsError

GROUP = "crm_connector.adapters"
BUILT_IN: Mapping[str, str] = {
    "hubspot": "adapters.hubspot.adapter:connect",
    "salesforce": "adapters.salesforce.adapter:connect",
}
CHANNELS: Mapping[str, str] = {
    "smtp": "adapters.channels.smtp:connect",
    "slack": "adapters.channels.slack:connect",
}
HOOKS: Mapping[str, str] = {
    "hubspot": "adapters.hubspot.hooks:connect",
    "slack": "adapters.channels.slack_answers:connect",
    "signed": "adapters.channels.signed_hooks:connect",
}
LOOKUPS: Mapping[str, str] = {
    "csv": "adapters.channels.lookup_files:connect_csv",
    "http": "adapters.channels.lookup_http:connect",
    "parquet": "adapters.channels.lookup_files:connect_parquet",
    "postgres": "adapters.channels.lookup_sql:connect_postgres",
    "sqlite": "adapters.channels.lookup_sql:connect_sqlite",
}
SLACK_BOARD = "adapters.channels.slack_board:connect"
ENDPOINT = "adapters.channels.endpoints:connect"


def systems() -> tuple[str, ...]:
    """Every system that `system:` may name, the built-in ones and those of installed packages."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))}))


def factory(system: str) -> AdapterFactory:
    """What builds adapters for one system; a package cannot take the place of a built-in one."""
    address = BUILT_IN.get(system)
    if address is not None:
        return cast(AdapterFactory, _loaded(address))
    for point in entry_points(group=GROUP, name=system):
        return cast(AdapterFactory, point.load())
    known = ", ".join(systems())
    raise SettingsError([f"system: {system!r} has no adapter; known are {known}"])


def channel_factory(kind: str) -> ChannelFactory:
    """What builds channels of one kind."""
    if kind not in CHANNELS:
        raise SettingsError([f"kind: must be one of {', '.join(CHANNELS)}, not {kind!r}"])
    return cast(ChannelFactory, _loaded(CHANNELS[kind]))


def hook_factory(kind: str) -> HookFactory:
    """What reads the deliveries of one kind of sender."""
    if kind not in HOOKS:
        raise SettingsError([f"kind: must be one of {', '.join(HOOKS)}, not {kind!r}"])
    return cast(HookFactory, _loaded(HOOKS[kind]))


def endpoint_factory() -> ChannelFactory:
    """What builds the endpoints of connector.yaml."""
    return cast(ChannelFactory, _loaded(ENDPOINT))


def slack_board_factory() -> Callable[[ChannelEnvironment], QuestionBoard]:
    """What puts questions into a Slack channel."""
    return cast("Callable[[ChannelEnvironment], QuestionBoard]", _loaded(SLACK_BOARD))


def lookup_factory(kind: str) -> LookupFactory:
    """What builds lookups of one kind."""
    if kind not in LOOKUPS:
        raise SettingsError([f"kind: must be one of {', '.join(LOOKUPS)}, not {kind!r}"])
    return cast(LookupFactory, _loaded(LOOKUPS[kind]))


def _loaded(address: str) -> object:
    module, _, name = address.partition(":")
    return getattr(import_module(module), name)


def connect(environment: Environment) -> Adapter:
    """The adapter of one connection, by its `system` setting."""
    return factory(str(environment.settings.get("system", "")))(environment)

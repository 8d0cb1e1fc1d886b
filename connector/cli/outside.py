"""What stands beside the CRMs, opened from settings: channels, endpoints and lookups, with all their problems at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from adapters import registry
from connector.adapter import (
    Channel,
    ChannelEnvironment,
    Dial,
    Finding,
    HookSource,
    Log,
    Lookup,
    Meter,
    Metered,
    Options,
    Outlets,
    Purpose,
    Transport,
    session_counter,
)
from connector.adapter.http import HttpTransport
from connector.cli.metering import meter_of
from connector.clock import Clock
from connector.errors import SettingsError
from connector.pipeline import BoardWay, MailWay, Way
from connector.record import ActionKind
from connector.settings import NONE_CHOSEN, NamedSecrets, OutsideSettings, Settings
from connector.store import Store

_LARGEST_ANSWER = 1024 * 1024  # what a channel answers is a sentence

_Opened = TypeVar("_Opened")


def open_outlets(settings: Settings, clock: Clock, log: Log, meter: Meter | None = None) -> Outlets:
    """Every way out that settings name; raises SettingsError with the problems of all of them."""
    opening = Opening(settings, clock, log, meter)
    channels = opening.each("channels", settings.channels, registry.channel_factory)
    endpoints = opening.each("endpoints", settings.endpoints, lambda kind: registry.endpoint_factory())
    at_home = frozenset(block.name for block in settings.endpoints if opening.is_local(block))
    outlets = Outlets(channels=channels, endpoints=endpoints, at_home=at_home)
    opening.problems += _carried_against_privacy(settings, outlets)
    if opening.problems:
        raise SettingsError(opening.problems)
    return outlets


def _carried_against_privacy(settings: Settings, outlets: Outlets) -> Iterator[str]:
    """Endpoints elsewhere that would be sent what `privacy` keeps here: settings contradict themselves."""
    private = {*settings.privacy.never, *settings.privacy.mask}
    for block in settings.endpoints:
        if kept := sorted(outlets.leaving(ActionKind.CALL_ENDPOINT, block.name) & private):
            line = block.lines.get("parameters", block.lines[""])
            at = f"{settings.file.name}:{line}: endpoints.{block.name}.parameters"
            yield f"{at}: {kept[0]} stands under `privacy` and may not leave the house; take it out of one of them"


def open_lookups(
    settings: Settings, clock: Clock, log: Log, meter: Meter | None = None
) -> Mapping[str, Lookup]:
    """Every read-only source that settings name; raises SettingsError with the problems of all of them."""
    opening = Opening(settings, clock, log, meter)
    opened = opening.each("lookups", settings.lookups, registry.lookup_factory)
    if opening.problems:
        raise SettingsError(opening.problems)
    return opened


def open_hooks(settings: Settings, clock: Clock, log: Log) -> Mapping[str, HookSource]:
    """Every sender that settings name; raises SettingsError with all problems, a missing secret among them."""
    opening = Opening(settings, clock, log)
    sources = settings.hooks.sources if settings.hooks is not None else ()
    opened = opening.each("hooks.sources", sources, registry.hook_factory)
    if opening.problems:
        raise SettingsError(opening.problems)
    return opened


def open_ways(
    settings: Settings, store: Store, outlets: Outlets, clock: Clock, log: Log, meter: Meter | None = None
) -> tuple[Way, ...]:
    """The ways by which questions reach people outside the page; raises SettingsError with all problems."""
    asked, web = settings.approvals, settings.web
    page = (web.origin or f"http://{web.address}:{web.port}") if web is not None else None
    ways: list[Way] = []
    kept = settings.privacy.local_only
    mailing = outlets.find(ActionKind.SEND_EMAIL, "")
    if asked.mail != NONE_CHOSEN and mailing is not None and page is not None:
        ways.append(MailWay(store=store, clock=clock, channel=mailing, chosen=asked.mail.names, page=page, local_only=kept))
    if asked.slack is not None:
        options = {"channel": asked.slack.channel, "api": asked.slack.api}
        block = OutsideSettings(name=asked.slack.source, kind="slack", options=options, lines={"": 1})
        opening = Opening(settings, clock, log, meter)
        try:
            boards = opening.each("approvals", [block], lambda kind: registry.slack_board_factory())
        except ModuleNotFoundError as error:
            needs = "approvals.slack: needs the extra: pip install 'crm-connector[slack]'"
            raise SettingsError([f"{settings.file.name}:1: {needs}"]) from error
        if opening.problems:
            raise SettingsError(opening.problems)
        [board] = boards.values()
        ways.append(BoardWay(board=board, chosen=asked.slack.policies.names, page=page, local_only=kept))
    return tuple(ways)


class Opening:
    """Opens the blocks of one settings file and collects what is wrong with them."""

    def __init__(self, settings: Settings, clock: Clock, log: Log, meter: Meter | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._log = log
        self._meter = meter_of(settings, meter)
        self._dial = Dial(settings.privacy.local_hosts)
        self._transports: dict[str, HttpTransport] = {}
        self.problems: list[str] = []

    def each(
        self, section: str, blocks: Sequence[OutsideSettings],
        factory_of: Callable[[str], Callable[[ChannelEnvironment], _Opened]],
    ) -> Mapping[str, _Opened]:
        """The opened blocks by name, those without problems."""
        opened: dict[str, _Opened] = {}
        for block in blocks:
            try:
                opened[block.name] = self._factory(section, block, factory_of)(self._environment(section, block))
            except SettingsError as error:
                self.problems += error.problems
        return opened

    def is_local(self, block: OutsideSettings) -> bool:
        """Whether the address of a block is this machine or a host that people named as theirs."""
        try:
            return self._dial.is_local(urlsplit(str(block.options.get("url", ""))).hostname or "")
        except ValueError:
            return False

    def _factory(
        self, section: str, block: OutsideSettings, factory_of: Callable[[str], Callable[[ChannelEnvironment], _Opened]]
    ) -> Callable[[ChannelEnvironment], _Opened]:
        try:
            return factory_of(block.kind)
        except SettingsError as error:
            at = f"{self._settings.file.name}:{block.lines.get('kind', block.lines[''])}: {section}.{block.name}"
            raise SettingsError([f"{at}.{problem}" for problem in error.problems]) from error

    def _environment(self, section: str, block: OutsideSettings) -> ChannelEnvironment:
        path = f"{section}.{block.name}"
        return ChannelEnvironment(
            name=block.name, options=Options(path, block.options, block.lines, self._settings.file.name),
            clock=self._clock, secrets=NamedSecrets(block.name, self._settings.secrets, os.environ),
            dial=self._counting_dial(section, path), folder=self._settings.file.parent,
            transport_to=partial(self._transport_to, path), log=self._log,
        )

    def _counting_dial(self, section: str, path: str) -> Dial:
        """For sessions that are not HTTP: mail and databases."""
        purpose = Purpose.LOOKUP if section == "lookups" else Purpose.CHANNEL
        opened = session_counter(self._meter, self._clock, purpose, path)
        return Dial(self._settings.privacy.local_hosts, opened=opened)

    def _transport_to(self, path: str, address: str) -> Transport:
        origin = origin_of(address.partition("?")[0])
        if origin not in self._transports:
            made = HttpTransport([origin], largest=_LARGEST_ANSWER, clock=self._clock, dial=self._dial)
            self._transports[origin] = made
        return Metered(self._transports[origin], self._meter, self._clock, on_behalf=path)


def origin_of(address: str) -> str:
    """Scheme, host and port of an address; what is none is left for the transport to refuse."""
    scheme, separator, rest = address.partition("://")
    return f"{scheme}{separator}{rest.partition('/')[0]}" if separator else address


def findings(outlets: Outlets, lookups: Mapping[str, Lookup]) -> Iterator[Finding]:
    """What each channel, endpoint and lookup finds wrong with itself."""
    named: list[tuple[str, Channel | Lookup]] = [(f"lookups.{name}", source) for name, source in lookups.items()]
    named += [(f"channels.{name}", channel) for name, channel in outlets.channels.items()]
    named += [(f"endpoints.{name}", channel) for name, channel in outlets.endpoints.items()]
    for path, one in named:
        for found in one.check():
            yield Finding(
                subject=f"{path} {found.subject}", problem=found.problem, fix=found.fix, fatal=found.fatal
            )

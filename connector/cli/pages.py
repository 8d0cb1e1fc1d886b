"""The page for people, put together from settings: for `web`, and for `run` when settings say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from connector.adapter import Adapter, Log
from connector.cli.fitting import misfits, unserved
from connector.cli.opening import Connected
from connector.cli.outside import open_hooks
from connector.cli.running import running_process
from connector.clock import Clock, SystemClock, secret_random, system_random
from connector.context.index import Index
from connector.decision.agents import AGENTS
from connector.errors import PolicyError
from connector.journal import Journal
from connector.pipeline import Answering, People
from connector.pipeline.index_keeper import is_asked
from connector.policy import PolicySet, load_policies
from connector.record import ConnectionName
from connector.settings import Settings, WebSettings
from connector.store import Store
from connector.web.house import House


def house_of(
    settings: Settings, store: Store, connected: Connected, policies: Callable[[], PolicySet], log: Log, index: Index
) -> House:
    return House(
        store=store, clock=SystemClock(), chance=secret_random(), journal=Journal(system_random()),
        adapters=connected.adapters, policies=policies, log=log, budgets=connected.budgets,
        running=lambda: running_process(settings.state) is not None,
        policy_problems=lambda: policy_problems(settings, connected.adapters),
        index=lambda: index.stats() if is_asked(policies()) else None,
    )


def policy_problems(settings: Settings, adapters: Mapping[ConnectionName, Adapter]) -> tuple[str, ...]:
    """Why the policy files, as they are now, could not be taken up: wrong in themselves, or for a connected CRM."""
    try:
        found = load_policies(settings.policies, agents=AGENTS)
    except PolicyError as error:
        return error.problems
    return (*unserved(found, settings), *misfits(found, adapters).problems)


def address_of(settings: WebSettings) -> str:
    """What people type."""
    host = f"[{settings.address}]" if ":" in settings.address else settings.address
    return settings.origin or f"http://{host}:{settings.port}"


@contextmanager
def served_beside(settings: WebSettings | None, house: Callable[[], House], log: Log) -> Iterator[None]:
    """Serve the page while something else runs; nothing where settings ask for none."""
    if settings is None:
        yield
        return
    from connector.web.app import pages_app
    from connector.web.serving import bound, served

    with served(pages_app(house(), settings), settings, bound(settings), log, SystemClock()):
        log.info("page_served", address=address_of(settings))
        yield


def answering(store: Store, adapters: Mapping[ConnectionName, Adapter], clock: Clock, log: Log) -> Answering:
    """What takes the words that people say at the public door."""
    journal = Journal(system_random())
    people = People(store=store, journal=journal, clock=clock)
    return Answering(store=store, journal=journal, clock=clock, adapters=adapters, people=people, log=log)


@contextmanager
def door_open(
    settings: Settings, store: Store, adapters: Mapping[ConnectionName, Adapter], policies: Callable[[], PolicySet],
    log: Log, wake: Callable[[], None],
) -> Iterator[None]:
    """Keep the public door for webhooks open while something else runs; nothing where settings ask for none."""
    if settings.hooks is None:
        yield
        return
    from connector.web.hooks.app import Door, hooks_app
    from connector.web.serving import bound, served

    clock, where = SystemClock(), settings.hooks.served
    door = Door(
        store=store, clock=clock, sources=open_hooks(settings, clock, log), policies=policies, origin=address_of(where),
        log=log, take=answering(store, adapters, clock, log).take, wake=wake,
    )
    with served(hooks_app(door), where, bound(where), log, clock):
        log.info("hooks_served", address=address_of(where), sources=sorted(door.sources))
        yield

"""The model tiers a daemon can ask: those with a key, and a local server where settings name one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from connector.adapter import Meter, Metered
from connector.adapter.addresses import is_loopback
from connector.adapter.http import HttpTransport
from connector.cli.metering import meter_of
from connector.clock import Clock
from connector.context.index import Index
from connector.daemon import searches_in
from connector.decision.agents import AGENTS
from connector.decision.budget import SpendingLedger
from connector.decision.reasoners.anthropic import reasoner
from connector.decision.reasoners.endpoint import LOCAL_FEATURES, ModelSettings
from connector.decision.reasoners.prices import FREE, price_of
from connector.decision.reasoners.reasoner import Reasoner
from connector.errors import SettingsError
from connector.policy import Tier
from connector.settings import NamedSecrets, Settings
from connector.store import Store

DEFAULTS: Mapping[Tier, str] = {
    Tier.FAST: "claude-haiku-5-5",
    Tier.STANDARD: "claude-sonnet-5-5",
    Tier.DEEP: "claude-opus-5-5",
}


def model_key(settings: Settings, environment: Mapping[str, str]) -> str | None:
    """The key of the model service, under our name for it or the vendor's."""
    own = NamedSecrets("anthropic", settings.secrets, environment).find("api_key")
    return own or environment.get("ANTHROPIC_API_KEY") or None


def model_tiers(
    settings: Settings, environment: Mapping[str, str], *, store: Store, clock: Clock, chance: random.Random, index: Index,
    meter: Meter | None = None,
) -> dict[Tier, Reasoner]:
    """A reasoner per tier that can be asked. A tier without a key is left out, and hands on."""
    ledger, key = SpendingLedger(store, clock), model_key(settings, environment)
    counting = meter_of(settings, meter)
    made: dict[Tier, Reasoner] = {}
    for model in _wanted(settings, with_key=key is not None):
        paid = not model.price.is_free
        made[model.tier] = reasoner(
            model, AGENTS,
            transport=Metered(HttpTransport([model.base_url]), counting, clock, on_behalf=f"tier {model.tier.value}"),
            key=key if key and paid else "local", clock=clock, chance=chance, budget=ledger if paid else None,
            search_for=searches_in(index, settings.privacy),
            batches_in=store if settings.models.batches and paid else None,
        )
    return made


def _wanted(settings: Settings, *, with_key: bool) -> Iterator[ModelSettings]:
    models = settings.models
    for tier, usual in DEFAULTS.items():
        name = models.names.get(tier.value, usual)
        if with_key:
            yield ModelSettings(
                tier=tier, model=name, price=price_of(name), base_url=models.base_url, parallel=models.concurrent
            )
    local = models.names.get(Tier.LOCAL.value)
    if models.local_url is not None and local is not None:
        _refuse_distant(models.local_url, settings)
        yield ModelSettings(
            tier=Tier.LOCAL, model=local, price=FREE, base_url=models.local_url, features=LOCAL_FEATURES,
            parallel=models.concurrent,
        )


def _refuse_distant(address: str, settings: Settings) -> None:
    """The local tier sees what may not leave: it stands on this machine, or on a host people have named as theirs."""
    host = urlsplit(address).hostname or ""
    if not is_loopback(host) and host not in settings.privacy.local_hosts:
        raise SettingsError(
            [f"models.local_url: {host} is neither this machine nor listed under privacy.local_hosts"],
            hint="crm-connector check",
        )

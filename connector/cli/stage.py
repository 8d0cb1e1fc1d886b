"""The stage of the demo: two served CRMs, a workspace with settings and policy, and the road opened as `run` opens it."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.sandbox import serve
from adapters.sandbox.ticket_text import CATEGORIES, clear_text
from connector.cli.init import FIRST, first_policy
from connector.cli.log import open_log
from connector.cli.road import Road, open_policies, open_road
from connector.cli.rounds import run_until_quiet
from connector.cli.staged import SeededCrm, secret_variable, seed_crm
from connector.clock import SystemClock
from connector.daemon import only_daemon
from connector.pipeline import BroughtVerdict
from connector.policy import PoliciesInForce, PolicyName
from connector.record import ConnectionName, FieldName
from connector.settings import Settings, load_settings

CONNECTIONS: Mapping[str, str] = {"hub": "hubspot", "sales": "salesforce"}
HISTORY, VERDICTS = 320, 260
CATEGORY = FieldName("category")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything is up: CRMs are served, the history is read and learned, verdicts are counted."""

    crms: Mapping[ConnectionName, SeededCrm]
    settings: Settings
    in_force: PoliciesInForce
    road: Road
    chance: random.Random


@contextmanager
def raised(seed: int) -> Iterator[Stage]:
    """Build the stage in a folder that goes away with it."""
    crms = {
        ConnectionName(name): seed_crm(system, seed=seed, clock=SystemClock(), tickets=HISTORY)
        for name, system in CONNECTIONS.items()
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="crm-connector-demo-")))
        urls = {name: stack.enter_context(serve(crm.face)) for name, crm in crms.items()}
        stack.enter_context(_secrets(crms))
        settings = load_settings(_laid_out(folder, crms, urls))
        in_force = open_policies(settings)
        settings.state.mkdir(mode=0o700)
        stack.enter_context(only_daemon(settings.state))
        log = open_log(stack.enter_context((folder / "log.jsonl").open("a", encoding="utf-8")))
        road = stack.enter_context(open_road(settings, in_force.current, log))
        yield Stage(crms=crms, settings=settings, in_force=in_force, road=road, chance=random.Random(seed))


def prepared(stage: Stage) -> Mapping[str, int]:
    """Read the baseline, learn from it, and count the verdicts a team brings along; how many of each."""
    totals = run_until_quiet(stage.road, patience=45.0)
    policy = stage.in_force.current.get(PolicyName("ticket-triage"))
    assert policy is not None
    brought = [_judged(stage.chance) for _ in range(VERDICTS)]
    for connection in stage.crms:
        stage.road.pipeline.learning.bring(policy, connection, CATEGORY, brought)
    return {"read": totals.read, "learned": totals.learned, "verdicts": len(brought)}


def _judged(chance: random.Random) -> BroughtVerdict:
    """A message somebody has sorted by hand before."""
    category = chance.choice(sorted(CATEGORIES))
    subject, text = clear_text(category, chance)
    return BroughtVerdict(fields={FieldName("subject"): subject, FieldName("description"): text}, value=category)


def _laid_out(folder: Path, crms: Mapping[ConnectionName, SeededCrm], urls: Mapping[ConnectionName, str]) -> Path:
    policies = folder / "policies"
    policies.mkdir()
    (policies / f"{FIRST}.yaml").write_text(first_policy(), encoding="utf-8")
    config = folder / "connector.yaml"
    config.write_text(
        json.dumps({
            "schema": 1, "poll": "1s", "learning": "quick",
            "connections": {name: crm.block(urls[name]) for name, crm in crms.items()},
        }),
        encoding="utf-8",
    )  # fmt: skip
    return config


@contextmanager
def _secrets(crms: Mapping[ConnectionName, SeededCrm]) -> Iterator[None]:
    """The CRMs' tokens in the environment, where a real service would find its own."""
    named = {
        secret_variable(name, secret): value for name, crm in crms.items() for secret, value in crm.secrets.items()
    }
    os.environ.update(named)
    try:
        yield
    finally:
        for variable in named:
            os.environ.pop(variable, None)

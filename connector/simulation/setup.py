"""What is drawn for a seed before its story begins: the CRM, what goes wrong, the policies, a real index or a plain one."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from connector.clock import HeldClock
from connector.context.memory_index import MemoryIndex
from connector.record import ConnectionName
from connector.simulation.crm import BUILDERS, SimulatedCrm
from connector.simulation.mirror import MirroredIndex, is_mirrored
from connector.simulation.policies import PlainPolicy, drawn_policies
from connector.simulation.profile import Profile, drawn_profile, strained

STEPS = 16
STRAINED = 1_000_000_000  # from this seed on stories are strained; fresh seeds are drawn below it


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is drawn for a seed before it begins; tests and shrinking may say otherwise."""

    seed: int
    systems: tuple[str, ...]
    profile: Profile
    policies: Sequence[PlainPolicy]
    steps: int = STEPS
    skipped: frozenset[int] = frozenset()  # steps in which the people do nothing
    revert: bool = False  # whether everything is taken back at the end
    mirrored: bool = False  # whether the real LanceDB runs along


def setup_of(seed: int, crm: str = "both") -> Setup:
    """The setup of a seed; `both` alternates the CRM."""
    chance = random.Random(f"setup:{seed}")
    system = ("hubspot", "salesforce")[seed % 2] if crm == "both" else crm
    mirrored = is_mirrored(seed)
    profile, policies = drawn_profile(chance, system), drawn_policies(chance)
    if seed >= STRAINED:
        profile = strained(profile, random.Random(f"strain:{seed}"))
    if mirrored:  # then every policy has its texts indexed
        policies = [policy | {"reason": {"tier": "offline", "searches": 2}} for policy in policies]
    return Setup(
        seed=seed, systems=(system,), profile=profile, policies=tuple(policies), revert=chance.random() < 0.25,
        mirrored=mirrored,
    )


def orgs_of(setup: Setup, world: HeldClock) -> dict[str, SimulatedCrm]:
    """The CRMs of a story by the name of their connection."""
    named = zip(("crm", "other"), setup.systems, strict=False)
    return {name: BUILDERS[system](ConnectionName(name), world, setup.seed) for name, system in named}


def index_of(setup: Setup, folder: Path) -> MemoryIndex:
    return MirroredIndex(folder / "index") if setup.mirrored else MemoryIndex()


def skipping(setup: Setup, steps: Collection[int]) -> Setup:
    """The same story without what people do in these steps."""
    return replace(setup, skipped=frozenset(steps))

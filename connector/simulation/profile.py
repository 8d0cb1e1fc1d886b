"""What goes wrong in a run: which faults of the orgs, how often crashes come, whether the machine's clock is set wrong."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.sandbox.hubspot.fault_names import AFTER, BEFORE, INSIDE
from adapters.sandbox.salesforce.faults import FAULT_NAMES_SALESFORCE

# Nothing in these runs can meet the first three: they concern contacts that the road writes, or lifecycle stages. A
# history of one entry hides what was replaced in a field that had been empty; the real one shows twenty and more.
_OUT_OF_REACH = frozenset({"twin_created", "lifecycle_ignored", "ambiguous_external_id_300", "shallow_history"})
FAULTS: Mapping[str, tuple[str, ...]] = {
    "hubspot": tuple(name for name in (*BEFORE, *AFTER, *INSIDE) if name not in _OUT_OF_REACH),
    "salesforce": tuple(name for name in FAULT_NAMES_SALESFORCE if name not in _OUT_OF_REACH),
}
# These hit a minority of the calls or rows, or are what the promises are about.
_OFTEN = frozenset({
    "write_between_read_and_patch", "reset_after_apply", "timeout_after_apply", "late_commit", "search_lag",
    "batch_partial", "batch_shuffled", "write_ignored", "trigger_rewrites_field", "http_412", "lock_row_400",
    "lock_row_500", "merged_meanwhile", "session_expired_mid_write", "stamp_bump_after_patch", "http_423", "http_409",
    "duplicates_detected", "assignment_rule_owner_change", "collections_item_without_id", "bare_echo",
    "search_ceiling", "expired_locator", "wide_row_short_pages", "self_bump", "shallow_history", "cursor_restart",
    "html_404",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The dangers of one run; the quiet one has none."""

    faults: Mapping[str, float]
    crash_at_commit: float = 0.0
    crash_at_call: float = 0.0
    power: float = 0.5  # the share of crashes that also cut the power
    clock_jumps: bool = False
    interference: float = 0.0  # how often somebody edits just before a write arrives


QUIET = Profile(faults={})


def drawn_profile(chance: random.Random, system: str) -> Profile:
    """A profile for one seed: one in eight has no faults, most have several at once."""
    interference = chance.choice((0.0, 0.05, 0.25))
    if chance.random() < 0.125:
        return Profile(faults={}, interference=interference)
    known = FAULTS[system]
    chosen = chance.sample(known, chance.randrange(2, 11))
    faults = {name: chance.uniform(0.1, 0.4) if name in _OFTEN else chance.uniform(0.01, 0.08) for name in chosen}
    return Profile(
        faults=faults, crash_at_commit=chance.choice((0.0, 0.0, 0.005, 0.02, 0.05)),
        crash_at_call=chance.choice((0.0, 0.0, 0.005, 0.02)), clock_jumps=chance.random() < 0.2,
        interference=interference,
    )

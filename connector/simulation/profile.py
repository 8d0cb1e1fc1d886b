"""What goes wrong in a run: which faults of the orgs, how often crashes come, whether the machine's clock is set wrong."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from adapters.sandbox.hubspot.fault_names import AFTER, BEFORE, INSIDE
from adapters.sandbox.salesforce.faults import FAULT_NAMES_SALESFORCE

_OUT_OF_REACH: Mapping[str, str] = {
    "twin_created": "the road creates no contacts",
    "ambiguous_external_id_300": "the road upserts nothing by an external id",
    "html_404": "a CRM that denies a record looks like one that erased it; the page itself comes for all that is gone",
    "lifecycle_ignored": "tickets have no lifecycle stage",
    "shallow_history": "a history of one entry hides what was replaced; HubSpot shows twenty and more",
    "search_ceiling": "searches go on by id and never page, so no ceiling is met",
    "expired_locator": "queries go on by stamp and id and never follow a locator",
    "collections_item_without_id": "the road writes by composite, never by collection",
    "refuse_unguarded_patch": "every PATCH carries its condition; `no_guard` shows what happens without",
    "assignment_rule_owner_change": "every write says Sforce-Auto-Assign: FALSE; `rules_set_off` shows what happens without",
}
"""Faults that nothing in these runs can meet, and why."""
# Orgs have these all the time; only a planted bug wakes them.
_LURKING = ("refuse_unguarded_patch", "assignment_rule_owner_change")
FAULTS: Mapping[str, tuple[str, ...]] = {
    "hubspot": tuple(name for name in (*BEFORE, *AFTER, *INSIDE) if name not in _OUT_OF_REACH),
    "salesforce": tuple(name for name in FAULT_NAMES_SALESFORCE if name not in _OUT_OF_REACH),
}
# These hit a minority of the calls or rows, or are what the promises are about.
_OFTEN = frozenset({
    "write_between_read_and_patch", "reset_after_apply", "timeout_after_apply", "late_commit", "search_lag",
    "batch_partial", "batch_shuffled", "write_ignored", "trigger_rewrites_field", "http_412", "lock_row_400",
    "lock_row_500", "merged_meanwhile", "session_expired_mid_write", "stamp_bump_after_patch", "http_423", "http_409",
    "duplicates_detected", "bare_echo", "wide_row_short_pages", "self_bump", "cursor_restart", "search_empty",
    "search_total", "search_429", "http_401", "duplicated_page",
})  # fmt: skip
# Only few calls of a run can meet these, so every run with faults has one of them.
_SELDOM_MET = (
    "lock_row_400", "lock_row_500", "stamp_bump_after_patch", "trigger_rewrites_field", "session_expired_mid_write",
    "write_between_read_and_patch", "http_412", "describe_field_removed", "write_ignored", "self_bump", "cursor_restart",
    "search_empty", "search_total", "search_429", "duplicated_page", "http_423", "duplicates_detected",
    "duplicates_detected",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The dangers of one run; the quiet one has none."""

    faults: Mapping[str, float]
    crash_at_commit: float = 0.0
    crash_at_call: float = 0.0
    power: float = 0.5  # the share of crashes that also cut the power
    clock_jumps: bool = False
    interference: float = 0.0  # how often somebody edits just before a write arrives
    asleep: float = 0.0  # how often the daemon's machine sleeps through a step, and longer than polling reads back
    second_thoughts: float = 0.0  # how often somebody edits again at once what the daemon has just read
    old_values: float = 0.0  # how often somebody chooses what we wrote once, and that one write is taken back

    @property
    def is_deadly(self) -> bool:
        """Whether the daemon may die of anything but its own errors."""
        return self.crash_at_commit > 0 or self.crash_at_call > 0


QUIET = Profile(faults={})


def drawn_profile(chance: random.Random, system: str) -> Profile:
    """A profile for one seed: one in eight has no faults, most have several at once."""
    interference = chance.choice((0.0, 0.1, 0.3, 0.5))
    if chance.random() < 0.125:
        return Profile(faults={}, interference=interference)
    known = FAULTS[system]
    chosen = {*chance.sample(known, chance.randrange(2, 11)), chance.choice([one for one in _SELDOM_MET if one in known])}
    faults = dict.fromkeys(_LURKING, 0.5) if system == "salesforce" else {}
    faults |= {name: chance.uniform(*_rate(name)) for name in sorted(chosen)}
    return Profile(
        faults=faults, crash_at_commit=chance.choice((0.0, 0.0, 0.005, 0.02, 0.05)),
        crash_at_call=chance.choice((0.0, 0.0, 0.005, 0.02)), clock_jumps=chance.random() < 0.2,
        interference=interference,
    )


def strained(profile: Profile, chance: random.Random) -> Profile:
    """The same dangers, and those that ordinary stories leave out: a machine that sleeps, people who edit twice in a breath.

    What reading back over the last minutes mends shows only then.
    """
    return replace(
        profile, asleep=chance.choice((0.15, 0.3)), second_thoughts=chance.choice((0.3, 0.6)),
        crash_at_commit=max(profile.crash_at_commit, chance.choice((0.0, 0.05, 0.1))),
        old_values=chance.choice((0.0, 0.0, 0.5)),
    )  # fmt: skip


def _rate(name: str) -> tuple[float, float]:
    """How often a fault strikes where it can, from and to."""
    if name == "session_expired_mid_write":  # what a token takes with it shows only if somebody edits in that very moment
        return (0.3, 0.7)
    return (0.1, 0.4) if name in _OFTEN else (0.01, 0.08)

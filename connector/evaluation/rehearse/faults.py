"""Fault profiles of a rehearsal: a few by name, or single faults of the sandbox with their probabilities."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from adapters.sandbox import FAULT_NAMES_SALESFORCE
from adapters.sandbox.hubspot import FAULT_NAMES_HUBSPOT
from connector.errors import SettingsError

_PROFILES: Mapping[str, Mapping[str, float]] = {
    "none": {},
    "network": {
        "reset_before_apply": 0.01, "reset_after_apply": 0.02, "truncated_json": 0.01, "http_503": 0.02, "http_502": 0.01,
    },
    "limits": {"burst_429": 0.05, "http_429": 0.05, "request_limit_concurrent": 0.03, "lock_row_400": 0.03},
}


def profile(text: str, system: str) -> Mapping[str, float]:
    """The faults a text names; raises SettingsError that lists what there is."""
    known = FAULT_NAMES_HUBSPOT if system == "hubspot" else FAULT_NAMES_SALESFORCE
    if text == "rough":
        wanted: Mapping[str, float] = {**_PROFILES["network"], **_PROFILES["limits"]}
        return {name: chance for name, chance in wanted.items() if name in known}
    if text in _PROFILES:
        return {name: chance for name, chance in _PROFILES[text].items() if name in known}
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, chance = part.strip().partition("=")
        found[_checked(name, known)] = _chance(chance if equals else "0.05", name)
    return found


def _checked(name: str, known: Mapping[str, str]) -> str:
    if name in known:
        return name
    close = difflib.get_close_matches(name, [*known, *_PROFILES, "rough"], n=1)
    near = f", did you mean {close[0]}?" if close else ""
    raise SettingsError([f"--faults: {name!r} is no fault of this CRM{near}"], hint="profiles: none, network, limits, rough")


def _chance(text: str, name: str) -> float:
    try:
        chance = float(text)
    except ValueError:
        chance = -1.0
    if not 0.0 <= chance <= 1.0:
        raise SettingsError([f"--faults: {name}={text}: a probability lies between 0 and 1"])
    return chance

"""A policy as a rehearsal varies it: another target or other options, and the version that goes with the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from connector.policy.fingerprint import version_of
from connector.policy.permission import FieldPermission
from connector.policy.schema import Policy
from connector.record import FieldName

_NO_OPTIONS: Mapping[FieldName, Sequence[str]] = {}


def vary(
    policy: Policy, *, target: Decimal | None = None, options: Mapping[FieldName, Sequence[str]] = _NO_OPTIONS
) -> Policy:
    """The policy with another gate target and with exactly these options for the named fields.

    A field that was not under `may.update` comes with the defaults of a written one. The version is that of the result.
    """
    update = dict(policy.may.update)
    for name, allowed in options.items():
        update[name] = replace(update.get(name, FieldPermission.usual(name)), options=tuple(dict.fromkeys(allowed)))
    gate = policy.gate if target is None else replace(policy.gate, target=target)
    varied = replace(policy, gate=gate, may=replace(policy.may, update=update))
    return replace(varied, version=version_of(varied))

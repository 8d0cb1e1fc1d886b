"""The version of a policy: a hash of what it means, which white space, comments and key order do not change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any

from connector.policy.conditions import Condition
from connector.policy.durations import Duration
from connector.policy.schema import Policy, PolicyVersion

_NOT_MEANING = frozenset({"source", "version"})


def effective(policy: Policy) -> dict[str, Any]:
    """Everything the policy means, defaults included, as plain JSON values."""
    plain = _plain(policy)
    assert isinstance(plain, dict)  # a dataclass always becomes one
    return plain


def version_of(policy: Policy) -> PolicyVersion:
    text = json.dumps(effective(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return PolicyVersion(hashlib.sha256(text.encode()).hexdigest())


def _plain(value: Any) -> Any:
    match value:
        case Condition():
            return value.source
        case Duration():
            return str(value)
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case Decimal():
            return format(value.normalize() + 0, "f")
        case date() | time():
            return value.isoformat()
        case Mapping():
            return {str(_plain(key)): _plain(inner) for key, inner in value.items()}
        case frozenset():
            return sorted(_plain(inner) for inner in value)
        case tuple():
            return [_plain(inner) for inner in value]
        case _ if is_dataclass(value):
            kept = (each.name for each in fields(value) if each.name not in _NOT_MEANING)
            return {"kind": type(value).__name__} | {name: _plain(getattr(value, name)) for name in kept}
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a policy")

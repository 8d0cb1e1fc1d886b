"""Validation rules on single properties, readable at /crm/property-validations and enforced on writes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import invalid_property
from .values import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """One rule of a property, e.g. MAX_LENGTH 40 or REGEX `[A-Z]+`."""

    rule: str
    arguments: tuple[str, ...]

    def described(self) -> dict[str, object]:
        """As the validations endpoint lists it."""
        return {"ruleType": self.rule, "ruleArguments": list(self.arguments), "shouldApplyNormalization": False}

    def is_broken(self, value: str) -> bool:
        """Whether a value that is not empty violates the rule; unknown rules hold."""
        first = self.arguments[0] if self.arguments else ""
        match self.rule:
            case "MAX_LENGTH":
                return len(value) > int(first)
            case "MIN_LENGTH":
                return len(value) < int(first)
            case "MAX_NUMBER":
                return _number(value) > float(first)
            case "MIN_NUMBER":
                return _number(value) < float(first)
            case "REGEX":
                return re.fullmatch(first, value) is None
            case "ALPHANUMERIC":
                return not value.isalnum()
            case _:
                return False


def _number(value: str) -> float:
    """What a number rule compares; a text that is none breaks no bound."""
    try:
        return float(value)
    except ValueError:
        return float("nan")


def broken_rules(name: str, value: str, rules: tuple[Validation, ...]) -> list[Problem]:
    """The rules one value breaks; that the code is INVALID_ plus the rule's name is [mem]."""
    return [
        invalid_property(name, f"{value} does not match the rule {rule.rule} of {name}", f"INVALID_{rule.rule}")
        for rule in rules
        if value and rule.is_broken(value)
    ]

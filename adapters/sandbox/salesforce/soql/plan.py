"""Which rows a condition can possibly match, read off its shape so that not every row must be tested."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.sandbox.salesforce.ids import to_18
from adapters.sandbox.salesforce.soql.ast import All, Comparison, Condition, Either, Literal, Membership
from adapters.sandbox.salesforce.stamps import stamp_of


def stamp_bound(condition: Condition | None) -> int | None:
    """The earliest SystemModstamp, in milliseconds, a matching row can have."""
    match condition:
        case Comparison(field=(name,), operator="=" | ">" | ">=", literal=Literal(kind="datetime", value=str(text))):
            return stamp_of(text) if name.lower() == "systemmodstamp" else None
        case All(conditions):
            bounds = [bound for each in conditions if (bound := stamp_bound(each)) is not None]
            return max(bounds, default=None)
        case Either(conditions):
            found = [stamp_bound(each) for each in conditions]
            bounds = [bound for bound in found if bound is not None]
            return min(bounds) if len(bounds) == len(found) else None
        case _:
            return None


def pinned(condition: Condition | None, is_indexed: Callable[[str], bool]) -> tuple[str, Sequence[str]] | None:
    """A field that must have one of a few values, if the field is `Id` or indexed."""
    match condition:
        case Comparison(field=(name,), operator="=", literal=Literal(kind="string", value=str(text))):
            return (name, [text]) if is_indexed(name) else None
        case Membership(field=(name,), negated=False, literals=literals):
            texts = [each.value for each in literals if isinstance(each.value, str)]
            return (name, texts) if is_indexed(name) and len(texts) == len(literals) else None
        case All(conditions):
            return next((found for each in conditions if (found := pinned(each, is_indexed)) is not None), None)
        case _:
            return None


def full_ids(texts: Sequence[str]) -> list[str]:
    """The 18-character forms of those texts that are ids, each once."""
    return list(dict.fromkeys(full for text in texts if (full := to_18(text)) is not None))

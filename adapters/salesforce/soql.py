"""SOQL built from checked names and quoted values; nothing else ever becomes part of a query or a path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from connector.errors import InvalidResponseError, UnsafeReferenceError

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}")
_MARKER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:?00)")


def safe_id(text: str) -> str:
    """A Salesforce id, or UnsafeReferenceError: `//host/x` in an id would send our token to another host."""
    if not _ID.fullmatch(text):
        raise UnsafeReferenceError("this is not a Salesforce id")
    return text


def safe_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise UnsafeReferenceError(f"{text[:40]!r} is not a Salesforce object or field name")
    return text


def safe_marker(text: str) -> str:
    if not _MARKER.fullmatch(text):
        raise UnsafeReferenceError("a marker is letters, digits, dashes and underscores")
    return text


def quoted(values: str | Iterable[str]) -> str:
    """A text, or a list of texts for IN, as SOQL literals."""
    from simple_salesforce.format import quote_soql_value

    return str(quote_soql_value(values if isinstance(values, str) else list(values)))


def literal(at: datetime) -> str:
    """A datetime as SOQL writes it: UTC, whole seconds, unquoted."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_stamp(text: object) -> datetime:
    """`2026-05-01T07:25:37.000+0000` as a time; Salesforce's system stamps are whole seconds."""
    found = _STAMP.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InvalidResponseError("a row came without a readable time stamp")
    return datetime.fromisoformat(found.group(1)).replace(tzinfo=UTC)


def select(names: Sequence[str], native: str, *where: str, order: str | None = None, limit: int | None = None) -> str:
    """`SELECT names FROM native WHERE a AND b ORDER BY order LIMIT limit`, empty conditions left out."""
    query = f"SELECT {', '.join(dict.fromkeys(safe_name(name) for name in names))} FROM {safe_name(native)}"
    conditions = [condition for condition in where if condition]
    if conditions:
        query += " WHERE " + " AND ".join(conditions)
    if order:
        query += f" ORDER BY {order}"
    return query if limit is None else f"{query} LIMIT {int(limit)}"


def one_of(name: str, ids: Iterable[str]) -> str:
    return f"{safe_name(name)} IN {quoted([safe_id(one) for one in ids])}"


def among(name: str, texts: Iterable[str]) -> str:
    return f"{safe_name(name)} IN {quoted(list(texts))}"


def after_position(stamp: str, last: str) -> str:
    """Rows behind (stamp, id) in the order (SystemModstamp, Id); an empty id includes the whole second."""
    at = literal(parse_stamp(stamp))
    if not last:
        return f"SystemModstamp >= {at}"
    return f"((SystemModstamp = {at} AND Id > {quoted(safe_id(last))}) OR SystemModstamp > {at})"


def after_id(last: str) -> str:
    return f"Id > {quoted(safe_id(last))}" if last else ""


def chunks(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))

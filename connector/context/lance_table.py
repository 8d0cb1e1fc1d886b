"""How index entries look as LanceDB rows, and how a reach reads as a filter of digests, closed names and numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connector.clock import from_micros, micros
from connector.context.context import Audience
from connector.context.index import IndexEntry, IndexKey, Reach, Scope, record_key
from connector.record import Origin, RecordRef

if TYPE_CHECKING:
    import pyarrow as pa

# What of a row makes its entry. Every column costs a read of its own, so what no search filters by stands in one card.
PAYLOAD = ["key", "title", "body", "card"]


def row_key(key: IndexKey) -> str:
    """A key as it may stand in a filter, whatever its maker put into it."""
    return _digest(key)


def arrow_schema(dimension: int) -> pa.Schema:
    import pyarrow as pa

    texts = (
        "row_key", "key", "scope_key", "record", "title", "body", "audience", "category_key", "card",
    )
    return pa.schema([
        *(pa.field(name, pa.string()) for name in texts),
        pa.field("at", pa.int64()),
        pa.field("local", pa.bool_()),
        pa.field("embedded", pa.bool_()),
        pa.field("vector", pa.list_(pa.float32(), dimension)),
    ])


def arrow_rows(entries: Sequence[IndexEntry], vectors: Sequence[list[float] | None], dimension: int) -> pa.Table:
    """Entries as rows; an entry without its vector yet gets an empty one and is marked as owed."""
    import pyarrow as pa

    rows = [_row(entry, vector, dimension) for entry, vector in zip(entries, vectors, strict=True)]
    return pa.Table.from_pylist(rows, schema=arrow_schema(dimension))


def _row(entry: IndexEntry, vector: list[float] | None, dimension: int) -> dict[str, Any]:
    return {
        "row_key": row_key(entry.key),
        "key": entry.key,
        "scope_key": _digest(entry.scope),
        "record": record_key(entry.ref) if entry.ref is not None else "",
        "title": entry.title,
        "body": entry.body,
        "audience": entry.audience.value,
        "category_key": _digest(entry.category) if entry.category is not None else "",
        "card": _card(entry),
        "at": micros(entry.at) if entry.at is not None else None,
        "local": entry.local,
        "embedded": vector is not None,
        "vector": vector if vector is not None else [0.0] * dimension,
    }


def _card(entry: IndexEntry) -> str:
    """All of an entry but its key and its texts."""
    return json.dumps({
        "scope": entry.scope, "source": entry.source, "origin": entry.origin.value, "audience": entry.audience.value,
        "category": entry.category, "at": micros(entry.at) if entry.at is not None else None,
        "ref": str(entry.ref) if entry.ref is not None else None, "local": entry.local,
    })  # fmt: skip


def entry_of(row: Mapping[str, Any]) -> IndexEntry:
    card = json.loads(row["card"])
    return IndexEntry(
        key=IndexKey(row["key"]), scope=Scope(card["scope"]), title=row["title"], body=row["body"], source=card["source"],
        origin=Origin(card["origin"]), audience=Audience(card["audience"]), category=card["category"],
        at=from_micros(card["at"]) if card["at"] is not None else None,
        ref=RecordRef.parse(card["ref"]) if card["ref"] is not None else None, local=card["local"],
    )


def filter_of(reach: Reach | None) -> str | None:
    """The reach as a filter, None for all. Every literal is a digest, a closed name or a whole number."""
    if reach is None:
        return None
    parts = [among("scope_key", map(_digest, reach.scopes))]
    if reach.audience is Audience.CUSTOMER:
        parts.append(f"audience = '{Audience.CUSTOMER.value}'")
    if reach.categories:
        parts.append(among("category_key", map(_digest, reach.categories)))
    if reach.since is not None:
        parts.append(f"at >= {micros(reach.since)}")
    if reach.without:
        parts.append(f"NOT {among('record', map(record_key, reach.without))}")
    return " AND ".join(parts)


def scope_filter(scope: Scope) -> str:
    return among("scope_key", [_digest(scope)])


def among(column: str, digests: Iterable[str]) -> str:
    """`column` is one of these digests; false when there are none."""
    listed = ", ".join(f"'{digest}'" for digest in sorted(digests))
    return f"({column} IN ({listed}))" if listed else "(1 = 0)"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]

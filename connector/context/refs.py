"""Read rows of many records in few statements, in the portable SQL subset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import Row, Transaction, batches, word

_SIZES = (1, 4, 16, 64)  # one statement text for each, so that all stay prepared; a list is filled up to the next
# Letters only: a `:name` parameter of the store's portable subset holds no digits.
_NAMES = tuple(f"r_{chr(97 + place // 26)}{chr(97 + place % 26)}" for place in range(_SIZES[-1]))
_LISTS = {size: ", ".join(f":{name}" for name in _NAMES[:size]) for size in _SIZES}
OF_RECORDS = "connection = :connection AND object = :object AND record IN (:records)"


def rows_of(tx: Transaction, sql: str, refs: Sequence[RecordRef]) -> Iterator[Row]:
    """Rows of a statement that holds `OF_RECORDS`, for every ref; order within a record is the statement's own."""
    for size, parameters in _parameters(refs):
        yield from tx.rows(_of_size(sql, size), **parameters)


def delete_of(tx: Transaction, table: str, refs: Sequence[RecordRef]) -> int:
    """Remove every row of these records from one of our own tables; how many there were."""
    sql = f"DELETE FROM {table} WHERE {OF_RECORDS}"
    return sum(tx.run(_of_size(sql, size), **parameters) for size, parameters in _parameters(refs))


def ref_of(row: Row) -> RecordRef:
    return RecordRef(ConnectionName(row["connection"]), word(ObjectType, row["object"]), row["record"])


def columns_of(ref: RecordRef) -> dict[str, str]:
    return {"connection": ref.connection, "object": ref.object.value, "record": ref.id}


@lru_cache(maxsize=64)
def _of_size(sql: str, size: int) -> str:
    return sql.replace(":records", _LISTS[size])


def _parameters(refs: Sequence[RecordRef]) -> Iterator[tuple[int, dict[str, str]]]:
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for ref in dict.fromkeys(refs):
        grouped[ref.connection, ref.object.value].append(ref.id)
    for (connection, object), ids in grouped.items():
        for part in batches(ids, _SIZES[-1]):
            size = next(size for size in _SIZES if size >= len(part))
            filled = [*part, *[part[-1]] * (size - len(part))]
            yield size, {"connection": connection, "object": object, **dict(zip(_NAMES, filled, strict=False))}

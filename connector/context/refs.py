"""Read rows of many records in few statements, in the portable SQL subset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from connector.record import ConnectionName, ObjectType, RecordRef
from connector.store import Row, Transaction, word

_CHUNK = 64
# Letters only: a `:name` parameter of the store's portable subset holds no digits.
_NAMES = tuple(f"r_{chr(97 + place // 26)}{chr(97 + place % 26)}" for place in range(_CHUNK))
_LIST = ", ".join(f":{name}" for name in _NAMES)
OF_RECORDS = f"connection = :connection AND object = :object AND record IN ({_LIST})"


def rows_of(tx: Transaction, sql: str, refs: Sequence[RecordRef]) -> Iterator[Row]:
    """Rows of a statement that holds `OF_RECORDS`, for every ref; order within a record is the statement's own."""
    for parameters in _parameters(refs):
        yield from tx.rows(sql, **parameters)


def delete_of(tx: Transaction, table: str, refs: Sequence[RecordRef]) -> int:
    """Remove every row of these records from one of our own tables; how many there were."""
    return sum(tx.run(f"DELETE FROM {table} WHERE {OF_RECORDS}", **parameters) for parameters in _parameters(refs))


def ref_of(row: Row) -> RecordRef:
    return RecordRef(ConnectionName(row["connection"]), word(ObjectType, row["object"]), row["record"])


def columns_of(ref: RecordRef) -> dict[str, str]:
    return {"connection": ref.connection, "object": ref.object.value, "record": ref.id}


def _parameters(refs: Sequence[RecordRef]) -> Iterator[dict[str, str]]:
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for ref in dict.fromkeys(refs):
        grouped[ref.connection, ref.object.value].append(ref.id)
    for (connection, object), ids in grouped.items():
        for start in range(0, len(ids), _CHUNK):
            part = ids[start : start + _CHUNK]
            # Filled up with its last id, so that one statement text serves every size and stays prepared.
            part += part[-1:] * (_CHUNK - len(part))
            yield {"connection": connection, "object": object, **dict(zip(_NAMES, part, strict=True))}

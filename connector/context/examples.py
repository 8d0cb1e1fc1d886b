"""What people decided about texts: the examples learners train on, never a value that only an agent wrote."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.clock import from_micros, micros
from connector.context.refs import columns_of, ref_of
from connector.journal import canonical
from connector.record import ConnectionName, FieldName, FieldValue, ObjectType, RecordRef, decode_value, encode_value
from connector.store import Migration, Row, Transaction, word

EXAMPLE_TEXT_LIMIT = 20_000

MIGRATION = Migration(
    stage="context",
    number=1,
    name="examples",
    script="""
    CREATE TABLE context_examples (
        connection TEXT NOT NULL,
        object TEXT NOT NULL,
        record TEXT NOT NULL,
        field TEXT NOT NULL,
        text TEXT NOT NULL,
        value TEXT NOT NULL,
        source TEXT NOT NULL,
        stamped_at BIGINT NOT NULL,
        seen_at BIGINT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (connection, object, record, field)
    );
    CREATE INDEX context_examples_training ON context_examples (connection, object, field, source, stamped_at)
    """,
)


class ExampleSource(StrEnum):
    """Who stands behind the value: a person (set, approved or confirmed it), or only an agent so far."""

    STAFF = "staff"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A record's text as it stood when its field got `value`; `stamped_at` is the server's time of the value."""

    ref: RecordRef
    field: FieldName
    text: str
    value: FieldValue
    source: ExampleSource
    stamped_at: datetime

    @property
    def content(self) -> str:
        return content_key(self.text)


def content_key(text: str) -> str:
    """The same for texts that differ in case and white space only: repeats count once."""
    return hashlib.sha256(" ".join(text.casefold().split()).encode(errors="replace")).hexdigest()[:32]


def remember_examples(tx: Transaction, examples: Sequence[Example], *, now: datetime) -> None:
    """Keep the newest example per record and field.

    An agent writing what a person had already chosen leaves the person's example as it is. A repeat changes nothing,
    so `count_since` counts only what is new to us.
    """
    tx.run_many(_UPSERT, [_columns(example, now) for example in examples if example.value is not None])


_UPSERT = """
INSERT INTO context_examples (connection, object, record, field, text, value, source, stamped_at, seen_at, content)
VALUES (:connection, :object, :record, :field, :text, :value, :source, :stamped_at, :seen_at, :content)
ON CONFLICT (connection, object, record, field) DO UPDATE SET
    text = excluded.text, value = excluded.value, source = excluded.source, stamped_at = excluded.stamped_at,
    seen_at = excluded.seen_at, content = excluded.content
WHERE excluded.stamped_at >= context_examples.stamped_at
    AND NOT (excluded.source = 'agent' AND context_examples.value = excluded.value)
    AND NOT (excluded.source = context_examples.source AND excluded.value = context_examples.value
        AND excluded.content = context_examples.content)
"""


def training_examples(
    tx: Transaction, connection: ConnectionName, object: ObjectType, field: FieldName, *, limit: int = 100_000
) -> tuple[Example, ...]:
    """The newest `limit` examples people stand behind, oldest first; of equal texts only the newest."""
    rows = tx.rows(_TRAINING, connection=connection, object=object.value, field=field, limit=limit)
    return tuple(_example(row) for row in reversed(rows))


_TRAINING = """
SELECT * FROM (
    SELECT e.*, ROW_NUMBER() OVER (PARTITION BY content ORDER BY stamped_at DESC, record DESC) AS newest
    FROM context_examples e
    WHERE connection = :connection AND object = :object AND field = :field AND source = 'staff'
) numbered
WHERE newest = 1
ORDER BY stamped_at DESC, record DESC
LIMIT :limit
"""


def count_since(
    tx: Transaction, connection: ConnectionName, object: ObjectType, field: FieldName, *, since: datetime
) -> int:
    """How many different texts people labelled that became known to us after `since`: what retraining waits for."""
    row = tx.one(
        """
        SELECT COUNT(DISTINCT content) AS examples FROM context_examples
        WHERE connection = :connection AND object = :object AND field = :field AND source = 'staff' AND seen_at > :since
        """,
        connection=connection, object=object.value, field=field, since=micros(since),
    )
    return int(row["examples"]) if row else 0


def _columns(example: Example, now: datetime) -> dict[str, str | int]:
    # NUL cannot stand in a PostgreSQL text; lone surrogates cannot be encoded at all.
    text = example.text[:EXAMPLE_TEXT_LIMIT].replace("\0", "").encode(errors="replace").decode()
    return {
        **columns_of(example.ref), "field": example.field, "text": text,
        "value": canonical(encode_value(example.value)), "source": example.source.value,
        "stamped_at": micros(example.stamped_at), "seen_at": micros(now), "content": content_key(text),
    }


def _example(row: Row) -> Example:
    return Example(
        ref=ref_of(row), field=FieldName(row["field"]), text=row["text"], value=decode_value(json.loads(row["value"])),
        source=word(ExampleSource, row["source"]), stamped_at=from_micros(row["stamped_at"]),
    )

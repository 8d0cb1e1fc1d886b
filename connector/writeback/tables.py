"""The table of write-back: every cleared action from ready to its outcome."""

from __future__ import annotations

from connector.store import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        stage="writeback",
        number=1,
        name="outbox",
        script="""
        CREATE TABLE writeback_outbox (
            intent TEXT PRIMARY KEY,
            decision TEXT NOT NULL,
            policy TEXT NOT NULL,
            approval TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            kind TEXT NOT NULL,
            purpose TEXT NOT NULL,
            action TEXT NOT NULL,
            bases TEXT NOT NULL,
            rule TEXT NOT NULL,
            on_overwrite TEXT NOT NULL,
            cleared_by TEXT NOT NULL,
            cleared_at BIGINT NOT NULL,
            after_intent TEXT,
            run TEXT,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            not_before BIGINT NOT NULL,
            sent_at BIGINT,
            live TEXT,
            outcome TEXT,
            inverse TEXT,
            settled_at BIGINT
        );
        CREATE INDEX writeback_outbox_state ON writeback_outbox (state, cleared_at, record, intent);
        CREATE INDEX writeback_outbox_record ON writeback_outbox (connection, object, record);
        CREATE INDEX writeback_outbox_decision ON writeback_outbox (decision)
        """,
    ),
)

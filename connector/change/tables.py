"""The tables of capture: cursors, what we have seen of each record, the inbox, triggers, aliases and timers."""

from __future__ import annotations

from connector.store import Migration

MIGRATIONS = (
    Migration(
        stage="change",
        number=1,
        name="cursors, seen records, inbox, triggers, aliases, timers",
        script="""
        CREATE TABLE change_cursors (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            activated_at BIGINT NOT NULL,
            cursor TEXT NOT NULL,
            sweep TEXT,
            baselined INTEGER NOT NULL,
            fields TEXT NOT NULL,
            PRIMARY KEY (connection, object)
        );
        CREATE TABLE change_seen (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            version TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            snapshot TEXT,
            related TEXT,
            PRIMARY KEY (connection, object, record)
        );
        CREATE TABLE change_inbox (
            seq {identity},
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            kind TEXT NOT NULL,
            origin TEXT NOT NULL,
            occurred_at BIGINT NOT NULL,
            version TEXT,
            slot TEXT,
            into_record TEXT,
            run TEXT,
            key TEXT NOT NULL UNIQUE,
            attempts INTEGER NOT NULL,
            not_before BIGINT NOT NULL,
            buried INTEGER NOT NULL,
            reason TEXT
        );
        CREATE INDEX change_inbox_due ON change_inbox (buried, seq);
        CREATE INDEX change_inbox_record ON change_inbox (connection, object, record);
        CREATE TABLE change_triggers (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            policy TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            visit BIGINT NOT NULL,
            PRIMARY KEY (connection, object, record, policy)
        );
        CREATE TABLE change_aliases (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            into_record TEXT NOT NULL,
            PRIMARY KEY (connection, object, record)
        );
        CREATE TABLE change_timers (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            policy TEXT NOT NULL,
            slot TEXT NOT NULL,
            due_at BIGINT NOT NULL,
            PRIMARY KEY (connection, object, record, policy)
        );
        CREATE INDEX change_timers_due ON change_timers (due_at)
        """,
    ),
    Migration(
        stage="change",
        number=2,
        name="backfills and completeness",
        script="""
        CREATE TABLE change_backfills (
            name TEXT PRIMARY KEY,
            policy TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            place TEXT,
            since BIGINT,
            ceiling BIGINT,
            queued BIGINT NOT NULL,
            done INTEGER NOT NULL,
            started_at BIGINT NOT NULL
        );
        CREATE TABLE change_completeness (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            at BIGINT NOT NULL,
            records BIGINT NOT NULL,
            matched BIGINT NOT NULL,
            repaired BIGINT NOT NULL,
            PRIMARY KEY (connection, object)
        )
        """,
    ),
    Migration(
        stage="change",
        number=3,
        name="backfills that were stopped",
        script="ALTER TABLE change_backfills ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0",
    ),
    Migration(
        stage="change",
        number=4,
        name="timers that remember what fired",
        script="""
        DROP TABLE change_timers;
        CREATE TABLE change_due (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            policy TEXT NOT NULL,
            rule TEXT NOT NULL,
            due_at BIGINT,
            fired TEXT,
            fired_at BIGINT,
            PRIMARY KEY (connection, object, record, policy, rule)
        );
        CREATE INDEX change_due_at ON change_due (due_at)
        """,
    ),
)

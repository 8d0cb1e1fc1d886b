"""The tables of deciding: which learners are in force, and what reasoning has been paid or promised."""

from __future__ import annotations

from connector.store import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        stage="decision",
        number=1,
        name="learners and spending",
        script="""
        CREATE TABLE decision_learners (
            connection TEXT NOT NULL,
            policy TEXT NOT NULL,
            object TEXT NOT NULL,
            field TEXT NOT NULL,
            version INTEGER NOT NULL,
            name TEXT NOT NULL,
            path TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            examples INTEGER NOT NULL,
            fitted_at BIGINT NOT NULL,
            pinned INTEGER NOT NULL DEFAULT 0,
            withdrawn INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (connection, policy, object, field, version)
        );
        CREATE TABLE decision_examples (
            connection TEXT NOT NULL,
            policy TEXT NOT NULL,
            object TEXT NOT NULL,
            field TEXT NOT NULL,
            examples INTEGER NOT NULL,
            needed INTEGER NOT NULL,
            why TEXT NOT NULL,
            PRIMARY KEY (connection, policy, object, field)
        );
        CREATE TABLE decision_spending (
            id {identity},
            policy TEXT NOT NULL,
            day TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            reserved BIGINT NOT NULL,
            settled BIGINT
        );
        CREATE INDEX decision_spending_by_day ON decision_spending (policy, day)
        """,
    ),
    Migration(
        stage="decision",
        number=2,
        name="batches",
        script="""
        CREATE TABLE decision_batches (
            name TEXT PRIMARY KEY,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            batch TEXT,
            state TEXT NOT NULL,
            reply TEXT,
            reservation BIGINT,
            reserved BIGINT NOT NULL,
            asked_at BIGINT NOT NULL
        );
        CREATE INDEX decision_batches_batch ON decision_batches (batch)
        """,
    ),
    Migration(
        stage="decision",
        number=3,
        name="learners in shadow",
        script="""
        ALTER TABLE decision_learners ADD COLUMN shadow INTEGER NOT NULL DEFAULT 0
        """,
    ),
    Migration(
        stage="decision",
        number=4,
        name="learners taught by what was erased",
        script="ALTER TABLE decision_learners ADD COLUMN outdated INTEGER NOT NULL DEFAULT 0",
    ),
)

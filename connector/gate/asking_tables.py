"""The tables of asking people where they work: whose account is whose, and where each question has been put."""

from __future__ import annotations

from connector.store import Migration

MIGRATIONS = (
    Migration(
        stage="asking",
        number=1,
        name="accounts, tasks, letters",
        script="""
        CREATE TABLE asking_accounts (
            place TEXT NOT NULL,
            account TEXT NOT NULL,
            person TEXT NOT NULL,
            PRIMARY KEY (place, account)
        );
        CREATE TABLE asking_tasks (
            approval TEXT NOT NULL,
            seal TEXT NOT NULL,
            intent TEXT NOT NULL,
            connection TEXT NOT NULL,
            task TEXT,
            state TEXT NOT NULL,
            version TEXT,
            looked_at BIGINT NOT NULL,
            PRIMARY KEY (approval, seal)
        );
        CREATE INDEX asking_tasks_open ON asking_tasks (connection, state, looked_at);
        CREATE INDEX asking_tasks_intent ON asking_tasks (intent);
        CREATE INDEX asking_tasks_task ON asking_tasks (connection, task);
        CREATE TABLE asking_letters (
            approval TEXT NOT NULL,
            way TEXT NOT NULL,
            state TEXT NOT NULL,
            told TEXT,
            at BIGINT NOT NULL,
            PRIMARY KEY (approval, way)
        )
        """,
    ),
    Migration(
        stage="asking",
        number=2,
        name="what a letter showed",
        script="ALTER TABLE asking_letters ADD COLUMN seal TEXT",
    ),
    Migration(
        stage="asking",
        number=3,
        name="letters whose question became another",
        script="""
        ALTER TABLE asking_letters ADD COLUMN outdated INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX asking_letters_standing ON asking_letters (way, state, outdated, at, approval)
        """,
    ),
)

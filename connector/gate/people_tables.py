"""The tables of the people around the gate: who may come in, what they put off, judge together and say of their cases."""

from __future__ import annotations

from connector.store import Migration

MIGRATIONS = (
    Migration(
        stage="people",
        number=1,
        name="persons, sessions, tries, snoozes, bulks, feedback",
        script="""
        CREATE TABLE people_persons (
            person TEXT PRIMARY KEY,
            role TEXT NOT NULL,
            salt TEXT NOT NULL,
            token_digest TEXT NOT NULL,
            added_at BIGINT NOT NULL,
            added_by TEXT NOT NULL,
            removed_at BIGINT
        );
        CREATE TABLE people_sessions (
            session TEXT PRIMARY KEY,
            person TEXT NOT NULL,
            csrf TEXT NOT NULL,
            opened_at BIGINT NOT NULL,
            ends_at BIGINT NOT NULL
        );
        CREATE TABLE people_tries (
            door TEXT PRIMARY KEY,
            failed BIGINT NOT NULL,
            last_at BIGINT NOT NULL
        );
        CREATE TABLE people_snoozes (
            approval TEXT NOT NULL,
            person TEXT NOT NULL,
            until_at BIGINT NOT NULL,
            PRIMARY KEY (approval, person)
        );
        CREATE TABLE people_bulks (
            bulk TEXT PRIMARY KEY,
            person TEXT NOT NULL,
            pattern TEXT NOT NULL,
            members TEXT NOT NULL,
            sample TEXT NOT NULL,
            opened_at BIGINT NOT NULL,
            settled_at BIGINT,
            verdict TEXT
        );
        CREATE INDEX people_bulks_open ON people_bulks (person, pattern, settled_at);
        CREATE TABLE people_feedback (
            handoff TEXT NOT NULL,
            person TEXT NOT NULL,
            needed INTEGER,
            enough INTEGER,
            at BIGINT NOT NULL,
            PRIMARY KEY (handoff, person)
        );
        ALTER TABLE gate_approvals ADD COLUMN pattern TEXT;
        CREATE INDEX gate_approvals_alike ON gate_approvals (state, pattern, asked_at, approval);
        CREATE INDEX gate_approvals_judged ON gate_approvals (settled_by, settled_at)
        """,
    ),
    Migration(
        stage="people",
        number=2,
        name="the queue in its order",
        script="CREATE INDEX gate_approvals_order ON gate_approvals (state, asked_at, record, approval)",
    ),
    Migration(
        stage="people",
        number=3,
        name="indexes of what waits only",
        # Every proposed action has a row, and most never wait: they must not pay for the order of the queue.
        script="""
        DROP INDEX gate_approvals_alike;
        DROP INDEX gate_approvals_order;
        CREATE INDEX gate_waiting_order ON gate_approvals (state, asked_at, record, approval) WHERE state = 'pending';
        CREATE INDEX gate_waiting_alike ON gate_approvals (state, pattern, approval, expires_at) WHERE state = 'pending';
        CREATE INDEX gate_waiting_policy ON gate_approvals (state, policy, asked_at, record, approval)
            WHERE state = 'pending';
        CREATE INDEX gate_waiting_owner ON gate_approvals (state, owner, approval) WHERE state = 'pending'
        """,
    ),
    Migration(
        stage="people",
        number=4,
        name="who looked at a blind question first",
        script="""
        CREATE TABLE people_reveals (
            approval TEXT NOT NULL,
            person TEXT NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (approval, person)
        );
        CREATE INDEX gate_waiting_decision ON gate_approvals (state, decision) WHERE state = 'pending'
        """,
    ),
)

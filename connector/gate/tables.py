"""The tables of the gate: passes for limits, cells and labels for autonomy, approvals and handoffs for people."""

from __future__ import annotations

from connector.store import Migration

MIGRATIONS = (
    Migration(
        stage="gate",
        number=1,
        name="passes, cells, labels, approvals, handoffs",
        script="""
        CREATE TABLE gate_passes (
            intent TEXT PRIMARY KEY,
            policy TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            kind TEXT NOT NULL,
            at BIGINT NOT NULL,
            is_new INTEGER NOT NULL,
            run TEXT
        );
        CREATE INDEX gate_passes_window ON gate_passes (policy, connection, at);
        CREATE INDEX gate_passes_record ON gate_passes (connection, object, record, at);
        CREATE TABLE gate_cells (
            cell TEXT PRIMARY KEY,
            pins TEXT NOT NULL,
            state TEXT NOT NULL,
            threshold DOUBLE PRECISION,
            looks INTEGER NOT NULL,
            evidence TEXT NOT NULL,
            held_values TEXT NOT NULL,
            changed_at BIGINT NOT NULL
        );
        CREATE TABLE gate_labels (
            cell TEXT NOT NULL,
            pins TEXT NOT NULL,
            content TEXT NOT NULL,
            proposed TEXT NOT NULL,
            actual TEXT,
            agreed INTEGER NOT NULL,
            confidence DOUBLE PRECISION NOT NULL,
            source TEXT NOT NULL,
            connection TEXT,
            object TEXT,
            record TEXT,
            at BIGINT NOT NULL,
            PRIMARY KEY (cell, pins, content)
        );
        CREATE TABLE gate_approvals (
            approval TEXT PRIMARY KEY,
            intent TEXT NOT NULL,
            decision TEXT NOT NULL,
            policy TEXT NOT NULL,
            cell TEXT NOT NULL,
            pins TEXT NOT NULL,
            content TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            held TEXT NOT NULL,
            action_hash TEXT NOT NULL,
            rule TEXT NOT NULL,
            on_overwrite TEXT NOT NULL,
            confidence DOUBLE PRECISION NOT NULL,
            rationale TEXT NOT NULL,
            reasons TEXT NOT NULL,
            citations TEXT NOT NULL,
            after_intent TEXT,
            run TEXT,
            state TEXT NOT NULL,
            owner TEXT NOT NULL,
            asked_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            settled_at BIGINT,
            settled_by TEXT,
            remark TEXT
        );
        CREATE INDEX gate_approvals_state ON gate_approvals (state, expires_at);
        CREATE INDEX gate_approvals_record ON gate_approvals (connection, object, record);
        CREATE TABLE gate_handoffs (
            handoff TEXT PRIMARY KEY,
            decision TEXT NOT NULL,
            policy TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            reason TEXT NOT NULL,
            summary TEXT NOT NULL,
            tried TEXT NOT NULL,
            missing TEXT NOT NULL,
            owner TEXT NOT NULL,
            ladder TEXT NOT NULL,
            step INTEGER NOT NULL,
            fallback TEXT NOT NULL,
            state TEXT NOT NULL,
            opened_at BIGINT NOT NULL,
            due_at BIGINT NOT NULL,
            settled_at BIGINT,
            settled_by TEXT,
            remark TEXT
        );
        CREATE INDEX gate_handoffs_state ON gate_handoffs (state, due_at)
        """,
    ),
    Migration(
        stage="gate",
        number=2,
        name="looks per pins",
        script="""
        CREATE TABLE gate_looks (
            cell TEXT NOT NULL,
            pins TEXT NOT NULL,
            looks INTEGER NOT NULL,
            PRIMARY KEY (cell, pins)
        )
        """,
    ),
    Migration(
        stage="gate",
        number=3,
        name="audits, blind labels, hands off, conflicts of cells",
        script="""
        ALTER TABLE gate_labels ADD COLUMN blind INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE gate_audits (
            audit TEXT PRIMARY KEY,
            cell TEXT NOT NULL,
            pins TEXT NOT NULL,
            content TEXT NOT NULL,
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            policy TEXT NOT NULL,
            proposed TEXT NOT NULL,
            confidence DOUBLE PRECISION NOT NULL,
            owner TEXT NOT NULL,
            state TEXT NOT NULL,
            asked_at BIGINT NOT NULL,
            due_at BIGINT NOT NULL,
            given TEXT,
            judged_by TEXT,
            judged_at BIGINT
        );
        CREATE INDEX gate_audits_cell ON gate_audits (cell, asked_at);
        CREATE INDEX gate_audits_state ON gate_audits (state, due_at);
        CREATE TABLE gate_hands_off (
            connection TEXT NOT NULL,
            object TEXT NOT NULL,
            record TEXT NOT NULL,
            field TEXT NOT NULL,
            corrected_at BIGINT NOT NULL,
            PRIMARY KEY (connection, object, record, field)
        );
        CREATE INDEX gate_hands_off_record ON gate_hands_off (record);
        CREATE TABLE gate_conflicts (
            intent TEXT PRIMARY KEY,
            cell TEXT NOT NULL,
            pins TEXT NOT NULL,
            at BIGINT NOT NULL
        );
        CREATE INDEX gate_conflicts_cell ON gate_conflicts (cell, pins, at);
        CREATE INDEX gate_approvals_cell ON gate_approvals (cell, pins, state, asked_at)
        """,
    ),
    Migration(
        stage="gate",
        number=4,
        name="questions beside one that is asked blind",
        script="ALTER TABLE gate_approvals ADD COLUMN beside_blind INTEGER NOT NULL DEFAULT 0",
    ),
)

"""`crm-connector journal`: read, verify and export the audit trail."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, Strict
from connector.cli.output import copyable, emit, indented, instant, moment, note, say
from connector.cli.refs import parse_ref
from connector.daemon import journal_key, kept_heads
from connector.errors import StateError
from connector.journal import StoredEntry, Verification, is_sealed, newest, of_decision, of_record, verify, walk
from connector.report.sentences import headline
from connector.settings import load_settings
from connector.store import Transaction

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Read, verify and export the audit trail."
)


@app.command(epilog="Example: crm-connector journal show crm:ticket/123")
def show(
    *,
    record: Annotated[str | None, typer.Argument(help="Only this record, as CONNECTION:OBJECT/ID.")] = None,
    decision: Annotated[str | None, typer.Option(help="Only this decision.")] = None,
    seq: Annotated[int | None, typer.Option(help="One entry in full, by its number.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000_000, help="So many of the newest.")] = 30,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show entries, newest last: all, one record's, one decision's, or one entry in full."""
    settings = load_settings(config)
    with reading_state(settings) as store, store.snapshot() as tx:
        if seq is not None:
            entries = [entry for entry in newest(tx, sys.maxsize) if entry.seq == seq]
        elif record is not None:
            entries = of_record(tx, parse_ref(record))[-limit:]
        elif decision is not None:
            entries = of_decision(tx, decision)[-limit:]
        else:
            entries = newest(tx, limit)
    if seq is not None and not entries:
        raise StateError(f"the journal has no entry {seq}", hint="crm-connector journal show")
    if as_json:
        emit({"entries": [document_of(entry) for entry in entries]})
    elif seq is not None:
        for entry in entries:
            for line in json.dumps(document_of(entry), ensure_ascii=False, indent=2).splitlines():
                copyable(line)
    else:
        if not entries:
            say(f"the journal holds nothing{f' about {record or decision}' if record or decision else ''}")
        for one in entries:
            who = "" if one.entry.actor == "service" else f" by {one.entry.actor}"
            what = one.entry.kind.value.replace("_", " ")
            say(f"{one.seq:>5}  {moment(one.entry.at)}  {what}{who}  {one.entry.ref or ''}".rstrip(), style="dim")
            indented(headline(one), by=7)


@app.command("verify", epilog="Example: crm-connector journal verify --json")
def verify_(*, strict: Strict = False, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Prove that no entry was changed, added or removed since it was sealed."""
    settings = load_settings(config)
    with reading_state(settings) as store, store.snapshot() as tx:
        heads = kept_heads(settings.heads)
        found = verify(tx, journal_key(settings.state, sealed=is_sealed(tx)), heads)
    problems = [*found.problems, *_unproven(found, heads, settings.heads)]
    if as_json:
        emit({
            "entries": found.entries, "seals": found.seals, "erased": found.erased, "unsealed": found.unsealed,
            "heads": len(heads), "problems": problems,
        })  # fmt: skip
    else:
        say(
            f"{found.entries} entries under {found.seals} seals; {found.erased} bodies erased; "
            f"{found.unsealed} not sealed yet"
        )
        for problem in problems:
            say(f"✗ {problem}", style="bold red")
        if not problems:
            say("✓ nothing was changed, added or removed", style="green")
    if problems and strict:
        raise typer.Exit(1)


def _unproven(found: Verification, heads: Sequence[str], kept: Path) -> Iterator[str]:
    """What the state alone cannot prove: whether its newest entries were cut off, seals and all."""
    if found.seals and not heads:
        yield f"{kept} holds no head, so nothing proves that the journal's end was not cut off; restore it from a backup"


@app.command(epilog="Example: crm-connector journal export --out journal.jsonl")
def export(
    *,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write; stdout when not given.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Write every entry as JSON lines, one entry a line, in order."""
    settings = load_settings(config)
    with reading_state(settings) as store, store.snapshot() as tx:
        if out is None:
            sys.stdout.writelines(_lines(tx))
            return
        with out.open("w", encoding="utf-8") as file:
            count = sum(1 for line in _lines(tx) if file.write(line))
    note(f"{count} entries written to {out}")


def _lines(tx: Transaction) -> Iterator[str]:
    return (json.dumps(document_of(entry), ensure_ascii=False) + "\n" for entry in walk(tx))


def document_of(stored: StoredEntry) -> dict[str, Any]:
    """An entry as JSON. `body` is null after erasure."""
    entry = stored.entry
    return {
        "seq": stored.seq, "at": instant(entry.at), "kind": entry.kind.value,
        "record": str(entry.ref) if entry.ref else None, "policy": entry.policy, "decision": entry.decision,
        "intent": entry.intent, "run": entry.run, "actor": entry.actor,
        "body": dict(stored.body) if stored.body is not None else None,
        "body_digest": stored.body_digest, "digest": stored.digest,
    }

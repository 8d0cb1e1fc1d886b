"""`crm-connector erase`: remove a person's or a record's text from everything this service keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from connector.adapter import Adapter
from connector.cli.log import Quiet
from connector.cli.opening import open_connections, reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, By, ConfigFile, Yes, agreed, person
from connector.cli.output import emit, indented, note, say
from connector.cli.refs import parse_ref
from connector.cli.road import open_index, open_shelf
from connector.clock import SystemClock, system_random
from connector.decision.versions import Shelved
from connector.errors import ConnectorError, PermanentError
from connector.journal import Journal
from connector.pipeline.erase import Erased
from connector.pipeline.erase import erase as erase_records
from connector.record import FieldName, ObjectType, RecordRef
from connector.report.persons import records_mentioning
from connector.settings import Settings, load_settings

app = typer.Typer(add_completion=False)
_PEOPLE = (ObjectType.CONTACT, ObjectType.LEAD)
_THEIRS = (ObjectType.TICKET, ObjectType.EMAIL, ObjectType.NOTE, ObjectType.MEETING, ObjectType.CALL, ObjectType.TASK)
_EMAIL = FieldName("email")


@app.command(epilog="Example: crm-connector erase --person jo@example.com")
def erase(
    *,
    address: Annotated[str | None, typer.Option("--person", help="A person's e-mail address.")] = None,
    record: Annotated[list[str] | None, typer.Option(help="A record, as CONNECTION:OBJECT/ID; repeatable.")] = None,
    yes: Yes = False,
    by: By = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Remove a person's or a record's text from everything this service keeps; the CRM itself is not touched.

    Journal entries stay as bare facts and still verify. For a person, their contact and lead records, what hangs on
    them, and every record whose kept texts hold the address are erased.
    """
    if not address and not record:
        raise typer.BadParameter("say --person or --record")
    settings = load_settings(config)
    with reading_state(settings) as store:
        refs = [parse_ref(one) for one in record or ()]
        unasked: list[str] = []
        if address:
            with store.snapshot() as tx:
                refs += records_mentioning(tx, address)
            refs += _of_person(settings, address, unasked)
        refs = list(dict.fromkeys(refs))
        if not refs:
            hint = "crm-connector erase --record CONNECTION:OBJECT/ID"
            raise PermanentError(f"nothing is kept about {address}", hint=hint)
        _announce(refs, unasked)
        agreed(f"Erase what is kept about {len(refs)} records?", yes=yes or as_json)
        now = SystemClock().now()
        done = erase_records(
            store, Journal(system_random()), open_index(settings), refs, by=person(by), at=now,
            addresses=(address,) if address else (),
        )
        standing = open_shelf(settings, store).sweep()
    _tell(done, unasked, standing, as_json=as_json)


def _of_person(settings: Settings, address: str, unasked: list[str]) -> Iterator[RecordRef]:
    """The person's own records in every CRM, and what hangs on them. A CRM that cannot be asked is named."""
    for name, adapter in open_connections(settings, Quiet()).adapters.items():
        try:
            yield from _in_one(adapter, address.lower())
        except ConnectorError as error:
            unasked.append(f"{name}: {error.message}")


def _in_one(adapter: Adapter, address: str) -> Iterator[RecordRef]:
    # Search indexes lag and miss; reading every person once finds them all, and erasures are rare.
    known = adapter.capabilities.objects
    for kind in (one for one in _PEOPLE if one in known):
        if _EMAIL not in adapter.records.schema(kind).fields:
            continue
        cursor, more = None, True
        while more:
            page = adapter.changes.sweep(kind, cursor, [_EMAIL])
            cursor, more = page.cursor, page.more
            own = [record.ref for record in page.records if str(record.fields.get(_EMAIL) or "").lower() == address]
            yield from own
            for hanging in (one for one in _THEIRS if own and one in known):
                for records in adapter.records.related(own, hanging, [], limit=500).values():
                    yield from (record.ref for record in records)


def _announce(refs: Sequence[RecordRef], unasked: Sequence[str]) -> None:
    for ref in refs[:20]:
        note(f"  {ref}")
    if len(refs) > 20:
        note(f"  … and {len(refs) - 20} more")
    for trouble in unasked:
        note(f"! not asked, so records only it knows of are missed: {trouble}")


def _tell(done: Erased, unasked: Sequence[str], standing: Sequence[Shelved], *, as_json: bool) -> None:
    if as_json:
        emit({
            "records": [str(ref) for ref in done.records], "journal_bodies": done.journal_bodies,
            "memory_rows": done.memory_rows, "inbox_rows": done.inbox_rows, "not_asked": list(unasked),
            "learners_to_refit": [str(one.key) for one in standing],
        })  # fmt: skip
        return
    removed = f"{done.journal_bodies} journal bodies, {done.memory_rows} remembered texts"
    counted = f"{len(done.records)} record{'' if len(done.records) == 1 else 's'}"
    say(f"✓ {counted} erased: {removed}", style="green")
    for one in standing:
        note(f"  {one.key!s} was taught by them; it is fitted again without them, and earlier versions are gone")
    indented(
        "What still stands in the CRM is read again, as if it were new: delete it there, then type the same command again. "
        "What backups of the state folder hold is not touched. next: crm-connector journal verify"
    )

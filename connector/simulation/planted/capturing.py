"""Bugs in noticing change: what is read, remembered, queued and forgotten, and in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.simulation.planted.workbench import Bug, Workbench
from connector.store import Sync

_CAPTURE = "connector.change.capture"
_FORCE = "adapters.salesforce.changes"
_SPOT = "adapters.hubspot.changes"


def _cursor_before_inbox(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def capture_page(store: Any, journal: Any, clock: Any, source: Any, *place: Any, **more: Any) -> Any:
            class Hasty:
                """Commits the new cursor as soon as a page is read, then hands the page on."""

                def poll(self, kind: Any, cursor: Any, fields: Any) -> Any:
                    page = source.poll(kind, cursor, fields)
                    from connector.change import cursors

                    with store.transaction("change: captured page", Sync.FULL) as tx:
                        cursors.advance(tx, place[0], kind, page.cursor)
                    return page

                def __getattr__(self, name: str) -> Any:
                    return getattr(source, name)

            return original(store, journal, clock, Hasty(), *place, **more)

        return capture_page

    bench.wrap("connector.pipeline.pipeline:capture_page", made)


def _snapshot_when_captured(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def queue_page(tx: Any, page: Any, place: Any, *more: Any) -> int:
            queued: int = original(tx, page, place, *more)
            from connector.change.seen import note_snapshots

            note_snapshots(tx, page.records, place.fields)
            return queued

        return queue_page

    bench.wrap(f"{_CAPTURE}:_queue_page", made)


def _no_tombstones(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        return lambda tx, page, *more: original(tx, replace(page, gone=()), *more)

    bench.wrap(f"{_CAPTURE}:_queue_page", made)


def _one_wake_per_record(bench: Workbench) -> None:
    bench.swap(f"{_CAPTURE}:_known_version", lambda seen, record: seen is not None)


def _only_created(bench: Workbench) -> None:
    bench.swap(f"{_CAPTURE}:_matters", lambda seen, record: seen is None or seen.snapshot is None)


def _strict_cursor(bench: Workbench) -> None:
    from adapters.salesforce.soql import literal, parse_stamp

    bench.swap(f"{_FORCE}:after_position", lambda stamp, last: f"SystemModstamp > {literal(parse_stamp(stamp))}")
    bench.swap(f"{_FORCE}:SalesforceChanges._look_back", lambda self, cursor: cursor)


def _no_look_back(bench: Workbench) -> None:
    bench.swap(f"{_FORCE}:SalesforceChanges._look_back", lambda self, cursor: cursor)


def _no_settling_page(bench: Workbench) -> None:
    """Rows are read in the second of their change, and what changes under the same stamp afterwards is not looked into.

    The first alone costs only time: a look back within the minute compares what a row holds.
    """
    bench.swap(f"{_FORCE}:_settled", lambda answer: answer.body["records"])
    bench.swap(f"{_CAPTURE}:_known_version", lambda seen, record: seen is not None and seen.version == record.version)


def _no_overlap(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def init(self: Any, portal: Any, records: Any) -> None:
            original(self, portal, records)
            self._overlap = 0

        return init

    bench.wrap(f"{_SPOT}:HubSpotChanges.__init__", made)


def _local_clock(bench: Workbench) -> None:
    def server_now(self: Any, answer: Any) -> int:
        from adapters.hubspot.values import milliseconds

        return milliseconds(self._portal.clock.now())

    bench.swap(f"{_SPOT}:HubSpotChanges._server_now", server_now)


def _first_page_only(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        return lambda self, object, cursor, fields: replace(original(self, object, cursor, fields), more=False, gone=())

    bench.wrap(f"{_SPOT}:HubSpotChanges._search_page", made)


def _constant_fingerprint(bench: Workbench) -> None:
    bench.swap("connector.change.trigger:fingerprint", lambda policy, event, record: "f" * 32)


def _visit_not_counted(bench: Workbench) -> None:
    from connector.change.trigger import Visit

    def next_visit(last: Any, found: str) -> Any:
        return None if last is not None and last.fingerprint == found else Visit(fingerprint=found, number=1)

    bench.swap("connector.pipeline.cases:next_visit", next_visit)


def _echo_off(bench: Workbench) -> None:
    bench.swap("connector.writeback.settle:note_own_write", lambda tx, ref, values, replaced: None)


def _hidden_field_left_out(bench: Workbench) -> None:
    """Records are read on without a watched field that is hidden."""
    from connector.change.trigger import watched_fields

    def watched_here(tx: Any, connection: Any, policies: Any, schema: Any) -> Any:
        return watched_fields(policies) & schema.fields.keys()

    bench.swap("connector.pipeline.pipeline:watched_here", watched_here)
    bench.swap("connector.pipeline.cases:watched_here", watched_here)


def _looked_at_for_one(bench: Workbench) -> None:
    """A second look for one policy leaves the snapshot behind: the next poll wakes it once more."""
    bench.swap("connector.pipeline.decide:is_for_all", lambda event: event.slot is None)


def _forgotten_index(bench: Workbench) -> None:
    bench.swap("connector.pipeline.texts:IndexedTexts.forget", lambda self, refs: None)


def _index_of_new_only(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def remember(self: Any, records: Any, schema: Any, policies: Any) -> None:
            original(self, [one for one in records if one.created_at == one.modified_at], schema, policies)

        return remember

    bench.wrap("connector.pipeline.texts:IndexedTexts.remember", made)


BUGS = {
    "cursor_before_inbox": Bug(
        what="the cursor is committed before the rows it passed", plant=_cursor_before_inbox, row=9
    ),
    "snapshot_when_captured": Bug(
        what="a change counts as dealt with when it is read", plant=_snapshot_when_captured, row=8
    ),
    "no_tombstones": Bug(what="deletes and merges are not queued", plant=_no_tombstones, row=18),
    "one_wake_per_record": Bug(
        what="a record that was seen once is never looked at again", plant=_one_wake_per_record, row=14
    ),
    "only_created": Bug(what="edits of known records matter to nobody", plant=_only_created),
    "strict_cursor": Bug(what="> in place of >= on equal stamps", plant=_strict_cursor, row=1, crm="salesforce"),
    "no_look_back": Bug(what="rows that commit late are not looked for", plant=_no_look_back, row=4, crm="salesforce"),
    "no_settling_page": Bug(
        what="rows of the running second are read at once and stand for it", plant=_no_settling_page, crm="salesforce"
    ),
    "no_overlap": Bug(what="an index that lags is believed", plant=_no_overlap, row=4, crm="hubspot"),
    "local_clock": Bug(what="the cursor goes by the machine's clock", plant=_local_clock, row=15, crm="hubspot"),
    "first_page_only": Bug(
        what="deletes are never listed after a search", plant=_first_page_only, row=18, crm="hubspot"
    ),
    "constant_fingerprint": Bug(what="the dedupe key forgets the values", plant=_constant_fingerprint, row=14),
    "visit_not_counted": Bug(what="A, B, A again is the first A", plant=_visit_not_counted, row=14),
    "echo_off": Bug(what="our own writes come back as changes", plant=_echo_off, row=13),
    "hidden_field_left_out": Bug(
        what="reading goes on without a watched field", plant=_hidden_field_left_out, row=23, crm="salesforce"
    ),
    "looked_at_for_one": Bug(what="a second look is forgotten", plant=_looked_at_for_one, row=13),
    "forgotten_index": Bug(what="the index keeps what is deleted", plant=_forgotten_index, row=44),
    "index_of_new_only": Bug(what="the index does not follow edits", plant=_index_of_new_only, row=43),
}

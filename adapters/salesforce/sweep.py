"""Reading every live record once, in id order: page by page, or by a Bulk 2.0 query job when there are very many."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.client import PAGE, SalesforceClient
from adapters.salesforce.cursor import SweepCursor, sweep_cursor
from adapters.salesforce.rows import RowReader
from adapters.salesforce.schema import Description
from adapters.salesforce.soql import after_id, safe_name, select
from connector.adapter import ChangePage, Cursor, Environment, FieldName, ObjectType, Record
from connector.errors import PermanentError

BULK_ABOVE = 50_000
BULK_PAGE = 10_000
_CHECKS = 20
_LONGEST_CHECK = 30.0


class Sweep:
    """Sweeps one object after another; a bulk job that ends badly is continued page by page from the last id."""

    def __init__(self, environment: Environment, client: SalesforceClient, catalog: Catalog) -> None:
        self._connection = environment.connection
        self._clock = environment.clock
        self._log = environment.log
        self._bulk_above = int(environment.settings.get("bulk_above", BULK_ABOVE))
        self._bulk_rows = int(environment.settings.get("bulk_page", BULK_PAGE))
        self._client = client
        self._catalog = catalog

    def count(self, kind: ObjectType) -> int:
        description = self._catalog.describe(kind)
        where = f" WHERE {description.where}" if description.where else ""
        answer = self._client.query(f"SELECT COUNT() FROM {safe_name(description.native)}{where}")
        return int(answer.body["totalSize"])

    def page(self, kind: ObjectType, cursor: Cursor | None, fields: Collection[FieldName]) -> ChangePage:
        position = sweep_cursor(cursor)
        description = self._catalog.describe(kind)
        reader = RowReader(self._connection, description, description.select(fields))
        if cursor is None and self.count(kind) > self._bulk_above:
            soql = select(reader.names, description.native, description.where, order="Id")
            position = SweepCursor(job=self._client.start_bulk_query(soql))
        if position.job:
            return self._bulk_page(reader, position)
        return self._rest_page(description, reader, position)

    def _rest_page(self, description: Description, reader: RowReader, position: SweepCursor) -> ChangePage:
        query = select(reader.names, description.native, description.where, after_id(position.after), order="Id", limit=PAGE)
        answer = self._client.query(query)
        rows = answer.body["records"]
        records = tuple(reader.record(row, answer.at) for row in rows)
        more = bool(rows) and (not answer.body.get("done", True) or len(rows) >= PAGE)
        return _page(records, replace(position, after=records[-1].ref.id if records else position.after), more=more)

    def _bulk_page(self, reader: RowReader, position: SweepCursor) -> ChangePage:
        try:
            job = self._finished(position.job)
            if job is None:
                return _page((), position, more=True)
            if job.get("state") != "JobComplete":
                return self._continue_by_page(position, f"the job ended as {job.get('state')}")
            result = self._client.bulk_page(position.job, position.locator, self._bulk_rows)
        except PermanentError as error:
            return self._continue_by_page(position, error.message)
        rows = [dict(row) for row in csv.DictReader(io.StringIO(result.text))]
        records = tuple(reader.record({**row, "IsDeleted": False}, result.at) for row in rows)
        read = position.rows + len(records)
        last = records[-1].ref.id if records else position.after
        after = replace(position, after=last, locator=result.locator, rows=read)
        if len(records) != result.rows:
            return self._continue_by_page(position, "a page held fewer rows than it said")
        if result.locator:
            return _page(records, after, more=True)
        if read != int(job.get("numberRecordsProcessed", read)):
            # Bulk results have ended early before (a missing locator): read everything again, page by page.
            return self._continue_by_page(SweepCursor(), f"{read} rows of {job.get('numberRecordsProcessed')} came")
        return _page(records, after, more=False)

    def _finished(self, job: str) -> Mapping[str, Any] | None:
        """The job once it is over; None when it still runs after a bounded wait, to be asked for again."""
        wait = 0.5
        for _ in range(_CHECKS):
            state = self._client.bulk_job(job)
            if state.get("state") in {"JobComplete", "Failed", "Aborted"}:
                return state
            self._clock.sleep(wait)
            wait = min(_LONGEST_CHECK, wait * 2)
        return None

    def _continue_by_page(self, position: SweepCursor, reason: str) -> ChangePage:
        self._log.warning("bulk_query_abandoned", reason=reason, rows=position.rows)
        return _page((), SweepCursor(after=position.after), more=True)


def _page(records: tuple[Record, ...], cursor: SweepCursor, *, more: bool) -> ChangePage:
    return ChangePage(records=records, gone=(), cursor=cursor.text(), more=more)

"""Bulk 2.0 query jobs: create, poll, fetch CSV pages; the last page's locator is the literal text `null`."""

from __future__ import annotations

import csv
import io
from typing import Any

from adapters.sandbox.salesforce.bulk_jobs import BulkJob
from adapters.sandbox.salesforce.call import Call, Reply
from adapters.sandbox.salesforce.errors import ApiError, malformed_query, not_found
from adapters.sandbox.salesforce.query import matching_rows
from adapters.sandbox.salesforce.soql.parser import parse
from adapters.sandbox.salesforce.stamps import iso
from adapters.sandbox.salesforce.state import FaceState

_LARGEST_PAGE = 50_000


def bulk_query(state: FaceState, call: Call) -> Reply:
    """Everything under `/jobs/query`."""
    names = call.path[2:]
    if not names:
        return _create(state, call) if call.method == "POST" else _list(state)
    job = state.jobs.find(names[0])
    if job is None:
        raise not_found()
    if names[1:] == ("results",):
        return _results(job, call)
    match call.method:
        case "GET":
            job.state = "JobComplete" if job.state == "UploadComplete" else job.state
            return Reply(status=200, body=_shown(job, call))
        case "PATCH":
            job.state = "Aborted"
            return Reply(status=200, body=_shown(job, call))
        case "DELETE":
            state.jobs.remove(job.id)
            return Reply(status=204)
        case _:
            raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed")


def _create(state: FaceState, call: Call) -> Reply:
    asked = call.record()
    operation, text = asked.get("operation"), asked.get("query")
    if operation not in ("query", "queryAll") or not isinstance(text, str):
        raise ApiError(400, "INVALIDJOB", "operation and query are required")
    if str(asked.get("columnDelimiter", "COMMA")) != "COMMA" or str(asked.get("lineEnding", "LF")) != "LF":
        raise ApiError(400, "INVALIDJOB", "only COMMA and LF are supported")
    parsed = parse(text)
    if parsed.counts or any(len(path) > 2 for path in parsed.fields):
        raise malformed_query("the query is not supported by Bulk API")
    definition, rows = matching_rows(state, parsed, deleted=operation == "queryAll")
    reads = [state.reader.resolve(definition, path)[1] for path in parsed.fields]
    if any(field.kind == "address" for field in (state.reader.resolve(definition, p)[0] for p in parsed.fields)):
        raise ApiError(400, "FEATURENOTENABLED", "Selecting compound data not supported in Bulk Query")
    if call.actor.kind == "agent":
        state.org.agent_read(rows)
    job = BulkJob(
        id=state.jobs.next_id(),
        operation=operation,
        query=text,
        object=definition.name,
        version=call.version,
        created=state.org.clock.stamp(),
        header=_csv_line([".".join(path) for path in parsed.fields]),
        lines=[_csv_line([_cell(read(row)) for read in reads]) for row in rows],
    )
    state.jobs.add(job)
    return Reply(status=200, body=_shown(job, call))


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _csv_line(cells: list[str]) -> str:
    target = io.StringIO()
    csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cells)
    return target.getvalue()


def _list(state: FaceState) -> Reply:
    records = [{"id": job.id, "operation": job.operation, "state": job.state} for job in state.jobs.all()]
    return Reply(status=200, body={"done": True, "records": records, "nextRecordsUrl": None})


def _shown(job: BulkJob, call: Call) -> dict[str, Any]:
    shown = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": call.actor.user,
        "createdDate": iso(job.created),
        "systemModstamp": iso(job.created),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }
    if job.state == "JobComplete":
        shown |= {
            "jobType": "V2Query",
            "numberRecordsProcessed": len(job.lines),
            "retries": 0,
            "totalProcessingTime": 1,
        }
    return shown


def _results(job: BulkJob, call: Call) -> Reply:
    if job.state != "JobComplete":
        raise ApiError(412, "JOB_NOT_COMPLETE", "the job is not complete yet")
    if job.version != call.version:
        raise ApiError(409, "INVALID_VERSION", "results must be fetched with the version the job was created with")
    locator, most_text = call.params.get("locator", ""), call.params.get("maxRecords", str(_LARGEST_PAGE))
    start = _start_of(locator)
    if not most_text.isdigit() or int(most_text) < 1:
        raise ApiError(400, "INVALID_FIELD", "maxRecords must be a positive number")
    end = start + min(int(most_text), _LARGEST_PAGE)
    page = job.lines[start:end]
    headers = {
        "Content-Type": "text/csv",
        "Sforce-Locator": _locator(end) if end < len(job.lines) else "null",
        "Sforce-NumberOfRecords": str(len(page)),
    }
    return Reply(status=200, raw=(job.header + "".join(page)).encode(), headers=headers)


def _locator(start: int) -> str:
    return f"MTAw{start:x}"


def _start_of(locator: str) -> int:
    if not locator:
        return 0
    try:
        return int(locator.removeprefix("MTAw"), 16) if locator.startswith("MTAw") else int("!")
    except ValueError:
        raise ApiError(400, "INVALID_LOCATOR", f"invalid locator: {locator}") from None

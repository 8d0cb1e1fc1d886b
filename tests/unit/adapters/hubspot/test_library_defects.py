"""Every defect of hubspot-api-client that the adapter must not inherit."""

from __future__ import annotations

import pytest

from adapters.hubspot.seam import open_library
from connector.adapter import Created, FieldName, Gone, MarkedCreate, NoAnswerError, NotSentError, ObjectType, Unknown
from connector.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidResponseError,
    RateLimitedError,
    UnavailableError,
    UnsafeReferenceError,
)
from tests.unit.adapters.hubspot.scripted import BASE_URL, Scripted, answer, choice, connected, described, on, prop, ref, row

TASKS = described(prop("hs_task_subject"), prop("hs_task_body"), prop("hs_timestamp", "datetime", "date"))
NAMES = described(prop("lastname"))
LAST_NAME = FieldName("last_name")
READ_ONE = on("/batch/read", answer({"results": [row("1", {"lastname": "Ray"})]}))


def test_every_call_has_a_time_out_and_no_call_uses_the_librarys_pool() -> None:
    transport = Scripted(NAMES, READ_ONE)
    connected(transport).records.read([ref("1")], [LAST_NAME])
    assert all(0 < request.connect < 60 for request in transport.seen)
    assert all(0 < request.read <= 60 for request in transport.seen)


def test_paths_go_out_in_the_dated_form_by_default() -> None:
    transport = Scripted(NAMES, READ_ONE)
    connected(transport).records.read([ref("1")], [LAST_NAME])
    assert transport.paths() == ["/crm/properties/2026-09/contacts", "/crm/objects/2026-09/contacts/batch/read"]


def test_paths_go_out_as_the_library_writes_them_on_v3() -> None:
    transport = Scripted(described(prop("lastname"), part="/crm/v3/properties/"), READ_ONE)
    connected(transport, api_version="v3").records.read([ref("1")], [LAST_NAME])
    assert transport.paths() == ["/crm/v3/properties/contacts", "/crm/v3/objects/contacts/batch/read"]


def test_host_and_base_url_are_set_together() -> None:
    library = open_library("https://eu.example", "v3", Scripted().send, user_agent="us")
    assert library.config["host"] == library.config["base_url"] == "https://eu.example"
    assert connected(Scripted())._portal.client.base_url == BASE_URL


def test_api_objects_are_held_and_follow_a_new_token() -> None:
    transport = Scripted(NAMES, on("/batch/read", answer({}, 401), answer({"results": [row("1", {"lastname": "Ray"})]})))
    adapter = connected(transport)
    adapter.records.read([ref("1")], [LAST_NAME])
    first = adapter._portal.client._batch
    adapter.records.read([ref("1")], [LAST_NAME])
    assert adapter._portal.client._batch is first
    assert {request.headers["Authorization"] for request in transport.seen} == {"Bearer pat-test-1"}


def test_a_limited_search_is_repeated_although_it_is_a_post() -> None:
    limited = answer({"status": "error", "message": "You have reached your secondly limit."}, 429)
    transport = Scripted(on("/search", limited, limited, answer({"total": 3, "results": []})))
    assert connected(transport).changes.count(ObjectType.CONTACT) == 3
    assert len(transport.seen) == 3


def test_a_create_whose_connection_broke_is_sent_once() -> None:
    transport = Scripted(TASKS, on("/batch/create", NoAnswerError("reset")))
    [result] = connected(transport).writes.create([task("m1234567")])
    assert isinstance(result, Unknown)
    assert len(transport.paths("/batch/create")) == 1


def test_a_create_that_certainly_never_left_is_sent_again() -> None:
    created = answer({"results": [row("7", objectWriteTraceId="m1234567")]}, 201)
    transport = Scripted(TASKS, on("/batch/create", NotSentError("refused"), created))
    [result] = connected(transport).writes.create([task("m1234567")])
    assert result == Created(ref=ref("7", ObjectType.TASK))


def test_a_create_is_matched_by_the_last_marker_when_its_trace_id_is_dropped() -> None:
    echoed = {"hs_task_body": "as said [crm-connector:00000000]\n\n[crm-connector:m1234567]"}
    transport = Scripted(TASKS, on("/batch/create", answer({"results": [row("7", echoed)]}, 201)))
    assert connected(transport).writes.create([task("m1234567")]) == (Created(ref=ref("7", ObjectType.TASK)),)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 524, 530])
def test_a_server_error_leaves_a_create_unknown(status: int) -> None:
    transport = Scripted(TASKS, on("/batch/create", answer(b"<html>\xa9</html>", status)))
    [result] = connected(transport).writes.create([task("m1234567")])
    assert isinstance(result, Unknown)
    assert len(transport.paths("/batch/create")) == 1


def test_an_html_404_that_is_not_utf8_is_a_missing_record() -> None:
    page = answer("<html><body>\xa9 HubSpot</body></html>".encode("iso-8859-1"), 404, Content_Type="text/html")
    transport = Scripted(
        NAMES,
        on("/batch/read", answer({"results": [], "errors": [{"category": "OBJECT_NOT_FOUND"}]}, 207)),
        on("/contacts/9", page),
    )
    assert connected(transport).records.read([ref("9")], [LAST_NAME]) == {ref("9"): Gone(ref=ref("9"))}


def test_a_207_that_leaves_out_more_than_missing_records_is_read_again() -> None:
    partial = answer({"results": [], "errors": [{"category": "INTERNAL_ERROR"}]}, 207)
    transport = Scripted(NAMES, on("/batch/read", partial, answer({"results": [row("1", {"lastname": "Ray"})]})))
    found = connected(transport).records.read([ref("1")], [LAST_NAME])
    assert found[ref("1")].fields == {LAST_NAME: "Ray"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, CredentialsError),
        (403, AccessDeniedError),
        (429, RateLimitedError),
        (503, UnavailableError),
        (477, UnavailableError),
    ],
)
def test_one_kind_of_error_comes_out_whatever_package_the_call_is_in(status: int, error: type[Exception]) -> None:
    transport = Scripted(on("/crm/", answer({"message": "no"}, status)))
    adapter = connected(transport)
    for ask in (
        lambda: adapter.records.schema(ObjectType.CONTACT),
        adapter.records.users,
        lambda: adapter.changes.count(ObjectType.CONTACT),
    ):
        with pytest.raises(error):
            ask()


def test_an_html_page_with_status_200_is_not_an_answer() -> None:
    transport = Scripted(on("/crm/", answer(b"<html>maintenance</html>")))
    with pytest.raises(InvalidResponseError):
        connected(transport).records.users()


def test_ids_are_checked_before_they_can_reach_a_path() -> None:
    transport = Scripted(NAMES)
    adapter = connected(transport)
    for hostile in ("../companies/1", "1/../../owners", "1?archived=true", "", "1 ", "one", "１２"):
        with pytest.raises(UnsafeReferenceError):
            adapter.records.read([ref(hostile)], [LAST_NAME])
        with pytest.raises(UnsafeReferenceError):
            adapter._portal.client.find("contacts", hostile)
    assert transport.paths("/objects/") == []


def test_unknown_fields_of_an_answer_do_not_disturb_and_a_missing_time_does() -> None:
    strange = row("1", {"lastname": "Ray"}, url="https://app.hubspot.com/1", warnings=["x"])
    transport = Scripted(NAMES, on("/batch/read", answer({"results": [strange]}), answer({"results": [{"id": "1"}]})))
    adapter = connected(transport)
    assert adapter.records.read([ref("1")], [LAST_NAME])[ref("1")].fields == {LAST_NAME: "Ray"}  # type: ignore[union-attr]
    with pytest.raises(InvalidResponseError):
        adapter.records.read([ref("1")], [LAST_NAME])


def test_closed_lists_come_in_shared_keys() -> None:
    transport = Scripted(
        described(choice("hs_ticket_priority", "LOW", "HIGH")), on("/crm/pipelines", answer({"results": []}))
    )
    schema = connected(transport).records.schema(ObjectType.TICKET)
    assert [option.key for option in schema.fields[FieldName("priority")].options] == ["low", "high"]


def task(marker: str) -> MarkedCreate:
    values = {FieldName("subject"): "Call", FieldName("description"): "Please"}
    return MarkedCreate(intent=marker, marker=marker, object=ObjectType.TASK, values=values, parents=(ref("1"),))

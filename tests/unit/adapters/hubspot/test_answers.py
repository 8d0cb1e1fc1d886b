"""What HubSpot's refusals mean."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from adapters.hubspot.adapter import LANES
from adapters.hubspot.answers import Answer, allowed_calls, failure
from adapters.hubspot.client import BURST, SEARCH
from adapters.hubspot.paths import check_version, rewrite
from connector.adapter import NoAnswerError, ObjectType, RateBudget
from connector.adapter.retry import Operation
from connector.clock import HeldClock
from connector.errors import (
    ConnectorError,
    InvalidResponseError,
    LockedRowError,
    RateLimitedError,
    RejectedError,
    SettingsError,
    UnavailableError,
)
from tests.unit.adapters.hubspot.scripted import NOW, Scripted, answer, connected, on

SEARCH_LIMIT = {"status": "error", "message": "You have reached your secondly limit.", "category": "RATE_LIMITS"}


def limited(body: object, **headers: str) -> RateLimitedError:
    error = failure(answer(body, 429, **headers), Operation.READ)
    assert isinstance(error, RateLimitedError)
    return error


def test_both_shapes_of_a_rate_limit_say_how_long_to_wait() -> None:
    assert limited(SEARCH_LIMIT).retry_after == timedelta(seconds=1)
    rolling = {"message": "You have reached your ten_secondly_rolling limit.", "policyName": "TEN_SECONDLY_ROLLING"}
    assert limited(rolling).retry_after == timedelta(seconds=10)
    assert limited(rolling, Retry_After="7").retry_after == timedelta(seconds=7)
    assert limited({}).retry_after == timedelta(seconds=10)


def test_a_daily_limit_is_not_waited_for() -> None:
    daily = limited({"message": "You have reached your daily limit.", "policyName": "DAILY"})
    assert daily.daily
    assert daily.retry_after is None
    assert limited({"message": "too many", "policyName": "DAILY"}).daily
    assert limited({"message": "You have reached your daily limit."}).daily


def test_a_limited_call_closes_its_own_lane_only() -> None:
    clock = HeldClock(NOW)
    budget = RateBudget(clock, {})
    calls = on("/search", answer(SEARCH_LIMIT, 429), answer({"total": 0, "results": []}))
    transport = Scripted(calls, on("/owners", answer({"results": []})))
    adapter = connected(transport, clock=clock, budget=budget)
    adapter.changes.count(ObjectType.CONTACT)
    assert clock.monotonic() >= 1.0
    budget.close(SEARCH, timedelta(seconds=30))
    before = clock.monotonic()
    adapter.records.users()
    assert clock.monotonic() == before
    budget.close(BURST, timedelta(seconds=5))
    adapter.records.refresh()
    adapter.records.users()
    assert clock.monotonic() == before + 5


def test_calls_of_others_are_learnt_from_the_headers_and_searches_change_nothing() -> None:
    clock = HeldClock(NOW)
    budget = RateBudget(clock, LANES)
    headers = {
        "X_HubSpot_RateLimit_Max": "100", "X_HubSpot_RateLimit_Remaining": "0",
        "X_HubSpot_RateLimit_Interval_Milliseconds": "10000",
    }  # fmt: skip
    adapter = connected(
        Scripted(on("/owners", answer({"results": []}, **headers)), on("/search", answer({"total": 0, "results": []}))),
        clock=clock, budget=budget,
    )  # fmt: skip
    adapter.records.users()
    adapter.changes.count(ObjectType.CONTACT)
    assert clock.monotonic() == 0
    adapter.records.refresh()
    adapter.records.users()
    assert clock.monotonic() == 10  # ninety-nine are not ours: one call in the window is all there is


@pytest.mark.parametrize("said", [("x", "1", "10000"), ("100", "", "10000"), ("0", "0", "10000"), ("9" * 5000, "1", "1"),
                                  ("100", "1", "0"), ("100", "1", "999999999"), ("١٠", "1", "10000")])  # fmt: skip
def test_headers_that_cannot_be_meant_are_not_learnt(said: tuple[str, str, str]) -> None:
    names = ("X_HubSpot_RateLimit_Max", "X_HubSpot_RateLimit_Remaining", "X_HubSpot_RateLimit_Interval_Milliseconds")
    assert allowed_calls(answer({}, **dict(zip(names, said, strict=True)))) is None


def test_the_daily_allowance_is_learnt_from_the_headers_when_they_come() -> None:
    clock = HeldClock(NOW)
    budget = RateBudget(clock, {})
    headers = {"X_HubSpot_RateLimit_Daily": "250000", "X_HubSpot_RateLimit_Daily_Remaining": "240000"}
    adapter = connected(Scripted(on("/owners", answer({"results": []}, **headers))), clock=clock, budget=budget)
    adapter.records.users()
    assert (budget.daily, budget.used_today) == (250_000, 10_000)


def test_a_property_refusal_names_its_fields_and_code() -> None:
    problem = [
        {
            "isValid": False,
            "message": "x was not one of the allowed options: [a]",
            "error": "INVALID_OPTION",
            "name": "hs_ticket_priority",
        }
    ]
    body = {"category": "VALIDATION_ERROR", "message": f"Property values were not valid: {json.dumps(problem)}"}
    error = failure(answer(body, 400), Operation.GUARDED)
    assert isinstance(error, RejectedError)
    assert (error.code, error.fields) == ("INVALID_OPTION", ("hs_ticket_priority",))
    assert error.message == "x was not one of the allowed options: [a]"


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({"message": 'Property "nope" does not exist'}, "400", ("nope",)),
        ({"message": "m", "errors": [{"message": "m", "context": {"properties": ["a", "b"]}}]}, "400", ("a", "b")),
        ({"message": "m", "validationResults": [{"name": "a", "error": "INVALID_LONG"}]}, "INVALID_LONG", ("a",)),
        ({"message": "Property values were not valid: [cut"}, "400", ()),
        ({"errors": "text"}, "400", ()),
        ({}, "400", ()),
    ],
)
def test_every_part_of_an_error_body_is_optional(body: object, code: str, fields: tuple[str, ...]) -> None:
    error = failure(answer(body, 400), Operation.GUARDED)
    assert isinstance(error, RejectedError)
    assert (error.code, error.fields) == (code, fields)


def test_a_locked_record_waits_and_a_migration_says_how_long() -> None:
    locked = failure(answer({}, 423), Operation.GUARDED)
    assert isinstance(locked, LockedRowError)
    assert locked.retry_after == timedelta(seconds=2)
    moving = failure(answer({}, 477, Retry_After="3600"), Operation.READ)
    assert isinstance(moving, UnavailableError)
    assert moving.retry_after == timedelta(hours=1)


@pytest.mark.parametrize("operation", [Operation.GUARDED, Operation.CREATE, Operation.UPSERT])
def test_a_server_error_to_a_write_proves_nothing(operation: Operation) -> None:
    assert isinstance(failure(answer({}, 504), operation), NoAnswerError)
    assert isinstance(failure(answer({}, 504), Operation.READ), UnavailableError)


def test_an_existing_contact_is_a_refusal_and_not_a_retry() -> None:
    body = {"message": "Contact already exists. Existing ID: 123", "category": "CONFLICT"}
    error: ConnectorError = failure(answer(body, 409), Operation.CREATE)
    assert isinstance(error, RejectedError)
    assert error.code == "CONFLICT"


def test_an_answer_without_its_promised_list_is_invalid() -> None:
    for body in ({}, {"results": "x"}, {"results": ["x"]}, []):
        with pytest.raises(InvalidResponseError):
            Answer(answer(body)).results()


@pytest.mark.parametrize(
    ("numbered", "dated"),
    [
        ("/crm/v3/objects/contacts/batch/read", "/crm/objects/2026-09/contacts/batch/read"),
        ("/crm/v3/objects/contacts", "/crm/objects/2026-09/contacts"),
        ("/crm/v4/associations/contacts/tasks/batch/read", "/crm/associations/2026-09/contacts/tasks/batch/read"),
        ("/crm/v4/associations/a/b/labels", "/crm/associations/2026-09/a/b/labels"),
        ("/crm/v3/properties/contacts", "/crm/properties/2026-09/contacts"),
        ("/crm/v3/pipelines/deals", "/crm/pipelines/2026-09/deals"),
        ("/crm/v3/owners/", "/crm/owners/2026-09"),
        ("/oauth/v1/token", "/oauth/2026-09/token"),
        ("/account-info/v3/details", "/account-info/v3/details"),
    ],
)
def test_numbered_paths_have_a_dated_form(numbered: str, dated: str) -> None:
    assert rewrite(numbered, "2026-09") == dated
    assert rewrite(numbered, "v3") == numbered


def test_an_api_version_nobody_knows_is_a_settings_error() -> None:
    assert check_version("2027-03") == "2027-03"
    with pytest.raises(SettingsError, match="api_version"):
        check_version("v1")

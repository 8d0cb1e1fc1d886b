"""How HubSpot stores, refuses and writes out property values, stamps and signatures."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox.hubspot.definition import prop
from adapters.sandbox.hubspot.errors import invalid_properties, secondly_limit
from adapters.sandbox.hubspot.signatures import signature_v1, signature_v3, signed_uri
from adapters.sandbox.hubspot.stamps import iso, parse_stamp
from adapters.sandbox.hubspot.values import Rejected, read_only_problem, stored_value


def store(definition, value, *, allowed=(), stored=None):
    return stored_value(definition, value, allowed=allowed, stored=stored, where=" Portal 1, object type 0-1")


DUE = prop("hs_timestamp", "Due", "datetime")
DAY = prop("born", "Born", "date")
TOPICS = prop("topics", "Topics", "enumeration", "checkbox", options="a, b, c")
STAGE = prop("stage", "Stage", "enumeration", options="lead, customer")


@pytest.mark.parametrize(
    ("definition", "value", "stored"),
    [
        (DUE, "1651568400000", "2022-05-03T09:00:00Z"),
        (DUE, 1651568400123, "2022-05-03T09:00:00.123Z"),
        (DUE, "2022-05-03T11:00:00+02:00", "2022-05-03T09:00:00Z"),
        (DAY, "1651536000000", "2022-05-03"),
        (DAY, "2022-05-03", "2022-05-03"),
        (prop("n", "N", "number"), 12.0, "12"),
        (prop("n", "N", "number"), "12.50", "12.50"),
        (prop("on", "On", "bool"), True, "true"),
        (prop("t", "T"), None, ""),
        (prop("t", "T"), "", ""),
    ],
)
def test_a_value_is_stored_as_text(definition, value, stored):
    assert store(definition, value) == stored


def test_a_list_with_a_leading_semicolon_adds_to_what_is_stored():
    assert store(TOPICS, "a;b", allowed=("a", "b", "c")) == "a;b"
    assert store(TOPICS, ";c", allowed=("a", "b", "c"), stored="a;b") == "a;b;c"


@pytest.mark.parametrize(
    ("definition", "value", "code"),
    [
        (DUE, "invalid", "INVALID_LONG"),
        (DAY, "1651536000001", "INVALID_DATE"),
        (prop("n", "N", "number"), "many", "INVALID_INTEGER"),
        (prop("email", "Email"), "nobody", "INVALID_EMAIL"),
        (STAGE, "Lead", "INVALID_OPTION"),
        (TOPICS, "a;z", "INVALID_OPTION"),
        (prop("on", "On", "bool"), "yes", "INVALID_OPTION"),
        (prop("t", "T"), "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
        (prop("t", "T"), ["x"], "INVALID_VALUE"),
    ],
)
def test_a_bad_value_is_named_with_its_code(definition, value, code):
    rejected = store(definition, value, allowed=[option.value for option in definition.options])
    assert isinstance(rejected, Rejected)
    assert rejected.problem["error"] == code
    assert rejected.problem["name"] == definition.name


def test_a_property_can_be_read_only_without_being_calculated():
    assert read_only_problem(prop("a", "A", calculated=True))["error"] == "READ_ONLY_VALUE"
    assert read_only_problem(prop("a", "A", read_only=True))["error"] == "READ_ONLY_VALUE"
    assert read_only_problem(prop("a", "A")) is None


def test_the_details_of_a_refusal_are_json_inside_the_message():
    refused = invalid_properties([store(DUE, "invalid").problem])
    prefix, _, embedded = refused.message.partition(": ")
    assert prefix == "Property values were not valid"
    assert json.loads(embedded) == [
        {
            "isValid": False,
            "message": "invalid was not a valid long. Portal 1, object type 0-1",
            "error": "INVALID_LONG",
            "name": "hs_timestamp",
        }
    ]


def test_the_secondly_refusal_names_no_policy():
    body = secondly_limit().body("c0")
    assert body == {
        "status": "error",
        "message": "You have reached your secondly limit.",
        "correlationId": "c0",
        "category": "RATE_LIMITS",
    }


@given(st.integers(0, 4_000_000_000_000))
def test_a_stamp_survives_writing_and_reading(ms):
    assert parse_stamp(iso(ms)) == ms


def test_our_signatures_agree_with_the_official_library():
    from hubspot.utils.signature import Signature

    uri, body = "https://hooks.example.com/crm?x=%20y", b'[{"eventId":1}]'
    stamp = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp() * 1000)
    theirs = Signature.get_signature("secret", body.decode(), "v3", uri, "POST", str(stamp))
    assert signature_v3("secret", "POST", uri, body, stamp) == theirs
    assert signature_v1("secret", body) == Signature.get_signature("secret", body.decode(), "v1")


def test_only_some_escapes_are_decoded_before_signing():
    assert signed_uri("https://a.example/x%2Fy%3az%20w") == "https://a.example/x/y:z%20w"

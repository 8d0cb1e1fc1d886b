"""Salesforce values, names and options against ours: what is read can be written back, and nothing is guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.salesforce.encoding import decode, encode
from adapters.salesforce.mapping import STANDARD, object_maps
from adapters.salesforce.schema import read_description
from adapters.salesforce.soql import after_position, literal, parse_stamp, quoted, safe_id, select
from connector.adapter import VOCABULARY, FieldKind, FieldName, FieldSchema, FieldValue, ObjectType, Option, same_value
from connector.errors import InvalidResponseError, RejectedError, SettingsError, UnknownFieldError, UnsafeReferenceError
from tests.unit.adapters.salesforce.scripted import SYSTEM, field

OPTIONS = (
    Option(key="low", native="Low", label="Low"),
    Option(key="normal", native="Medium", label="Medium"),
    Option(key="high", native="High", label="High"),
)
KEYS = {option.native: option.key for option in OPTIONS}


def column(kind: FieldKind, name: str = "x", options: tuple[Option, ...] = ()) -> FieldSchema:
    return FieldSchema(name=FieldName(name), native="X__c", label="X", kind=kind, options=options)


whole_seconds = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
typed = st.one_of(
    st.tuples(st.just(FieldKind.BOOLEAN), st.booleans()),
    st.tuples(st.just(FieldKind.NUMBER), st.decimals(-(10**12), 10**12, places=2)),
    st.tuples(st.just(FieldKind.MONEY), st.integers(-(10**17), 10**17).map(Decimal)),
    st.tuples(st.just(FieldKind.DATE), st.dates(date(1700, 1, 1), date(4000, 1, 1))),
    st.tuples(st.just(FieldKind.DATETIME), whole_seconds),
    st.tuples(st.just(FieldKind.TEXT), st.text(max_size=50)),
    st.tuples(st.just(FieldKind.OPTION), st.sampled_from(["low", "normal", "high"])),
    st.tuples(st.just(FieldKind.OPTIONS), st.sets(st.sampled_from(["low", "high"])).map(lambda s: tuple(sorted(s)))),
)


@given(typed)
def test_every_value_that_is_written_reads_back_as_itself(case: tuple[FieldKind, FieldValue]) -> None:
    kind, value = case
    options = OPTIONS if kind in (FieldKind.OPTION, FieldKind.OPTIONS) else ()
    sent = encode(column(kind, options=options), value)
    assert same_value(decode(column(kind), KEYS if options else {}, sent), value)
    as_csv = "" if sent is None else str(sent).lower() if isinstance(sent, bool) else str(sent)
    assert same_value(decode(column(kind), KEYS if options else {}, as_csv), value)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (FieldKind.DATETIME, "2026-05-01T07:25:37.000+0000", datetime(2026, 5, 1, 7, 25, 37, tzinfo=UTC)),
        (FieldKind.DATETIME, "2026-05-01T07:25:37.000Z", datetime(2026, 5, 1, 7, 25, 37, tzinfo=UTC)),
        (FieldKind.DATE, "2026-05-01", date(2026, 5, 1)),
        (FieldKind.MONEY, Decimal("10.10"), Decimal("10.10")),
        (FieldKind.NUMBER, 5, Decimal(5)),
        (FieldKind.TEXT, "", None),
        (FieldKind.NUMBER, "not a number", "not a number"),
        (FieldKind.DATE, "someday", "someday"),
        (FieldKind.OPTIONS, "Low;High", ("high", "low")),
        (FieldKind.OPTION, "Escalated", "Escalated"),
    ],
)
def test_what_salesforce_answers_is_read_by_the_live_type(kind: FieldKind, raw: object, value: FieldValue) -> None:
    found = decode(column(kind), KEYS, raw)
    assert (type(found), found) == (type(value), value)


def test_a_due_instant_becomes_its_day_in_utc_where_salesforce_keeps_days() -> None:
    late = datetime(2026, 10, 25, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert encode(column(FieldKind.DATE), late) == "2026-10-24"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldKind.NUMBER, "12"),
        (FieldKind.NUMBER, True),
        (FieldKind.BOOLEAN, "yes"),
        (FieldKind.DATE, "2026-01-01"),
        (FieldKind.TEXT, ("a",)),
        (FieldKind.TEXT, Decimal(1)),
        (FieldKind.OPTION, "urgent"),
        (FieldKind.OPTIONS, ("low", "urgent")),
        (FieldKind.NUMBER, Decimal("NaN")),
        (FieldKind.MONEY, Decimal("1234567890123456.78")),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_its_field_named(kind: FieldKind, value: FieldValue) -> None:
    with pytest.raises(RejectedError) as caught:
        encode(column(kind, options=OPTIONS if "option" in kind else ()), value)
    assert caught.value.fields == ("x",)


def test_an_owner_that_is_a_queue_shows_as_queue_only() -> None:
    owner, queue = column(FieldKind.USER, "owner"), column(FieldKind.USER, "queue")
    assert (decode(owner, {}, "00G000000000001AAA"), decode(queue, {}, "00G000000000001AAA")) == (None, "00G000000000001AAA")
    assert (decode(owner, {}, "005000000000001AAA"), decode(queue, {}, "005000000000001AAA")) == ("005000000000001AAA", None)


def test_every_mapped_name_and_option_is_one_of_the_shared_vocabulary() -> None:
    for kind, mapped in STANDARD.items():
        for name, at in mapped.fields.items():
            assert name in VOCABULARY[kind], f"{kind}.{name}"
            assert set(at.options) <= set(VOCABULARY[kind][name].options)


def test_users_extend_the_map_and_every_mistake_is_told_at_once() -> None:
    fields = {"ticket": {"category": "Case_Category__c", "tier": {"native": "Tier__c", "options": {"gold": "Gold"}}}}
    maps = object_maps({"fields": fields, "objects": {"activity": "Page_View__c"}}, connection="crm")
    assert maps[ObjectType.TICKET].fields[FieldName("category")].native == "Case_Category__c"
    assert maps[ObjectType.TICKET].fields[FieldName("tier")].options == {"gold": "Gold"}
    assert maps[ObjectType.ACTIVITY].native == "Page_View__c"
    assert STANDARD[ObjectType.TICKET].fields[FieldName("category")].native == "Type"
    wrong = {"tickets": {}, "ticket": {"a": {"native": "x y"}, "b": {"nativ": "B"}}, "lead": "x"}
    with pytest.raises(SettingsError) as caught:
        object_maps({"fields": wrong, "objects": {"thing": "T"}}, connection="crm")
    told = "\n".join(caught.value.problems)
    for part in ("fields.tickets", "ticket.a.native", "ticket.b.nativ:", "fields.lead", "objects.thing"):
        assert part in told


def described(*fields: dict[str, object], kind: ObjectType = ObjectType.TICKET) -> object:
    return read_description(kind, STANDARD[kind], {"fields": [*SYSTEM, *fields]})


def picklist(*values: str, **traits: object) -> dict[str, object]:
    listed = [{"value": value, "label": value, "active": True} for value in values]
    return field("Status", "picklist", picklistValues=listed, **traits)


def test_an_option_without_a_shared_key_is_reported_and_never_guessed() -> None:
    schema = described(picklist("New", "Working", "Escalated")).schema  # type: ignore[attr-defined]
    status = schema.fields[FieldName("status")]
    assert [(option.key, option.native) for option in status.options] == [("new", "New"), ("open", "Working")]
    assert status.unmapped_options == ("Escalated",)


def test_options_of_an_orgs_own_list_are_their_own_keys() -> None:
    listed = [{"value": value, "label": value, "active": value != "Old"} for value in ("Billing", "Old")]
    schema = described(field("Type", "picklist", picklistValues=listed)).schema  # type: ignore[attr-defined]
    category = schema.fields[FieldName("category")]
    assert [(option.key, option.active) for option in category.options] == [("Billing", True), ("Old", False)]


def test_the_fingerprint_moves_with_fields_and_options_and_with_nothing_else() -> None:
    one, again, other = (described(picklist(*values)) for values in (("New",), ("New",), ("New", "Closed")))
    prints = [each.schema.fingerprint for each in (one, again, other)]  # type: ignore[attr-defined]
    assert prints[0] == prints[1] != prints[2]


def test_a_field_without_a_shared_name_keeps_its_own_and_an_absent_one_is_named() -> None:
    description = described(field("Subject"), field("Color__c", "boolean"))
    assert description.column(FieldName("Color__c")).schema.kind is FieldKind.BOOLEAN  # type: ignore[attr-defined]
    assert description.column(FieldName("Subject")).native == "Subject"  # type: ignore[attr-defined]
    with pytest.raises(UnknownFieldError, match=r"ticket\.a.*ticket\.b"):
        description.select([FieldName("subject"), FieldName("b"), FieldName("a")])  # type: ignore[attr-defined]
    assert FieldName("priority") in description.schema.missing  # type: ignore[attr-defined]


@given(st.text())
def test_no_text_becomes_an_id_that_could_leave_its_path(text: str) -> None:
    try:
        safe = safe_id(text)
    except UnsafeReferenceError:
        return
    assert safe.isascii()
    assert safe.isalnum()
    assert len(safe) in (15, 18)


@given(st.text())
def test_no_text_ends_its_own_quotes(text: str) -> None:
    inner = quoted(text)[1:-1]
    position = 0
    while position < len(inner):
        assert inner[position] != "'"
        position += 2 if inner[position] == "\\" else 1
    assert position == len(inner)


def test_names_in_a_query_are_checked() -> None:
    with pytest.raises(UnsafeReferenceError):
        select(["Id", "(SELECT Id FROM Users)"], "Case")
    assert select(["Id", "Id"], "Case", "", "A = 1", order="Id", limit=5) == (
        "SELECT Id FROM Case WHERE A = 1 ORDER BY Id LIMIT 5"
    )


def test_a_position_is_a_keyset_with_an_unquoted_utc_second() -> None:
    assert after_position("2026-05-01T07:25:37Z", "") == "SystemModstamp >= 2026-05-01T07:25:37Z"
    assert after_position("2026-05-01T07:25:37Z", "500000000000001AAA") == (
        "((SystemModstamp = 2026-05-01T07:25:37Z AND Id > '500000000000001AAA') OR SystemModstamp > 2026-05-01T07:25:37Z)"
    )
    assert literal(parse_stamp("2026-05-01T07:25:37.000+0000")) == "2026-05-01T07:25:37Z"


@pytest.mark.parametrize("text", [None, "", "2026-05-01", "2026-05-01T07:25:37", "2026-05-01T07:25:37.000+0200", 5])
def test_a_stamp_that_is_not_utc_is_an_answer_we_cannot_trust(text: object) -> None:
    with pytest.raises(InvalidResponseError):
        parse_stamp(text)

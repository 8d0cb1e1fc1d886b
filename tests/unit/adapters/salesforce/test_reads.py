"""Reading Salesforce records by id and by relation, its limits, and what its errors mean."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters import registry
from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.failures import failure
from connector.adapter import FieldName, Gone, HttpRequest, HttpResponse, Merged, ObjectType, Record, RecordRef
from connector.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidResponseError,
    LockedRowError,
    RateLimitedError,
    RecordGoneError,
    RejectedError,
    SettingsError,
    UnavailableError,
    UnknownFieldError,
)
from tests.unit.adapters.salesforce.scripted import ACCOUNT as ACCOUNT_ID
from tests.unit.adapters.salesforce.scripted import (
    ScriptedOrg,
    adapter,
    answer,
    description,
    environment,
    field,
    path,
    refusal,
    rows,
)
from tests.unit.adapters.salesforce.world import ACCOUNT, CONTACT, CRM, TASK, TICKET, World, ids, names, ref

ORDER, LINE, EMAIL, USER, LEAD = ObjectType.ORDER, ObjectType.LINE_ITEM, ObjectType.EMAIL, ObjectType.USER, ObjectType.LEAD


def test_every_ref_has_an_answer_whatever_became_of_it() -> None:
    world = World()
    live, deleted = world.case(), world.case()
    world.org.delete("Case", deleted.id, actor=world.rep)
    kept, lost = (world.org.create("Account", {"Name": name}, actor=world.rep).id for name in ("A", "B"))
    world.org.merge("Account", kept, [lost], actor=world.rep)
    never = ref(TICKET, "500000000000ZZZAAA")
    found = world.adapter.records.read([live, deleted, never, ref(ACCOUNT, lost)], ())
    assert isinstance(found[live], Record)
    assert found[deleted] == Gone(ref=deleted, at=world.clock.now())
    assert found[never] == Gone(ref=never)
    merged = found[ref(ACCOUNT, lost)]
    assert isinstance(merged, Merged)
    assert merged.into == ref(ACCOUNT, kept)


def test_an_id_of_fifteen_characters_is_answered_under_the_ref_that_asked() -> None:
    world = World()
    short = ref(TICKET, world.case(Subject="x").id[:15])
    found = world.adapter.records.read([short], names("subject"))
    assert isinstance(found[short], Record)


def test_pages_cut_short_by_wide_rows_are_read_to_their_end() -> None:
    world = World()
    world.built.face.state.page_size = 7
    cases = [world.case(Subject=str(number)) for number in range(450)]
    found = world.adapter.records.read(cases, names("subject"))
    assert all(isinstance(found[case], Record) for case in cases)


def test_an_expired_locator_is_never_needed() -> None:
    world = World(faults={"expired_locator": 1.0, "wide_row_short_pages": 1.0})
    world.built.face.state.page_size = 20
    cases = [world.case(Subject=str(number)) for number in range(90)]
    assert len(world.adapter.records.read(cases, ())) == 90
    assert world.faults.counts["expired_locator"] == 0


def test_children_are_found_by_their_lookups_newest_first() -> None:
    world = World()
    account = ref(ACCOUNT, world.org.create("Account", {"Name": "Acme"}, actor=world.rep).id)
    cases = []
    for number in range(5):
        world.wait(1)
        cases.append(world.case(Subject=str(number), AccountId=account.id))
    lonely = ref(ACCOUNT, world.org.create("Account", {"Name": "Other"}, actor=world.rep).id)
    found = world.adapter.records.related([account, lonely], TICKET, names("subject"), limit=3)
    assert [record.fields["subject"] for record in found[account]] == ["4", "3", "2"]
    assert found[lonely] == ()


def test_a_parent_with_very_many_children_does_not_crowd_out_the_others() -> None:
    world = World()
    busy, quiet = (ref(ACCOUNT, world.org.create("Account", {"Name": n}, actor=world.rep).id) for n in ("B", "Q"))
    old = world.case(AccountId=quiet.id)
    world.wait(1)
    for number in range(500):
        world.case(Subject=str(number), AccountId=busy.id)
    found = world.adapter.records.related([busy, quiet], TICKET, (), limit=2)
    assert len(found[busy]) == 2
    assert ids(found[quiet]) == [old.id]


def test_a_record_reaches_its_parents_and_its_other_relations() -> None:
    world = World()

    def make(native: str, **values: object) -> str:
        return str(world.org.create(native, values, actor=world.rep).id)

    account = make("Account", Name="Acme")
    contact = make("Contact", LastName="Roe", AccountId=account)
    case = ref(TICKET, make("Case", Subject="x", AccountId=account, ContactId=contact))
    order = make("Order", AccountId=account, ShipToContactId=contact, EffectiveDate="2026-03-01")
    product = make("Product2", Name="Lamp")
    line = make("OrderItem", OrderId=order, Product2Id=product, Quantity=2, UnitPrice=9.5)
    mail = make("EmailMessage", ParentId=case.id, Subject="Re: x", TextBody="hello", Incoming=True)
    task = make("Task", Subject="t", WhoId=contact, WhatId=case.id)
    view = make("Page_View__c", Contact__c=contact, Page__c="/pricing")
    settings = {"objects": {"activity": "Page_View__c"}, "fields": {"activity": {"url": "Page__c"}}}
    world.adapter = SalesforceAdapter(environment_of(world, settings))
    contact_ref = ref(CONTACT, contact)
    for of, kind, expected in (
        (case, ACCOUNT, account), (case, CONTACT, contact), (case, EMAIL, mail), (case, TASK, task),
        (contact_ref, TICKET, case.id), (contact_ref, ORDER, order), (contact_ref, TASK, task),
        (contact_ref, ObjectType.ACTIVITY, view), (ref(ORDER, order), LINE, line),
        (ref(LINE, line), ObjectType.PRODUCT, product), (ref(TASK, task), CONTACT, contact),
        (ref(TASK, task), TICKET, case.id),
        (ref(EMAIL, mail), TICKET, case.id), (case, USER, world.rep.user),
    ):  # fmt: skip
        assert ids(world.adapter.records.related([of], kind, (), limit=5)[of]) == [expected], (of, kind)


def environment_of(world: World, settings: dict) -> object:
    from dataclasses import replace

    return replace(world.environment, settings={**world.environment.settings, **settings})


def test_a_schema_is_asked_once_and_again_after_refresh() -> None:
    world = World()
    world.adapter.records.schema(CONTACT)
    world.adapter.records.schema(CONTACT)
    assert world.calls("/describe") == 1
    world.adapter.records.refresh()
    world.adapter.records.schema(CONTACT)
    assert world.calls("/describe") == 2
    world.wait(3600)
    world.adapter.records.schema(CONTACT)
    assert world.calls("/describe") == 3


@pytest.mark.parametrize("told", [True, False])
def test_the_options_of_each_record_type_are_told_where_salesforce_tells_them(told: bool) -> None:
    values = [{"value": value, "label": value, "active": True} for value in ("High", "Medium", "Low")]
    types = [{"recordTypeId": "012A", "available": True, "master": False}]
    mappings = [
        {
            "recordTypeId": "012A",
            "picklistsForRecordType": [{"picklistName": "Priority", "picklistValues": [values[1], values[2]]}],
        }
    ]

    def script(request: HttpRequest) -> HttpResponse | None:
        if path(request).endswith("/describe/layouts"):
            return answer({"recordTypeMappings": mappings}) if told else refusal(404, "NOT_FOUND")
        if path(request).endswith("/describe"):
            return description(field("Priority", "picklist", picklistValues=values), recordTypeInfos=types)
        return None

    org = ScriptedOrg(script)
    schema = adapter(org).records.schema(TICKET)
    assert schema.fields[FieldName("priority")].by_type == ({"012A": ("normal", "low")} if told else {})
    assert len(org.data_calls()) == 2


def test_users_and_queues_can_own() -> None:
    world = World()
    users = world.adapter.records.users()
    queues = {user.name for user in users if user.is_queue}
    assert queues == set(world.built.queues)
    assert {user.email for user in users if not user.is_queue} >= {"amara.diallo@example.com"}


def test_the_servers_own_count_of_calls_fills_the_budget() -> None:
    world = World()
    world.read(world.case(), "subject")
    assert world.budget.daily == 15_000
    assert 0 < world.budget.used_today < 10


def test_the_reserve_for_people_is_left_alone() -> None:
    used = iter(range(9_000, 99_000, 1_000))
    org = ScriptedOrg(
        lambda request: (
            answer({"records": [], "done": True}, Sforce_Limit_Info=f"api-usage={next(used)}/10000")
            if "query" in path(request)
            else None
        )
    )
    connected = adapter(org)
    with pytest.raises(RateLimitedError) as caught:
        connected.records.users()
    assert caught.value.daily
    assert len(org.data_calls()) == 1


def test_an_answer_without_the_servers_time_is_not_used() -> None:
    def script(request: HttpRequest) -> HttpResponse | None:
        return HttpResponse(status=200, headers=(), body=rows().body) if "query" in path(request) else None

    with pytest.raises(InvalidResponseError, match="Date"):
        adapter(ScriptedOrg(script)).records.users()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, [{"errorCode": "MALFORMED_QUERY", "message": "x"}], RejectedError),
        (400, [{"errorCode": "INVALID_FIELD", "message": "x"}], UnknownFieldError),
        (400, [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "x"}], LockedRowError),
        (500, [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "x"}], LockedRowError),
        (500, [{"errorCode": "UNKNOWN_EXCEPTION", "message": "x"}], UnavailableError),
        (503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "x"}], UnavailableError),
        (502, None, UnavailableError),
        (404, [{"errorCode": "NOT_FOUND", "message": "x"}], RecordGoneError),
        (400, [{"statusCode": "ENTITY_IS_DELETED", "message": "x"}], RecordGoneError),
        (404, None, InvalidResponseError),
        (302, None, InvalidResponseError),
        (401, [{"errorCode": "INVALID_SESSION_ID", "message": "x"}], CredentialsError),
        (403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "x"}], AccessDeniedError),
        (403, None, AccessDeniedError),
        (429, None, RateLimitedError),
        (400, {"weird": True}, InvalidResponseError),
        (400, [], InvalidResponseError),
        (400, ["text"], InvalidResponseError),
    ],
)
def test_each_error_says_what_to_do_next(status: int, body: object, error: type[Exception]) -> None:
    assert type(failure(status, body)) is error


def test_the_daily_and_the_concurrent_limit_are_told_apart() -> None:
    daily, concurrent = (
        failure(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": f"{what} Limit exceeded."}])
        for what in ("TotalRequests", "ConcurrentRequests (Concurrent API Requests)")
    )
    assert isinstance(daily, RateLimitedError)
    assert daily.daily
    assert isinstance(concurrent, RateLimitedError)
    assert not concurrent.daily
    assert concurrent.retry_after == timedelta(seconds=20)


def test_the_query_excerpt_before_an_error_message_is_left_out() -> None:
    message = "\nSELECT Secret FROM Case\n       ^\nERROR at Row:1:Column:8\nNo such column 'Secret' on entity 'Case'."
    error = failure(400, [{"errorCode": "INVALID_FIELD", "message": message}])
    assert str(error) == "INVALID_FIELD: No such column 'Secret' on entity 'Case'."


def test_only_named_systems_are_loaded_and_an_unknown_one_is_named() -> None:
    assert {"salesforce", "hubspot"} <= set(registry.systems())
    assert isinstance(registry.connect(environment(ScriptedOrg(lambda request: None))), SalesforceAdapter)
    with pytest.raises(SettingsError, match=r"pipedrive.*salesforce"):
        registry.factory("pipedrive")


def test_building_an_adapter_makes_no_call() -> None:
    org = ScriptedOrg(lambda request: None)
    adapter(org)
    assert org.requests == []


def test_one_id_that_salesforce_does_not_know_as_an_id_does_not_spoil_the_batch() -> None:
    world = World()
    cases = [world.case() for _ in range(9)]
    wrong = ref(TICKET, "500000000000ZZZAAA")
    found = world.adapter.records.read([*cases[:4], wrong, *cases[4:]], ())
    assert found[wrong] == Gone(ref=wrong)
    assert all(isinstance(found[case], Record) for case in cases)


def test_refs_of_other_objects_are_not_read_as_this_one() -> None:
    world = World()
    case = world.case()
    wrong = RecordRef(CRM, CONTACT, case.id)
    assert world.adapter.records.read([wrong], ()) == {wrong: Gone(ref=wrong)}
    assert FieldName("subject") in world.adapter.records.schema(TICKET).fields
    assert ACCOUNT_ID.startswith("001")


def mail(world: World, sender: str, to: str = "us@ours.example") -> RecordRef:
    values = {"FromAddress": sender, "ToAddress": to, "Subject": "Hello", "Incoming": True, "Status": "0"}
    world.wait(1)
    return ref(EMAIL, world.org.create("EmailMessage", values, actor=world.rep).id)


def person(world: World, kind: ObjectType, address: str) -> RecordRef:
    native = {CONTACT: "Contact", LEAD: "Lead"}[kind]
    company = {"Company": "Kestrel"} if kind is LEAD else {}
    row = world.org.create(native, {"LastName": "Kestrel", "Email": address, **company}, actor=world.rep)
    return ref(kind, row.id)


@pytest.mark.parametrize("kind", [CONTACT, LEAD])
def test_mails_of_a_person_are_found_whoever_else_got_them_and_after_the_address_changed(kind: ObjectType) -> None:
    world = World()
    ada, other = person(world, kind, "ada@kestrel.example"), person(world, kind, "bo@kestrel.example")
    first = mail(world, "Ada@Kestrel.example")
    both = mail(world, "us@ours.example", "Bo <bo@kestrel.example>; ada@kestrel.example")
    world.wait(1)
    world.org.update("Contact" if kind is CONTACT else "Lead", ada.id, {"Email": "ada@new.example"}, actor=world.rep)
    last = mail(world, "ada@new.example")
    found = world.adapter.records.related([ada, other], EMAIL, names("subject"), limit=10)
    assert [one.ref for one in found[ada]] == [last, both, first]
    assert [one.ref for one in found[other]] == [both]
    people = world.adapter.records.related([first, both, last], kind, (), limit=10)
    assert {mail: {one.ref for one in some} for mail, some in people.items()} == {
        first: {ada}, both: {ada, other}, last: {ada},
    }  # fmt: skip


def test_mails_that_came_before_the_person_was_known_are_found_by_the_address() -> None:
    world = World()
    early = mail(world, "late@kestrel.example")
    world.wait(60)
    late = person(world, CONTACT, "late@kestrel.example")
    assert [one.ref for one in world.adapter.records.related([late], EMAIL, (), limit=10)[late]] == [early]
    assert [one.ref for one in world.adapter.records.related([early], CONTACT, (), limit=10)[early]] == [late]


def test_one_person_with_very_many_mails_does_not_crowd_out_the_others() -> None:
    world = World()
    busy, quiet = person(world, CONTACT, "busy@kestrel.example"), person(world, CONTACT, "quiet@kestrel.example")
    one = mail(world, "quiet@kestrel.example")
    for _ in range(450):
        last = mail(world, "busy@kestrel.example")
    found = world.adapter.records.related([busy, quiet], EMAIL, (), limit=3)
    assert [each.ref for each in found[quiet]] == [one]
    assert len(found[busy]) == 3
    assert found[busy][0].ref == last


def test_an_org_without_ties_of_mails_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    ada = person(world, CONTACT, "ada@kestrel.example")
    mail(world, "ada@kestrel.example")
    monkeypatch.delitem(world.org.schema.objects, "EmailMessageRelation")
    for _ in range(2):
        assert world.adapter.records.related([ada], EMAIL, (), limit=3) == {ada: ()}

"""Records over the HubSpot wire: reading, writing, history, batches, merges, archives."""

import json
from datetime import timedelta

import pytest

from adapters.sandbox.hubspot import AdminRule, Validation, build_hubspot

CONTACTS = "/crm/v3/objects/contacts"
DATED = "/crm/objects/2026-09/contacts"
DEALS = "/crm/v3/objects/deals"


@pytest.fixture
def sandbox():
    return build_hubspot(seed=1)


def asked(sandbox, method, path, body=None, query="", status=None):
    response = sandbox.call(method, path, body, query=query)
    if status is not None:
        assert response.status == status, response.body
    return json.loads(response.body) if response.body else None


def given(sandbox, object_name="contacts", **properties):
    return sandbox.org.create(object_name, properties, actor=sandbox.rep).id


def later(sandbox, **delta):
    sandbox.org.clock.advance(timedelta(**delta))


def problems(answer):
    return json.loads(answer["message"].split(": ", 1)[1])


def test_a_read_shows_asked_for_and_default_properties_and_ignores_unknown_ones(sandbox):
    contact = given(sandbox, email="ada@acme.example", firstname="Ada")
    shown = asked(sandbox, "GET", f"{CONTACTS}/{contact}", query="properties=phone,nonsense", status=200)
    assert shown["properties"] == {
        "createdate": "2026-09-01T08:00:00Z",
        "email": "ada@acme.example",
        "firstname": "Ada",
        "hs_object_id": contact,
        "lastmodifieddate": "2026-09-01T08:00:00Z",
        "lastname": None,
        "phone": None,
    }
    assert (shown["id"], shown["archived"]) == (contact, False)


def test_an_unknown_id_is_an_html_404_that_is_not_utf_8(sandbox):
    response = sandbox.call("GET", f"{CONTACTS}/999")
    assert response.status == 404
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.headers["X-HubSpot-NotFound"] == "true"
    with pytest.raises(UnicodeDecodeError):
        response.body.decode("utf-8")


def test_an_unknown_id_is_a_json_404_when_written_to(sandbox):
    answer = asked(sandbox, "PATCH", f"{CONTACTS}/999", {"properties": {"lastname": "x"}}, status=404)
    assert answer["category"] == "OBJECT_NOT_FOUND"


def test_a_create_echoes_written_and_derived_properties(sandbox):
    answer = asked(sandbox, "POST", CONTACTS, {"properties": {"email": "Ada@Acme.example"}}, status=201)
    assert answer["properties"]["email"] == "ada@acme.example"
    assert answer["properties"]["hs_email_domain"] == "acme.example"
    assert answer["properties"]["hs_object_source"] == "INTEGRATION"
    assert "firstname" not in answer["properties"]


def test_a_patch_echoes_a_subset_only(sandbox):
    contact = given(sandbox, email="ada@acme.example", firstname="Ada")
    answer = asked(sandbox, "PATCH", f"{CONTACTS}/{contact}", {"properties": {"jobtitle": "CTO"}}, status=200)
    assert set(answer["properties"]) == {"jobtitle", "lastmodifieddate"}


def test_milliseconds_come_back_as_iso(sandbox):
    body = {"properties": {"hs_timestamp": "1651568400000", "hs_task_subject": "Call"}}
    answer = asked(sandbox, "POST", "/crm/v3/objects/tasks", body, status=201)
    assert answer["properties"]["hs_timestamp"] == "2022-05-03T09:00:00Z"
    assert answer["properties"]["hs_task_priority"] == "NONE"
    assert answer["properties"]["hs_task_is_completed"] == "0"


def test_a_cleared_property_is_empty_text_and_an_unset_one_is_null(sandbox):
    contact = given(sandbox, email="ada@acme.example", jobtitle="CTO")
    asked(sandbox, "PATCH", f"{CONTACTS}/{contact}", {"properties": {"jobtitle": ""}}, status=200)
    shown = asked(sandbox, "GET", f"{CONTACTS}/{contact}", query="properties=jobtitle&properties=city")
    assert shown["properties"]["jobtitle"] == ""
    assert shown["properties"]["city"] is None


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"nonsense": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"num_associated_deals": "3"}, "READ_ONLY_VALUE"),
        ({"hs_email_domain": "x.org"}, "READ_ONLY_VALUE"),
        ({"lifecyclestage": "Lead"}, "INVALID_OPTION"),
        ({"hubspot_owner_id": "1"}, "INVALID_OPTION"),
        ({"email": "nobody"}, "INVALID_EMAIL"),
    ],
)
def test_one_bad_property_rejects_the_whole_patch(sandbox, properties, code):
    contact = given(sandbox, email="ada@acme.example")
    body = {"properties": {"jobtitle": "CTO", **properties}}
    answer = asked(sandbox, "PATCH", f"{CONTACTS}/{contact}", body, status=400)
    assert answer["category"] == "VALIDATION_ERROR"
    assert [each["error"] for each in problems(answer)] == [code]
    assert sandbox.org.get("contacts", contact).get("jobtitle") is None


def test_a_deal_takes_stages_of_its_own_pipeline_by_id(sandbox):
    deal = {"dealname": "Big", "pipeline": "74310255", "dealstage": "148215331"}
    assert asked(sandbox, "POST", DEALS, {"properties": deal}, status=201)["properties"]["hs_is_closed"] == "false"
    answer = asked(sandbox, "POST", DEALS, {"properties": {**deal, "dealstage": "contractsent"}}, status=400)
    assert problems(answer)[0]["error"] == "INVALID_OPTION"


@pytest.mark.parametrize(
    ("object_name", "properties"),
    [("contacts", {"phone": "1"}), ("deals", {"dealname": "x"}), ("companies", {"city": "x"}), ("tasks", {})],
)
def test_a_create_without_what_the_object_needs_is_refused(sandbox, object_name, properties):
    asked(sandbox, "POST", f"/crm/v3/objects/{object_name}", {"properties": properties}, status=400)


def test_a_second_contact_with_the_same_email_is_a_conflict_that_names_the_first(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    answer = asked(sandbox, "POST", CONTACTS, {"properties": {"email": "ADA@acme.example"}}, status=409)
    assert answer["message"] == f"Contact already exists. Existing ID: {contact}"
    assert answer["category"] == "CONFLICT"
    other = given(sandbox, email="bob@acme.example")
    answer = asked(sandbox, "PATCH", f"{CONTACTS}/{other}", {"properties": {"email": "ada@acme.example"}}, status=400)
    assert contact in answer["message"]


def test_companies_may_share_a_domain(sandbox):
    for _ in range(2):
        asked(sandbox, "POST", "/crm/v3/objects/companies", {"properties": {"domain": "acme.example"}}, status=201)


def test_the_history_tells_newest_first_who_wrote(sandbox):
    contact = given(sandbox, email="ada@acme.example", jobtitle="CFO")
    later(sandbox, seconds=5)
    asked(sandbox, "PATCH", f"{CONTACTS}/{contact}", {"properties": {"jobtitle": "CTO"}})
    later(sandbox, seconds=5)
    sandbox.org.automations.append(lambda written: {"city": "Bonn"} if "jobtitle" in written.changed else {})
    sandbox.org.update("contacts", contact, {"jobtitle": "CEO"}, actor=sandbox.rep)
    query = "propertiesWithHistory=jobtitle,city,hs_email_domain"
    past = asked(sandbox, "GET", f"{CONTACTS}/{contact}", query=query)["propertiesWithHistory"]
    assert past["jobtitle"] == [
        {
            "value": "CEO",
            "timestamp": "2026-09-01T08:00:10Z",
            "sourceType": "CRM_UI",
            "sourceId": f"userId:{sandbox.rep.user}",
            "updatedByUserId": int(sandbox.rep.user),
        },
        {"value": "CTO", "timestamp": "2026-09-01T08:00:05Z", "sourceType": "INTEGRATION", "sourceId": "8123456"},
        {
            "value": "CFO",
            "timestamp": "2026-09-01T08:00:00Z",
            "sourceType": "CRM_UI",
            "sourceId": f"userId:{sandbox.rep.user}",
            "updatedByUserId": int(sandbox.rep.user),
        },
    ]
    assert past["city"][0]["sourceType"] == "AUTOMATION_PLATFORM"
    assert past["hs_email_domain"][0]["sourceType"] == "CALCULATED"


def test_history_is_capped_and_lowers_the_page(sandbox):
    deal = given(sandbox, "deals", dealname="Big", dealstage="contractsent")
    for number in range(25):
        asked(sandbox, "PATCH", f"{DEALS}/{deal}", {"properties": {"amount": str(number)}})
    past = asked(sandbox, "GET", f"{DEALS}/{deal}", query="propertiesWithHistory=amount")["propertiesWithHistory"]
    assert [entry["value"] for entry in past["amount"]] == [str(number) for number in range(24, 4, -1)]
    asked(sandbox, "GET", DEALS, query="limit=51&propertiesWithHistory=amount", status=400)
    body = {"inputs": [{"id": str(each)} for each in range(51)], "propertiesWithHistory": ["amount"]}
    asked(sandbox, "POST", f"{DEALS}/batch/read", body, status=400)


def test_writing_the_stored_value_again_leaves_no_trace(sandbox):
    contact = given(sandbox, email="ada@acme.example", jobtitle="CTO")
    before = sandbox.org.get("contacts", contact)
    later(sandbox, minutes=1)
    asked(sandbox, "PATCH", f"{CONTACTS}/{contact}", {"properties": {"jobtitle": "CTO"}}, status=200)
    assert sandbox.org.get("contacts", contact) == before


def test_a_created_contact_moves_its_own_stamp_within_seventeen_seconds(sandbox):
    contact = asked(sandbox, "POST", CONTACTS, {"properties": {"email": "ada@acme.example"}})
    later(sandbox, seconds=20)
    shown = asked(sandbox, "GET", f"{CONTACTS}/{contact['id']}", query="propertiesWithHistory=email")
    assert "2026-09-01T08:00:01Z" <= shown["updatedAt"] <= "2026-09-01T08:00:17Z"
    assert shown["updatedAt"] == shown["properties"]["lastmodifieddate"] != contact["updatedAt"]
    assert len(shown["propertiesWithHistory"]["email"]) == 1


def test_a_created_deal_keeps_its_stamp(sandbox):
    deal = asked(sandbox, "POST", DEALS, {"properties": {"dealname": "Big", "dealstage": "contractsent"}})
    later(sandbox, seconds=20)
    assert asked(sandbox, "GET", f"{DEALS}/{deal['id']}")["updatedAt"] == deal["updatedAt"]


def test_a_lifecycle_stage_does_not_move_backwards_and_nobody_says_so(sandbox):
    contact = given(sandbox, email="ada@acme.example", lifecyclestage="customer")
    path = f"{CONTACTS}/{contact}"
    asked(sandbox, "PATCH", path, {"properties": {"lifecyclestage": "lead", "city": "Bonn"}}, status=200)
    row = sandbox.org.get("contacts", contact)
    assert (row.get("lifecyclestage"), row.get("city")) == ("customer", "Bonn")
    asked(sandbox, "PATCH", path, {"properties": {"lifecyclestage": ""}})
    asked(sandbox, "PATCH", path, {"properties": {"lifecyclestage": "lead"}})
    assert sandbox.org.get("contacts", contact).get("lifecyclestage") == "lead"


def test_admin_rules_hold_on_dated_paths_only(sandbox):
    rule = AdminRule(
        object="contacts",
        name="customers need a phone",
        properties=("phone",),
        broken=lambda values: values.get("lifecyclestage") == "customer" and not values.get("phone"),
        message="phone is required when lifecyclestage is customer",
    )
    sandbox.portal.rules.append(rule)
    contact = given(sandbox, email="ada@acme.example")
    body = {"properties": {"lifecyclestage": "customer"}}
    answer = asked(sandbox, "PATCH", f"{DATED}/{contact}", body, status=400)
    assert answer["errors"][0]["context"] == {"properties": ["phone"]}
    asked(sandbox, "PATCH", f"{CONTACTS}/{contact}", body, status=200)


def test_validation_rules_hold_on_both_path_families(sandbox):
    sandbox.portal.validations["contacts", "zip"] = (Validation(rule="MAX_LENGTH", arguments=("5",)),)
    for path in (CONTACTS, DATED):
        answer = asked(sandbox, "POST", path, {"properties": {"lastname": "x", "zip": "123456"}}, status=400)
        assert problems(answer)[0]["error"] == "INVALID_MAX_LENGTH"
    listed = asked(sandbox, "GET", "/crm/property-validations/2026-09/0-1")
    assert listed["results"][0]["propertyName"] == "zip"


def test_lists_are_paged_by_id_and_a_cursor_past_the_end_starts_over(sandbox):
    ids = [given(sandbox, email=f"a{number}@acme.example") for number in range(5)]
    first = asked(sandbox, "GET", CONTACTS, query="limit=2&archived=False")
    assert [each["id"] for each in first["results"]] == ids[:2]
    assert first["paging"]["next"]["after"] == str(int(ids[1]) + 1)
    last = asked(sandbox, "GET", CONTACTS, query=f"limit=2&after={ids[4]}")
    assert [each["id"] for each in last["results"]] == ids[4:]
    assert "paging" not in last
    over = asked(sandbox, "GET", CONTACTS, query=f"limit=2&after={int(ids[4]) + 1000}")
    assert [each["id"] for each in over["results"]] == ids[:2]


def test_an_archived_record_is_listed_only_when_asked_for(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    assert sandbox.call("DELETE", f"{CONTACTS}/{contact}").status == 204
    assert sandbox.call("DELETE", f"{CONTACTS}/{contact}").status == 204
    assert sandbox.call("GET", f"{CONTACTS}/{contact}").status == 404
    assert asked(sandbox, "GET", CONTACTS)["results"] == []
    archived = asked(sandbox, "GET", CONTACTS, query="archived=True")["results"]
    assert [(each["id"], each["archived"]) for each in archived] == [(contact, True)]
    assert asked(sandbox, "GET", f"{CONTACTS}/{contact}", query="archived=true")["archivedAt"]


def test_a_merge_makes_a_new_record_that_answers_for_both_old_ids(sandbox):
    one, two = given(sandbox, email="ada@acme.example", city="Bonn"), given(sandbox, email="a@b.example", phone="1")
    deal = given(sandbox, "deals", dealname="Big", dealstage="contractsent")
    asked(sandbox, "PUT", f"/crm/v4/objects/deals/{deal}/associations/default/contacts/{two}", status=200)
    merged = asked(sandbox, "POST", f"{CONTACTS}/merge", {"primaryObjectId": one, "objectIdToMerge": two}, status=200)
    assert merged["id"] not in (one, two)
    assert merged["properties"]["hs_merged_object_ids"] == f"{one};{two}"
    for old in (one, two):
        shown = asked(sandbox, "GET", f"{CONTACTS}/{old}", query="properties=email,city,phone", status=200)
        assert shown["id"] == merged["id"]
        values = shown["properties"]
        assert (values["email"], values["city"], values["phone"]) == ("ada@acme.example", "Bonn", "1")
    assert asked(sandbox, "GET", CONTACTS, query="archived=true")["results"] == []
    linked = asked(sandbox, "GET", f"/crm/v4/objects/deals/{deal}/associations/contacts")
    assert [each["toObjectId"] for each in linked["results"]] == [int(merged["id"])]


def test_a_batch_read_answers_in_another_order_and_207_for_missing_ids(sandbox):
    ids = [given(sandbox, email=f"a{number}@acme.example") for number in range(3)]
    body = {"inputs": [{"id": each} for each in ids], "properties": ["email"]}
    answer = asked(sandbox, "POST", f"{CONTACTS}/batch/read", body, status=200)
    assert answer["status"] == "COMPLETE"
    assert [each["id"] for each in answer["results"]] == ids[::-1]
    body["inputs"].append({"id": "999"})
    answer = asked(sandbox, "POST", f"{CONTACTS}/batch/read", body, status=207)
    assert answer["numErrors"] == 1
    assert answer["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert answer["errors"][0]["context"] == {"ids": ["999"]}
    assert len(answer["results"]) == 3


def test_a_batch_takes_a_hundred_inputs_and_no_more(sandbox):
    inputs = [{"properties": {"email": f"a{number}@acme.example"}} for number in range(101)]
    asked(sandbox, "POST", f"{CONTACTS}/batch/create", {"inputs": inputs}, status=400)
    created = asked(sandbox, "POST", f"{CONTACTS}/batch/create", {"inputs": inputs[:100]}, status=201)
    assert len(created["results"]) == 100


def test_one_bad_create_fails_the_batch_unless_every_input_carries_a_trace_id(sandbox):
    inputs = [{"properties": {"email": "a@acme.example"}}, {"properties": {"email": "nobody"}}]
    asked(sandbox, "POST", f"{CONTACTS}/batch/create", {"inputs": inputs}, status=400)
    assert sandbox.org.count("contacts") == 0
    traced = [{**each, "objectWriteTraceId": f"t{number}"} for number, each in enumerate(inputs)]
    answer = asked(sandbox, "POST", f"{CONTACTS}/batch/create", {"inputs": traced}, status=207)
    assert [each["objectWriteTraceId"] for each in answer["results"]] == ["t0"]
    assert answer["errors"][0]["context"] == {"objectWriteTraceId": ["t1"]}
    assert sandbox.org.count("contacts") == 1


def test_a_batch_update_changes_what_it_finds_and_names_the_rest(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    inputs = [{"id": contact, "properties": {"city": "Bonn"}}, {"id": "999", "properties": {"city": "Bonn"}}]
    answer = asked(sandbox, "POST", f"{CONTACTS}/batch/update", {"inputs": inputs}, status=207)
    assert answer["errors"][0]["context"] == {"ids": ["999"]}
    assert sandbox.org.get("contacts", contact).get("city") == "Bonn"


def test_an_upsert_by_email_says_which_records_are_new(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    inputs = [
        {"id": "ada@acme.example", "idProperty": "email", "properties": {"city": "Bonn"}},
        {"id": "bob@acme.example", "idProperty": "email", "properties": {"city": "Ulm"}},
    ]
    answer = asked(sandbox, "POST", f"{CONTACTS}/batch/upsert", {"inputs": inputs}, status=200)
    assert {each["new"] for each in answer["results"]} == {True, False}
    assert sandbox.org.get("contacts", contact).get("city") == "Bonn"
    assert sandbox.org.count("contacts") == 2
    inputs = [{"id": "x", "idProperty": "city", "properties": {}}]
    asked(sandbox, "POST", f"{CONTACTS}/batch/upsert", {"inputs": inputs}, status=400)


def test_a_unique_property_of_our_own_can_be_an_upsert_key(sandbox):
    body = {"name": "cc_key", "label": "Key", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    asked(sandbox, "POST", "/crm/v3/properties/tasks", body, status=201)
    properties = {"hs_timestamp": "0", "hs_task_subject": "Call"}
    inputs = [{"id": "k1", "idProperty": "cc_key", "properties": properties}]
    for new in (True, False):
        answer = asked(sandbox, "POST", "/crm/v3/objects/tasks/batch/upsert", {"inputs": inputs}, status=200)
        assert answer["results"][0]["new"] is new
    assert sandbox.org.count("tasks") == 1


def test_a_batch_archive_has_no_body(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    body = {"inputs": [{"id": contact}, {"id": "999"}]}
    response = sandbox.call("POST", f"{CONTACTS}/batch/archive", body)
    assert (response.status, response.body) == (204, b"")
    assert sandbox.org.count("contacts") == 0


def test_a_body_that_is_not_json_is_named_by_line_and_column(sandbox):
    from adapters.sandbox.wire import WireRequest

    headers = {"Authorization": f"Bearer {sandbox.token}"}
    response = sandbox.face.respond(WireRequest(method="POST", path=CONTACTS, headers=headers, body=b"{nope"))
    assert response.status == 400
    assert json.loads(response.body)["message"].startswith("Invalid input JSON on line 1, column ")


def test_calls_and_writes_share_the_request_id_of_the_log(sandbox):
    response = sandbox.call("POST", CONTACTS, {"properties": {"email": "ada@acme.example"}})
    request = response.headers["X-HubSpot-Correlation-Id"]
    lines = [line for line in sandbox.org.log.entries() if line.request == request]
    assert {line.kind for line in lines} == {"call", "write"}
    call = next(line for line in lines if line.kind == "call")
    assert (call.actor, call.field, call.after) == ("agent", f"POST {CONTACTS}", 201)
    assert next(line for line in lines if line.field == "hs_email_domain").actor == "automation"

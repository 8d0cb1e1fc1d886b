"""Search over the lagging index, associations, metadata, tokens and rate limits of the HubSpot face."""

import json
from datetime import timedelta

import pytest

from adapters.sandbox.hubspot import Allowance, OAuthApp, build_hubspot
from adapters.sandbox.rows import RowKey
from adapters.sandbox.wire import WireRequest

CONTACTS = "/crm/v3/objects/contacts"


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


def only(name, operator, **value):
    return {"filterGroups": [{"filters": [{"propertyName": name, "operator": operator, **value}]}]}


def found(sandbox, body, object_name="contacts"):
    answer = asked(sandbox, "POST", f"/crm/v3/objects/{object_name}/search", body, status=200)
    return answer["total"], [each["id"] for each in answer["results"]]


def test_a_new_record_enters_the_index_late(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    body = only("email", "EQ", value="ada@acme.example")
    assert found(sandbox, body) == (0, [])
    later(sandbox, seconds=3)
    assert found(sandbox, body) == (1, [contact])


def test_a_search_filters_on_the_past_and_shows_the_present(sandbox):
    contact = given(sandbox, email="ada@acme.example", city="Bonn")
    later(sandbox, minutes=1)
    sandbox.org.update("contacts", contact, {"city": "Ulm"}, actor=sandbox.rep)
    answer = asked(sandbox, "POST", f"{CONTACTS}/search", {**only("city", "EQ", value="Bonn"), "properties": ["city"]})
    assert answer["results"][0]["properties"]["city"] == "Ulm"
    assert found(sandbox, only("city", "EQ", value="Ulm")) == (0, [])
    later(sandbox, seconds=3)
    assert found(sandbox, only("city", "EQ", value="Bonn")) == (0, [])
    assert found(sandbox, only("city", "EQ", value="Ulm")) == (1, [contact])


def test_a_record_archived_just_now_is_counted_and_not_shown(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    later(sandbox, minutes=1)
    sandbox.org.delete("contacts", contact, actor=sandbox.rep)
    assert found(sandbox, only("email", "HAS_PROPERTY")) == (1, [])
    later(sandbox, seconds=3)
    assert found(sandbox, only("email", "HAS_PROPERTY")) == (0, [])


def test_a_window_on_the_stamp_finds_what_changed_in_it(sandbox):
    old = given(sandbox, email="old@acme.example")
    later(sandbox, minutes=10)
    since = sandbox.org.clock.stamp()
    new = given(sandbox, email="new@acme.example")
    later(sandbox, minutes=1)
    assert found(sandbox, only("lastmodifieddate", "GTE", value=str(since))) == (1, [new])
    sandbox.org.update("contacts", old, {"city": "Ulm"}, actor=sandbox.rep)
    later(sandbox, minutes=1)
    assert found(sandbox, only("lastmodifieddate", "GTE", value=str(since))) == (2, [old, new])


def test_results_are_paged_up_to_the_ceiling(sandbox):
    ids = [given(sandbox, email=f"a{number}@acme.example") for number in range(5)]
    later(sandbox, minutes=1)
    body = {"limit": 2, "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]}
    answer = asked(sandbox, "POST", f"{CONTACTS}/search", body)
    assert (answer["total"], answer["paging"]) == (5, {"next": {"after": "2"}})
    assert found(sandbox, {**body, "after": "4"}) == (5, ids[4:])
    asked(sandbox, "POST", f"{CONTACTS}/search", {**body, "after": "9999"}, status=400)


def test_ids_can_be_walked_beyond_the_ceiling(sandbox):
    ids = [given(sandbox, email=f"a{number}@acme.example") for number in range(4)]
    later(sandbox, minutes=1)
    assert found(sandbox, only("hs_object_id", "GT", value=ids[1])) == (2, ids[2:])


def test_tasks_are_found_by_the_ticket_they_are_associated_with(sandbox):
    ticket = given(sandbox, "tickets", subject="Broken", hs_pipeline_stage="1")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 230}]
    body = {
        "properties": {"hs_timestamp": "0", "hs_task_subject": "Call"},
        "associations": [{"to": {"id": ticket}, "types": types}],
    }
    task = asked(sandbox, "POST", "/crm/v3/objects/tasks", body, status=201)["id"]
    given(sandbox, "tasks", hs_timestamp="0")
    later(sandbox, minutes=1)
    body = {"filters": [{"propertyName": "associations.ticket", "operator": "EQ", "value": ticket}]}
    assert found(sandbox, body, "tasks") == (1, [task])
    line = next(line for line in sandbox.org.log.entries() if line.field == "task" and line.actor == "agent")
    assert (line.record, line.after) == (f"tickets/{ticket}", "Call")


def test_searches_carry_the_daily_headers_only(sandbox):
    searched = sandbox.call("POST", f"{CONTACTS}/search", {}).headers
    assert {name for name in searched if "RateLimit" in name} == {
        "X-HubSpot-RateLimit-Daily",
        "X-HubSpot-RateLimit-Daily-Remaining",
    }
    assert "X-HubSpot-RateLimit-Interval-Milliseconds" in sandbox.call("GET", CONTACTS).headers


def test_enforced_limits_refuse_in_both_shapes_and_recover():
    sandbox = build_hubspot(allowance=Allowance(enforced=True, ten_secondly=3, search_secondly=2))
    assert [sandbox.call("GET", CONTACTS).status for _ in range(4)] == [200, 200, 200, 429]
    burst = json.loads(sandbox.call("GET", CONTACTS).body)
    assert (burst["policyName"], burst["errorType"]) == ("TEN_SECONDLY_ROLLING", "RATE_LIMIT")
    assert [sandbox.call("POST", f"{CONTACTS}/search", {}).status for _ in range(3)] == [200, 200, 429]
    bare = json.loads(sandbox.call("POST", f"{CONTACTS}/search", {}).body)
    assert set(bare) == {"status", "message", "correlationId", "category"}
    later(sandbox, seconds=10)
    assert sandbox.call("GET", CONTACTS).status == 200


def test_the_daily_allowance_ends_and_returns_at_midnight():
    sandbox = build_hubspot(allowance=Allowance(enforced=True, daily=1))
    assert [sandbox.call("GET", CONTACTS).status for _ in range(2)] == [200, 429]
    assert json.loads(sandbox.call("GET", CONTACTS).body)["policyName"] == "DAILY"
    later(sandbox, days=1)
    assert sandbox.call("GET", CONTACTS).status == 200


def test_links_are_made_read_and_removed_in_both_directions(sandbox):
    contact, company = given(sandbox, email="a@acme.example"), given(sandbox, "companies", name="Acme")
    path = "/crm/associations/2026-09"
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    inputs = [{"from": {"id": contact}, "to": {"id": company}, "types": types}]
    answer = asked(sandbox, "POST", f"{path}/contacts/companies/batch/create", {"inputs": inputs}, status=201)
    assert answer["results"] == [
        {
            "fromObjectTypeId": "0-1",
            "fromObjectId": int(contact),
            "toObjectTypeId": "0-2",
            "toObjectId": int(company),
            "labels": ["Primary Company"],
        }
    ]
    back = asked(sandbox, "POST", f"{path}/companies/contacts/batch/read", {"inputs": [{"id": company}]}, status=200)
    assert back["results"][0]["to"][0]["toObjectId"] == int(contact)
    assert back["results"][0]["to"][0]["associationTypes"][0]["typeId"] == 2
    archived = {"inputs": [{"from": {"id": contact}, "to": [{"id": company}, {"id": "5"}]}]}
    assert sandbox.call("POST", f"{path}/contacts/companies/batch/archive", archived).status == 204
    answer = asked(sandbox, "POST", f"{path}/contacts/companies/batch/read", {"inputs": [{"id": contact}]}, status=207)
    assert (answer["results"], answer["numErrors"]) == ([], 1)
    assert sandbox.org.associations.of(RowKey("companies", company)) == []


def test_a_link_to_nowhere_is_a_207(sandbox):
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 2}]
    contact = given(sandbox, email="a@acme.example")
    inputs = [{"from": {"id": "1234"}, "to": {"id": contact}, "types": types}]
    answer = asked(
        sandbox, "POST", "/crm/v4/associations/companies/contacts/batch/create", {"inputs": inputs}, status=207
    )
    assert answer["errors"][0]["message"] == "COMPANY=1234 is not valid"


def test_labels_of_the_account_join_the_standard_ones(sandbox):
    body = {"label": "Champion", "inverseLabel": "Championed by", "name": "champion"}
    asked(sandbox, "POST", "/crm/v4/associations/contacts/deals/labels", body, status=201)
    labels = asked(sandbox, "GET", "/crm/associations/2026-09/contacts/deals/labels")["results"]
    assert [each["label"] for each in labels] == [None, "Champion"]
    contact, deal = given(sandbox, email="a@x.example"), given(sandbox, "deals", dealname="B", dealstage="1")
    types = [{"associationCategory": "USER_DEFINED", "associationTypeId": labels[1]["typeId"]}]
    asked(sandbox, "PUT", f"/crm/v4/objects/contacts/{contact}/associations/deals/{deal}", types, status=201)
    linked = asked(sandbox, "GET", f"/crm/v4/objects/deals/{deal}/associations/contacts")["results"]
    assert linked[0]["associationTypes"][0]["label"] == "Championed by"


def test_properties_say_what_can_be_written(sandbox):
    listed = {each["name"]: each for each in asked(sandbox, "GET", "/crm/v3/properties/contacts")["results"]}
    assert listed["num_associated_deals"]["calculated"] is False
    assert listed["num_associated_deals"]["modificationMetadata"]["readOnlyValue"] is True
    assert listed["hubspot_owner_id"]["externalOptions"] is True
    assert listed["hubspot_owner_id"]["options"] == []
    assert listed["email"]["hasUniqueValue"] is False
    assert [each["value"] for each in listed["lifecyclestage"]["options"]][:2] == ["subscriber", "lead"]


def test_options_set_on_the_org_are_described_and_enforced(sandbox):
    sandbox.org.set_options("tickets", "hs_ticket_priority", ["LOW", "SOMEDAY"])
    described = asked(sandbox, "GET", "/crm/properties/2026-09/tickets/hs_ticket_priority")
    assert [each["value"] for each in described["options"]] == ["LOW", "SOMEDAY"]
    ticket = given(sandbox, "tickets", subject="x", hs_pipeline_stage="1")
    path = f"/crm/v3/objects/tickets/{ticket}"
    assert sandbox.call("PATCH", path, {"properties": {"hs_ticket_priority": "SOMEDAY"}}).status == 200
    assert sandbox.call("PATCH", path, {"properties": {"hs_ticket_priority": "HIGH"}}).status == 400


def test_pipelines_list_stages_with_text_metadata(sandbox):
    deals = asked(sandbox, "GET", "/crm/v3/pipelines/deals")["results"]
    won = next(stage for stage in deals[0]["stages"] if stage["id"] == "closedwon")
    assert won["metadata"] == {"isClosed": "true", "probability": "1.0"}


def test_an_owner_id_is_not_a_user_id(sandbox):
    owner = asked(sandbox, "GET", "/crm/v3/owners/", query="email=robin@acme.example")["results"][0]
    assert owner["id"] != str(owner["userId"])
    assert str(owner["userId"]) == sandbox.rep.user
    assert asked(sandbox, "GET", "/crm/owners/2026-09", query="email=x@y.example") == {"results": []}
    by_user = asked(sandbox, "GET", f"/crm/v3/owners/{owner['userId']}", query="idProperty=userId", status=200)
    assert by_user["id"] == owner["id"]


def test_a_token_that_nobody_gave_is_refused(sandbox):
    response = sandbox.face.respond(WireRequest(method="GET", path=CONTACTS))
    assert response.status == 401
    assert json.loads(response.body)["category"] == "INVALID_AUTHENTICATION"


@pytest.mark.parametrize("rotates", [True, False])
@pytest.mark.parametrize("path", ["/oauth/v1/token", "/oauth/2026-09/token"])
def test_a_refresh_token_is_exchanged_for_half_an_hour(rotates, path):
    app = OAuthApp(client_id="app", client_secret="secret", actor=build_hubspot().agent, rotates=rotates)
    sandbox = build_hubspot(oauth=app, refresh_token="r0")
    form = b"grant_type=refresh_token&client_id=app&client_secret=secret&refresh_token=r0"
    answer = json.loads(sandbox.face.respond(WireRequest(method="POST", path=path, body=form)).body)
    request = WireRequest(method="GET", path=CONTACTS, headers={"authorization": f"Bearer {answer['access_token']}"})
    assert sandbox.face.respond(request).status == 200
    later(sandbox, seconds=answer["expires_in"])
    assert sandbox.face.respond(request).status == 401
    again = sandbox.face.respond(WireRequest(method="POST", path=path, body=form))
    assert again.status == (400 if rotates else 200)
    assert (answer["refresh_token"] != "r0") is rotates


def test_the_account_says_which_portal_a_token_belongs_to(sandbox):
    assert asked(sandbox, "GET", "/account-info/v3/details")["portalId"] == sandbox.portal.portal_id


def test_the_same_seed_answers_the_same_bytes():
    def run():
        sandbox = build_hubspot(seed=7, faults={"search_lag": 0.3, "batch_shuffled": 0.5, "http_500": 0.2})
        for number in range(20):
            sandbox.call("POST", CONTACTS, {"properties": {"email": f"a{number}@acme.example"}})
            later(sandbox, seconds=1)
            yield sandbox.call("POST", f"{CONTACTS}/search", {"limit": 100}).body
        yield "\n".join(sandbox.org.log.lines())

    assert list(run()) == list(run())

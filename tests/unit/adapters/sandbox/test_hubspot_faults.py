"""Every fault of the HubSpot face has the effect its name promises, and is counted when it has it."""

import json
from datetime import timedelta

import pytest

from adapters.sandbox.hubspot import FAULT_NAMES_HUBSPOT, build_hubspot
from adapters.sandbox.hubspot.fault_names import AFTER, BEFORE, INSIDE, WEBHOOKS
from adapters.sandbox.wire import ConnectionCut, Stall

CONTACTS = "/crm/v3/objects/contacts"
DEALS = "/crm/v3/objects/deals"


@pytest.fixture
def sandbox():
    return build_hubspot(seed=3)


def given(sandbox, object_name="contacts", **properties):
    return sandbox.org.create(object_name, properties, actor=sandbox.rep).id


def later(sandbox, **delta):
    sandbox.org.clock.advance(timedelta(**delta))


def armed(sandbox, name):
    sandbox.org.faults.arm(name)
    return sandbox.org.faults


def asked(sandbox, method, path, body=None, query=""):
    return json.loads(sandbox.call(method, path, body, query=query).body)


def patch(sandbox, contact, **properties):
    return sandbox.call("PATCH", f"{CONTACTS}/{contact}", {"properties": properties})


def stored(sandbox, contact, name):
    return sandbox.org.get("contacts", contact).get(name)


@pytest.mark.parametrize(
    ("name", "status", "category"),
    [
        ("http_401", 401, "INVALID_AUTHENTICATION"),
        ("http_403", 403, "MISSING_SCOPES"),
        ("http_404", 404, "OBJECT_NOT_FOUND"),
        ("http_409", 409, "CONFLICT"),
        ("http_423", 423, "LOCKED"),
        ("burst_429", 429, "RATE_LIMITS"),
        ("daily_429", 429, "RATE_LIMITS"),
        ("retry_after_429", 429, "RATE_LIMITS"),
        ("http_477", 477, "MIGRATION_IN_PROGRESS"),
        ("http_500", 500, None),
        ("http_503", 503, None),
        ("http_504", 504, None),
    ],
)
def test_a_refusal_comes_once_and_nothing_is_applied(sandbox, name, status, category):
    contact = given(sandbox, email="ada@acme.example")
    faults = armed(sandbox, name)
    response = patch(sandbox, contact, city="Bonn")
    assert response.status == status
    assert json.loads(response.body).get("category") == category
    assert ("Retry-After" in response.headers) is (name in ("retry_after_429", "http_477"))
    assert stored(sandbox, contact, "city") is None
    assert faults.counts[name] == 1
    assert patch(sandbox, contact, city="Bonn").status == 200


@pytest.mark.parametrize(("name", "status"), [("http_502", 502), ("http_521", 521), ("http_530", 530)])
def test_the_machinery_in_front_answers_html_and_nothing_is_applied(sandbox, name, status):
    contact = given(sandbox, email="ada@acme.example")
    faults = armed(sandbox, name)
    response = patch(sandbox, contact, city="Bonn")
    assert (response.status, response.headers["Content-Type"][:9]) == (status, "text/html")
    assert stored(sandbox, contact, "city") is None
    assert faults.counts[name] == 1


def test_a_search_is_limited_in_the_bare_shape(sandbox):
    faults = armed(sandbox, "search_429")
    assert sandbox.call("GET", CONTACTS).status == 200
    response = sandbox.call("POST", f"{CONTACTS}/search", {})
    assert response.status == 429
    assert set(json.loads(response.body)) == {"status", "message", "correlationId", "category"}
    assert "Retry-After" not in response.headers
    assert faults.counts["search_429"] == 1


@pytest.mark.parametrize(
    ("name", "lost", "applied"),
    [
        ("reset_before_apply", ConnectionCut, False),
        ("timeout_before_apply", Stall, False),
        ("reset_after_apply", ConnectionCut, True),
        ("timeout_after_apply", Stall, True),
    ],
)
def test_a_lost_answer_says_nothing_about_the_write(sandbox, name, lost, applied):
    contact = given(sandbox, email="ada@acme.example")
    faults = armed(sandbox, name)
    with pytest.raises(lost) as raised:
        patch(sandbox, contact, city="Bonn")
    assert raised.value.applied is applied
    assert stored(sandbox, contact, "city") == ("Bonn" if applied else None)
    assert faults.counts[name] == 1
    call = sandbox.org.log.entries()[-1]
    assert (call.kind, call.actor, call.after) == ("call", "agent", None)


@pytest.mark.parametrize(("name", "status"), [("bad_gateway_after", 502), ("timeout_524", 524)])
def test_a_gateway_can_fail_after_the_write(sandbox, name, status):
    contact = given(sandbox, email="ada@acme.example")
    faults = armed(sandbox, name)
    assert patch(sandbox, contact, city="Bonn").status == status
    assert stored(sandbox, contact, "city") == "Bonn"
    assert faults.counts[name] == 1


def test_an_answer_can_break_off_drip_or_stop_in_the_middle(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    armed(sandbox, "cut_body")
    cut = patch(sandbox, contact, city="Bonn")
    assert cut.cut_after is not None
    assert 0 < cut.cut_after < len(cut.body)
    armed(sandbox, "slow_drip")
    assert patch(sandbox, contact, city="Ulm").drip_seconds > 0
    armed(sandbox, "truncated_json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(patch(sandbox, contact, city="Mainz").body)
    assert stored(sandbox, contact, "city") == "Mainz"


def test_a_success_can_be_a_maintenance_page(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    armed(sandbox, "html_body")
    response = patch(sandbox, contact, city="Bonn")
    assert (response.status, response.headers["Content-Type"][:9]) == (200, "text/html")
    assert stored(sandbox, contact, "city") == "Bonn"


def test_rate_limit_headers_are_optional(sandbox):
    armed(sandbox, "bare_limit_headers")
    assert not [name for name in sandbox.call("GET", CONTACTS).headers if "RateLimit" in name]


def test_the_index_can_stop_for_a_while(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    later(sandbox, minutes=1)
    faults = armed(sandbox, "search_lag")
    assert asked(sandbox, "POST", f"{CONTACTS}/search", {})["total"] == 1
    sandbox.org.update("contacts", contact, {"city": "Ulm"}, actor=sandbox.rep)
    body = {"filters": [{"propertyName": "city", "operator": "EQ", "value": "Ulm"}]}
    later(sandbox, seconds=4)
    assert asked(sandbox, "POST", f"{CONTACTS}/search", body)["total"] == 0
    later(sandbox, seconds=30)
    assert asked(sandbox, "POST", f"{CONTACTS}/search", body)["total"] == 1
    assert faults.counts["search_lag"] == 1


def test_healing_lets_the_index_run_again(sandbox):
    armed(sandbox, "search_lag")
    asked(sandbox, "POST", f"{CONTACTS}/search", {})
    given(sandbox, email="ada@acme.example")
    later(sandbox, seconds=3)
    assert asked(sandbox, "POST", f"{CONTACTS}/search", {})["total"] == 0
    sandbox.org.faults.heal()
    assert asked(sandbox, "POST", f"{CONTACTS}/search", {})["total"] == 1


def test_a_search_can_be_empty_with_a_total_or_have_a_wrong_total(sandbox):
    for number in range(3):
        given(sandbox, email=f"a{number}@acme.example")
    later(sandbox, minutes=1)
    armed(sandbox, "search_empty")
    answer = asked(sandbox, "POST", f"{CONTACTS}/search", {})
    assert (answer["total"], answer["results"]) == (3, [])
    armed(sandbox, "search_total")
    answer = asked(sandbox, "POST", f"{CONTACTS}/search", {})
    assert answer["total"] != len(answer["results"]) == 3


def test_a_cursor_can_start_over_and_a_page_can_repeat_a_record(sandbox):
    ids = [given(sandbox, email=f"a{number}@acme.example") for number in range(30)]
    later(sandbox, minutes=1)
    for method, path, body, query in (
        ("GET", CONTACTS, None, f"limit=5&after={ids[10]}"),
        ("POST", f"{CONTACTS}/search", {"limit": 5, "after": "10"}, ""),
    ):
        assert asked(sandbox, method, path, body, query)["results"][0]["id"] == ids[10]
        faults = armed(sandbox, "cursor_restart")
        assert asked(sandbox, method, path, body, query)["results"][0]["id"] == ids[0]
        faults = armed(sandbox, "duplicated_page")
        assert asked(sandbox, method, path, body, query)["results"][-1]["id"] == ids[14]
    assert (faults.counts["cursor_restart"], faults.counts["duplicated_page"]) == (2, 2)
    armed(sandbox, "search_ceiling")
    assert sandbox.call("POST", f"{CONTACTS}/search", {"limit": 10, "after": "10"}).status == 200
    assert sandbox.call("POST", f"{CONTACTS}/search", {"limit": 10, "after": "20"}).status == 400


def test_a_record_that_is_there_can_answer_the_html_404(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    armed(sandbox, "html_404")
    assert sandbox.call("GET", f"{CONTACTS}/{contact}").status == 404
    assert sandbox.call("GET", f"{CONTACTS}/{contact}").status == 200


def test_the_stamp_can_move_by_itself_after_an_update_too(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    faults = armed(sandbox, "self_bump")
    before = json.loads(patch(sandbox, contact, city="Bonn").body)["updatedAt"]
    later(sandbox, seconds=20)
    assert asked(sandbox, "GET", f"{CONTACTS}/{contact}")["updatedAt"] > before
    assert faults.counts["self_bump"] == 1


def test_a_patch_can_echo_the_stamp_only(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    armed(sandbox, "bare_echo")
    assert set(json.loads(patch(sandbox, contact, city="Bonn").body)["properties"]) == {"lastmodifieddate"}
    assert stored(sandbox, contact, "city") == "Bonn"


def test_a_write_can_be_answered_and_not_made(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    armed(sandbox, "write_ignored")
    assert patch(sandbox, contact, city="Bonn").status == 200
    assert stored(sandbox, contact, "city") is None
    armed(sandbox, "lifecycle_ignored")
    assert patch(sandbox, contact, lifecyclestage="customer", city="Ulm").status == 200
    assert (stored(sandbox, contact, "lifecyclestage"), stored(sandbox, contact, "city")) == (None, "Ulm")


def test_unset_properties_can_come_as_empty_text(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    armed(sandbox, "blank_for_null")
    shown = asked(sandbox, "GET", f"{CONTACTS}/{contact}", query="properties=city")
    assert (shown["properties"]["city"], shown["properties"]["email"]) == ("", "ada@acme.example")
    armed(sandbox, "blank_for_null")
    body = {"inputs": [{"id": contact}], "properties": ["city"]}
    shown = asked(sandbox, "POST", f"{CONTACTS}/batch/read", body)["results"][0]
    assert shown["properties"]["city"] == ""


def test_the_history_can_be_shallow(sandbox):
    contact = given(sandbox, email="ada@acme.example", city="Bonn")
    patch(sandbox, contact, city="Ulm")
    query = "propertiesWithHistory=city"
    assert len(asked(sandbox, "GET", f"{CONTACTS}/{contact}", query=query)["propertiesWithHistory"]["city"]) == 2
    armed(sandbox, "shallow_history")
    past = asked(sandbox, "GET", f"{CONTACTS}/{contact}", query=query)["propertiesWithHistory"]["city"]
    assert [entry["value"] for entry in past] == ["Ulm"]


def test_a_batch_can_succeed_in_part(sandbox):
    ids = [given(sandbox, email=f"a{number}@acme.example") for number in range(4)]
    armed(sandbox, "batch_partial")
    inputs = [{"id": each, "properties": {"city": "Bonn"}} for each in ids]
    response = sandbox.call("POST", f"{CONTACTS}/batch/update", {"inputs": inputs})
    answer = json.loads(response.body)
    assert (response.status, len(answer["results"]), answer["numErrors"]) == (207, 3, 1)
    failed = answer["errors"][0]["context"]["ids"]
    assert [each for each in ids if stored(sandbox, each, "city") is None] == failed


def test_a_batch_can_answer_in_any_order(sandbox):
    ids = [given(sandbox, email=f"a{number}@acme.example") for number in range(20)]
    armed(sandbox, "batch_shuffled")
    answer = asked(sandbox, "POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": each} for each in ids]})
    order = [each["id"] for each in answer["results"]]
    assert sorted(order) == sorted(ids)
    assert order not in (ids, ids[::-1])


@pytest.mark.parametrize("batch", [True, False])
def test_a_rep_can_come_between_read_and_write(sandbox, batch):
    contact = given(sandbox, email="ada@acme.example", jobtitle="CFO")
    later(sandbox, seconds=5)
    faults = armed(sandbox, "write_between_read_and_patch")
    if batch:
        inputs = [{"id": contact, "properties": {"jobtitle": "CTO"}}]
        sandbox.call("POST", f"{CONTACTS}/batch/update", {"inputs": inputs})
    else:
        patch(sandbox, contact, jobtitle="CTO")
    query = "propertiesWithHistory=jobtitle"
    past = asked(sandbox, "GET", f"{CONTACTS}/{contact}", query=query)["propertiesWithHistory"]["jobtitle"]
    assert [(entry["value"], entry["sourceType"]) for entry in past] == [
        ("CTO", "INTEGRATION"),
        ("CFO (by phone)", "CRM_UI"),
        ("CFO", "CRM_UI"),
    ]
    assert faults.counts["write_between_read_and_patch"] == 1


def test_a_record_can_be_merged_just_before_it_is_read_or_written(sandbox):
    contact = given(sandbox, email="ada@acme.example", firstname="Ada")
    faults = armed(sandbox, "merged_meanwhile")
    shown = asked(sandbox, "GET", f"{CONTACTS}/{contact}")
    assert shown["id"] != contact
    assert shown["properties"]["email"] == "ada@acme.example"
    company = given(sandbox, "companies", name="Acme")
    armed(sandbox, "merged_meanwhile")
    path = f"/crm/v3/objects/companies/{company}"
    assert json.loads(sandbox.call("PATCH", path, {"properties": {"city": "Bonn"}}).body)["id"] != company
    assert faults.counts["merged_meanwhile"] == 2


def test_a_record_can_be_merged_just_before_a_batch_reads_it(sandbox):
    contact = given(sandbox, email="ada@acme.example")
    armed(sandbox, "merged_meanwhile")
    answer = asked(sandbox, "POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": contact}]})
    assert answer["results"][0]["id"] != contact


@pytest.mark.parametrize("batch", [True, False])
def test_a_rep_can_create_the_same_contact_first(sandbox, batch):
    faults = armed(sandbox, "twin_created")
    source = {"properties": {"email": "ada@acme.example"}}
    path, body = (f"{CONTACTS}/batch/create", {"inputs": [source]}) if batch else (CONTACTS, source)
    assert sandbox.call("POST", path, body).status == 409
    assert sandbox.org.count("contacts") == 1
    assert faults.counts["twin_created"] == 1


def test_the_list_of_faults_is_complete_and_explained():
    assert set(FAULT_NAMES_HUBSPOT) == {*BEFORE, *AFTER, *INSIDE, *WEBHOOKS}
    assert all(len(told) > 10 for told in FAULT_NAMES_HUBSPOT.values())


def test_every_fault_takes_effect_in_a_busy_account():
    """With everything switched on for a while, each name is counted: none is dead."""
    sandbox = build_hubspot(seed=5, faults={name: 0.08 for name in (*BEFORE, *AFTER, *INSIDE)})
    ids = [given(sandbox, email=f"a{number}@acme.example") for number in range(40)]
    deal = given(sandbox, "deals", dealname="Big", dealstage="contractsent")
    later(sandbox, minutes=1)

    def calls(number):
        contact = ids[number % len(ids)]
        yield "GET", f"{CONTACTS}/{contact}", None, "properties=city&propertiesWithHistory=city"
        properties = {"city": f"c{number}", "jobtitle": f"j{number}"}
        yield "PATCH", f"{CONTACTS}/{contact}", {"properties": properties}, ""
        yield "PATCH", f"{CONTACTS}/{contact}", {"properties": {"lifecyclestage": ("lead", "")[number % 2]}}, ""
        yield "POST", CONTACTS, {"properties": {"email": f"new{number}@acme.example"}}, ""
        yield "POST", f"{CONTACTS}/search", {"limit": 10, "after": str(10 * (number % 4))}, ""
        yield "GET", CONTACTS, None, f"limit=5&after={ids[number % 30]}"
        inputs = [{"id": each} for each in ids[:5]]
        yield "POST", f"{CONTACTS}/batch/read", {"inputs": inputs}, ""
        yield "GET", "/crm/v3/properties/contacts", None, ""
        yield "PATCH", f"{DEALS}/{deal}", {"properties": {"amount": str(number)}}, ""

    for number in range(400):
        for method, path, body, query in calls(number):
            try:
                sandbox.call(method, path, body, query=query)
            except (ConnectionCut, Stall):
                continue
        later(sandbox, seconds=7)
    dead = {*BEFORE, *AFTER, *INSIDE} - {name for name, count in sandbox.org.faults.counts.items() if count}
    assert dead == set()

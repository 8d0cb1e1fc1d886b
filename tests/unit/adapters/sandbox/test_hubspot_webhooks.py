"""The webhook sender turns org writes into signed deliveries, and spoils them by name."""

import json
from datetime import timedelta

import pytest

from adapters.sandbox.hubspot import build_hubspot
from adapters.sandbox.hubspot.signatures import signature_v1, signature_v3
from adapters.sandbox.hubspot.webhooks import BATCH, Naming, WebhookSender

URL = "https://hooks.example.com/hubspot?x=1"
SECRET = "app-secret"


@pytest.fixture
def sandbox():
    return build_hubspot(seed=2)


def sender_of(sandbox, naming=Naming.LEGACY):
    return WebhookSender.from_now(sandbox.portal, URL, SECRET, naming)


def events(deliveries):
    return [event for delivery in deliveries for event in json.loads(delivery.body)]


def signed(delivery, secret=SECRET):
    headers, body = delivery.headers, delivery.body
    stamp = int(headers["X-HubSpot-Request-Timestamp"])
    return headers["X-HubSpot-Signature"] == signature_v1(secret, body) and headers[
        "X-HubSpot-Signature-v3"
    ] == signature_v3(secret, "POST", URL, body, stamp)


def test_a_new_contact_is_a_creation_and_its_properties(sandbox):
    sender = sender_of(sandbox)
    contact = sandbox.org.create("contacts", {"email": "ada@acme.example"}, actor=sandbox.rep)
    deliveries = sender.collect()
    assert len(deliveries) == 1
    assert signed(deliveries[0])
    first, *rest = events(deliveries)
    assert (first["subscriptionType"], first["changeFlag"], first["attemptNumber"]) == (
        "contact.creation",
        "CREATED",
        0,
    )
    assert (first["objectId"], first["occurredAt"]) == (int(contact.id), contact.created)
    email = next(event for event in rest if event["propertyName"] == "email")
    assert email["propertyValue"] == "ada@acme.example"
    assert (email["changeSource"], email["sourceId"]) == ("CRM_UI", f"userId:{sandbox.rep.user}")
    assert sender.collect() == []


def test_our_own_writes_show_as_integration(sandbox):
    contact = sandbox.org.create("contacts", {"email": "ada@acme.example"}, actor=sandbox.rep)
    sender = sender_of(sandbox, naming=Naming.OBJECT)
    sandbox.call("PATCH", f"/crm/v3/objects/contacts/{contact.id}", {"properties": {"city": "Bonn"}})
    (event,) = events(sender.collect())
    assert event["subscriptionType"] == "object.propertyChange"
    assert event["objectTypeId"] == "0-1"
    assert (event["changeSource"], event["sourceId"]) == ("INTEGRATION", str(event["appId"]))


def test_archives_merges_and_links_are_told(sandbox):
    one, two, three = (
        sandbox.org.create("contacts", {"email": f"a{number}@acme.example"}, actor=sandbox.rep).id
        for number in range(3)
    )
    deal = sandbox.org.create("deals", {"dealname": "Big", "dealstage": "contractsent"}, actor=sandbox.rep).id
    sender = sender_of(sandbox)
    sandbox.call("PUT", f"/crm/v4/objects/deals/{deal}/associations/default/contacts/{three}")
    sandbox.call("DELETE", f"/crm/v3/objects/contacts/{three}")
    body = {"primaryObjectId": one, "objectIdToMerge": two}
    merged = json.loads(sandbox.call("POST", "/crm/v3/objects/contacts/merge", body).body)["id"]
    told = {event["subscriptionType"]: event for event in events(sender.collect())}
    assert told["deal.associationChange"]["toObjectId"] == int(three)
    assert told["contact.deletion"]["objectId"] == int(three)
    merge = told["contact.merge"]
    assert (merge["primaryObjectId"], merge["mergedObjectIds"]) == (int(one), [int(two)])
    assert merge["newObjectId"] == int(merged)


def test_a_delivery_holds_a_hundred_events_at_most(sandbox):
    sender = sender_of(sandbox)
    for number in range(60):
        sandbox.org.create("contacts", {"email": f"a{number}@acme.example"}, actor=sandbox.rep)
    sizes = [len(json.loads(delivery.body)) for delivery in sender.collect()]
    assert max(sizes) == BATCH
    assert sum(sizes) > BATCH


def test_a_failed_delivery_comes_again_ten_times_within_a_day(sandbox):
    sender = sender_of(sandbox)
    sandbox.org.create("contacts", {"email": "ada@acme.example"}, actor=sandbox.rep)
    attempts = []
    for _ in range(24 * 6):
        for delivery in sender.collect():
            assert signed(delivery)
            attempts.append(json.loads(delivery.body)[0]["attemptNumber"])
            sender.fail(delivery)
        sandbox.org.clock.advance(timedelta(minutes=10))
    assert attempts == list(range(11))


@pytest.fixture
def spoiled(sandbox):
    """What a receiver gets of one contact's creation under one fault."""
    sender = sender_of(sandbox)
    sandbox.org.create("contacts", {"email": "ada@acme.example", "city": "Bonn"}, actor=sandbox.rep)

    def collect(name):
        sandbox.org.faults.arm(name)
        deliveries = sender.collect()
        assert sandbox.org.faults.counts[name] == 1
        return deliveries

    return collect


def test_an_event_can_come_twice(spoiled):
    ids = [event["eventId"] for event in events(spoiled("webhook_duplicate"))]
    assert len(ids) == 2 * len(set(ids))


def test_events_can_come_in_another_order(spoiled):
    ids = [event["eventId"] for event in events(spoiled("webhook_reordered"))]
    assert ids != sorted(ids)


def test_a_delivery_can_be_lost(spoiled):
    assert spoiled("webhook_lost") == []


def test_a_delivery_can_be_retried_although_it_arrived(spoiled):
    attempts = sorted(delivery.attempt for delivery in spoiled("webhook_retried"))
    assert attempts == [0, 1]


@pytest.mark.parametrize(("name", "sign"), [("webhook_stale", -1), ("webhook_future", 1)])
def test_a_stamp_can_be_off_and_still_signed(sandbox, spoiled, name, sign):
    (delivery,) = spoiled(name)
    off = int(delivery.headers["X-HubSpot-Request-Timestamp"]) - sandbox.org.clock.stamp()
    assert off * sign > 300_000
    assert signed(delivery)


def test_a_delivery_can_be_signed_by_somebody_else(spoiled):
    (delivery,) = spoiled("webhook_forged")
    assert not signed(delivery)


def test_a_delivery_is_a_request_for_whoever_receives_it(spoiled):
    (delivery,) = spoiled("webhook_duplicate")
    request = delivery.request("/hubspot")
    assert (request.method, request.path, request.body) == ("POST", "/hubspot", delivery.body)
    assert request.headers["x-hubspot-signature-version"] == "v1"

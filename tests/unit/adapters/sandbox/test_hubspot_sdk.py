"""The official HubSpot client, over loopback, against the sandbox: both path families."""

from datetime import timedelta

import pytest

from adapters.sandbox.hubspot import build_hubspot
from adapters.sandbox.server import serve

hubspot = pytest.importorskip("hubspot")


DATED = {"/crm/v3/objects/": "/crm/objects/2026-09/", "/crm/v4/associations/": "/crm/associations/2026-09/"}


def dated(url):
    """The rewrite recommended for the client: it speaks numbered paths only."""
    for old, new in DATED.items():
        url = url.replace(old, new)
    return url


def client_of(url, token, *, rewrite):
    def factory(package, name, config):
        configuration = package.Configuration()
        configuration.host, configuration.access_token = url, config["access_token"]
        api = getattr(package, name)(api_client=package.ApiClient(configuration=configuration))
        request = api.api_client.rest_client.request
        api.api_client.rest_client.request = lambda method, target, **more: request(
            method, dated(target) if rewrite else target, **more
        )
        opened.append(api.api_client.rest_client.pool_manager)
        return api

    opened = []
    client = hubspot.HubSpot(access_token=token, host=url, base_url=url, api_factory=factory)
    return client, opened


@pytest.fixture(params=[False, True], ids=["numbered", "dated"])
def account(request):
    sandbox = build_hubspot(seed=1)
    with serve(sandbox.face) as url:
        client, opened = client_of(url, sandbox.token, rewrite=request.param)
        yield sandbox, client
        for pool in opened:
            pool.clear()


def test_the_client_creates_reads_changes_and_archives(account):
    sandbox, client = account
    api = client.crm.contacts.basic_api
    created = api.create({"properties": {"email": "ada@acme.example", "firstname": "Ada"}})
    api.update(created.id, {"properties": {"jobtitle": "CTO"}})
    shown = api.get_by_id(
        created.id, properties=["jobtitle", "city"], properties_with_history=["jobtitle"], archived=False
    )
    assert (shown.properties["jobtitle"], shown.properties["city"]) == ("CTO", None)
    assert shown.properties_with_history["jobtitle"][0].source_type == "INTEGRATION"
    assert api.get_page(limit=10, archived=False).results[0].id == created.id
    api.archive(created.id)
    assert api.get_page(limit=10, archived=True).results[0].archived is True
    assert {line.actor for line in sandbox.org.log.entries() if line.kind == "call"} == {"agent"}


def test_the_client_reads_errors_and_partial_answers(account):
    from hubspot.crm.contacts import BatchResponseSimplePublicObjectWithErrors
    from hubspot.crm.contacts.exceptions import ApiException

    _, client = account
    api = client.crm.contacts.basic_api
    with pytest.raises(ApiException) as refused:
        api.create({"properties": {"email": "nobody"}})
    assert refused.value.status == 400
    assert "INVALID_EMAIL" in refused.value.body
    with pytest.raises(UnicodeDecodeError):  # the HTML 404 is iso-8859-1 and the client decodes strictly
        api.get_by_id("999")
    body = {"inputs": [{"id": "999"}], "properties": ["email"]}
    partial = client.crm.contacts.batch_api.read(body)
    assert isinstance(partial, BatchResponseSimplePublicObjectWithErrors)
    assert partial.num_errors == 1


def test_the_client_searches_and_links(account):
    sandbox, client = account
    contact = client.crm.contacts.basic_api.create({"properties": {"email": "ada@acme.example"}})
    task = client.crm.objects.tasks.basic_api.create(
        {
            "properties": {"hs_timestamp": "1651568400000", "hs_task_subject": "Call"},
            "associations": [
                {
                    "to": {"id": contact.id},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}],
                }
            ],
        }
    )
    sandbox.org.clock.advance(timedelta(minutes=1))
    body = {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", "value": "ada@acme.example"}]}]}
    found = client.crm.contacts.search_api.do_search(body)
    assert (found.total, found.results[0].id) == (1, contact.id)
    links = client.crm.associations.v4.batch_api.get_page("contacts", "tasks", {"inputs": [{"id": contact.id}]})
    assert str(links.results[0].to[0].to_object_id) == task.id


def test_the_client_reads_the_shape_of_the_account():
    sandbox = build_hubspot(seed=1)
    with serve(sandbox.face) as url:
        client, opened = client_of(url, sandbox.token, rewrite=False)
        owner = client.crm.owners.owners_api.get_page(limit=10, archived=False).results[0]
        stages = client.crm.pipelines.pipelines_api.get_all("deals").results[0].stages
        prop = client.crm.properties.core_api.get_by_name("contacts", "email")
        assert owner.id != str(owner.user_id)
        assert stages[0].id == "appointmentscheduled"
        assert prop.modification_metadata.read_only_value is False
        for pool in opened:
            pool.clear()


def test_a_fault_on_the_wire_reaches_the_client_as_a_broken_connection():
    from urllib3 import Retry
    from urllib3.exceptions import ProtocolError

    sandbox = build_hubspot(seed=1)
    with serve(sandbox.face) as url:
        client = hubspot.HubSpot(access_token=sandbox.token, host=url, base_url=url, retry=Retry(0))
        api = client.crm.contacts.basic_api
        sandbox.org.faults.arm("reset_after_apply")
        with pytest.raises(ProtocolError):
            api.create({"properties": {"email": "ada@acme.example"}})
        sandbox.org.faults.arm("cut_body")
        with pytest.raises(ProtocolError):
            api.create({"properties": {"email": "bob@acme.example"}})
        assert sandbox.org.count("contacts") == 2
        api.api_client.rest_client.pool_manager.clear()

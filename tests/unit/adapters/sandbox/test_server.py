"""The loopback server: keep-alive, cuts, stalls, and a real client library."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from adapters.sandbox import ConnectionCut, Stall, WireRequest, WireResponse, serve
from tests.unit.adapters.sandbox.salesforce.wire_client import BASE, Client, new_client


class PlainLoopback(HTTPAdapter):
    """simple-salesforce insists on https; on loopback the scheme is put back."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        request.url = str(request.url).replace("https://", "http://", 1)
        return super().send(request, *args, **options)


class Answers:
    """A face that answers what it is told to."""

    def __init__(self, outcome: WireResponse | Exception) -> None:
        self.outcome = outcome

    def respond(self, request: WireRequest) -> WireResponse:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def client() -> Client:
    return new_client()


def test_simple_salesforce_reads_writes_and_pages_over_loopback(client: Client) -> None:
    from simple_salesforce import Salesforce
    from simple_salesforce.exceptions import SalesforceGeneralError

    client.crm.face.state.page_size = 2
    with serve(client.crm.face) as url, requests.Session() as session:
        session.mount(url.replace("http://", "https://"), PlainLoopback())
        crm = Salesforce(instance_url=url, session_id=client.token, session=session, version="62.0")
        ids = [crm.Account.create({"Name": f"A{number}"})["id"] for number in range(5)]
        assert [row["Id"] for row in crm.query_all_iter("SELECT Id FROM Account ORDER BY Id")] == ids
        assert crm.Account.update(ids[0], {"Name": "B"}) == 204
        assert crm.Account.get(ids[0])["Name"] == "B"
        client.later()
        client.crm.org.update("Account", ids[0], {"Name": "C"}, actor=client.crm.reps[0])
        guard = {"If-Unmodified-Since": "Sat, 21 Nov 2026 09:00:00 GMT"}
        with pytest.raises(SalesforceGeneralError) as refused:
            crm.Account.update(ids[0], {"Name": "D"}, headers=guard)
        assert refused.value.status == 412
        assert crm.restful("limits")["DailyApiRequests"]["Max"] == 15_000
        assert {field["name"] for field in crm.Case.describe()["fields"]} >= {"Id", "Subject", "SystemModstamp"}
        pages = list(crm.bulk2.Account.query("SELECT Id, Name FROM Account ORDER BY Id", max_records=2, wait=0.01))
        assert sum(page.count("\n") for page in pages) - len(pages) == 5


def test_one_connection_serves_many_calls(client: Client) -> None:
    with serve(client.crm.face) as url:
        where = urlsplit(url)
        connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=5)
        for _ in range(3):
            connection.request("GET", f"{BASE}/limits", headers={"Authorization": f"Bearer {client.token}"})
            used = connection.sock
            answer = connection.getresponse()
            assert json.loads(answer.read())["DailyApiRequests"]["Max"] == 15_000
            assert connection.sock is used
        connection.close()


def test_a_cut_connection_gives_no_answer() -> None:
    with serve(Answers(ConnectionCut(applied=True))) as url, pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_a_stalled_call_times_out_and_does_not_keep_the_server_from_stopping() -> None:
    before = set(threading.enumerate())  # other tests keep servers of their own
    with serve(Answers(Stall(applied=False))) as url, pytest.raises(requests.Timeout):
        requests.get(url, timeout=0.05)
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name == "sandbox-crm"]


def test_a_truncated_body_is_noticed_by_the_client() -> None:
    answer = WireResponse(status=200, body=b'{"a": "long enough to be cut"}', cut_after=9)
    with serve(Answers(answer)) as url, pytest.raises(requests.RequestException):
        requests.get(url, timeout=5)


def test_a_slow_answer_arrives_whole() -> None:
    answer = WireResponse(status=200, body=b"x" * 600, drip_seconds=0.001)
    with serve(Answers(answer)) as url:
        assert requests.get(url, timeout=5).content == b"x" * 600


def test_a_defect_of_a_face_is_raised_when_the_server_stops() -> None:
    face = Answers(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError), serve(face) as url, pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)

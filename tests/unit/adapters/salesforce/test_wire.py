"""The library's session: what it sends is what a plain `requests` session would send, byte for byte."""

from __future__ import annotations

import pytest
from requests import PreparedRequest, Session

from adapters.salesforce.wire import LibrarySession, Wire
from connector.adapter import HttpResponse

QUERY = "https://org.my.salesforce.com/services/data/v62.0/query/"
HEADERS = {"Content-Type": "application/json", "authorization": "Bearer kept-elsewhere", "X-PrettyPrint": "1"}


def sent_by(session: Session, method: str, url: str, **given: object) -> PreparedRequest:
    session.trust_env = False
    session.mount("https://", Wire(lambda request: HttpResponse(status=200, headers=(), body=b"{}")))
    return session.request(method, url, **given).request  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "url", "given"),
    [
        ("GET", QUERY, {"headers": HEADERS, "params": {"q": "SELECT Id FROM Case WHERE Subject = 'Größe & 100 %'"}}),
        ("get", QUERY, {"headers": HEADERS | {"Accept": None}, "params": {"start": None, "size": 20}}),
        ("GET", f"{QUERY}más?x=1", {"headers": HEADERS, "params": {"fields": ["Id", "Name"]}}),
        ("POST", QUERY, {"headers": HEADERS, "data": '{"subject": "Größe"}'}),
        ("PATCH", QUERY, {"headers": HEADERS, "json": {"subject": "Größe"}, "params": "raw=1"}),
        ("DELETE", QUERY, {"headers": HEADERS}),
    ],
    ids=["query", "left out", "list", "text", "json", "delete"],
)
def test_a_call_leaves_as_requests_would_write_it(method, url, given):
    ours, usual = (sent_by(session, method, url, **given) for session in (LibrarySession(), Session()))
    assert (ours.method, ours.url, ours.body) == (usual.method, usual.url, usual.body)
    assert list(ours.headers.items()) == list(usual.headers.items())

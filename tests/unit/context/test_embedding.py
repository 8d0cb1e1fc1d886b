"""Vectors are the same everywhere and of length one; a service that misbehaves is an error a caller can act on."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapter import HttpRequest, HttpResponse, Purpose
from connector.context.embedding import HashingEmbedder, HttpEmbedder, hashed, identity_of
from connector.errors import AccessDeniedError, InvalidResponseError, RateLimitedError, UnavailableError


class Service:
    """An embedding service in process: answers two numbers per text, in whatever order and with whatever status."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self.status = 200
        self.body: bytes | None = None

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        texts = json.loads(request.body)["input"]
        rows = [{"index": place, "embedding": [3.0 * len(text), 4.0 * len(text)]} for place, text in enumerate(texts)]
        body = json.dumps({"data": rows[::-1]}).encode() if self.body is None else self.body
        return HttpResponse(status=self.status, headers=(), body=body)


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def remote(service):
    return HttpEmbedder(
        transport=service, url="https://embed.example/v1/embeddings", model="small", dimension=2, key="k", batch=2
    )


def likeness(one, other):
    left, right = HashingEmbedder().embed([one, other])
    return sum(a * b for a, b in zip(left, right, strict=True))


@given(st.text(max_size=200))
def test_a_hashed_vector_has_length_one_or_is_empty(text):
    [vector] = HashingEmbedder().embed([text])
    assert len(vector) == 384
    assert math.isclose(sum(number * number for number in vector), 1.0) or not any(vector)


def test_hashed_vectors_never_change():
    """An index built by an earlier release must still compare: a change here needs a new version."""
    [vector] = HashingEmbedder(dimension=8).embed(["the refund"])
    assert [round(number, 3) for number in vector] == [0.472, 0.0, 0.357, 0.0, -0.484, 0.357, -0.23, 0.484]


@given(st.text(alphabet="ab é.", max_size=60))
def test_the_sparse_form_is_the_same_vector(text):
    [dense] = HashingEmbedder(dimension=16).embed([text])
    sparse = hashed(text, 16)
    assert dense == pytest.approx([sparse.get(place, 0.0) for place in range(16)])


def test_like_spellings_are_alike():
    assert likeness("refunding", "refunds") > 0.4
    assert abs(likeness("refunding", "opening hours")) < 0.2
    assert likeness("Refund", "refund") == pytest.approx(1.0)


def test_a_service_is_asked_in_batches_through_our_transport(service, remote):
    assert remote.embed(["a", "bb", "ccc"]) == [pytest.approx([0.6, 0.8])] * 3
    assert [len(json.loads(request.body)["input"]) for request in service.requests] == [2, 1]
    assert {request.purpose for request in service.requests} == {Purpose.EMBEDDING}
    assert "k" not in repr(remote).split("key=")[-1:]
    assert identity_of(remote) == "http:small/1/2"


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccessDeniedError), (429, RateLimitedError), (500, UnavailableError), (302, UnavailableError)],
)
def test_a_refusal_says_what_to_do_next(service, remote, status, error):
    service.status = status
    with pytest.raises(error):
        remote.embed(["a"])


@pytest.mark.parametrize(
    "body",
    [
        b"<html>", b"[]", b"{}", b'{"data": []}', b'{"data": [{"index": 0, "embedding": [1]}]}', b"\xff",
        b'{"data": [{"index": 0, "embedding": ["x", 1]}]}', b'{"data": [{"index": 0, "embedding": [NaN, 1]}]}',
        b'{"data": [{"index": 0, "embedding": null}]}', b'{"data": 3}',
    ],
)  # fmt: skip
def test_an_answer_that_is_not_vectors_is_retryable(service, remote, body):
    service.body = body
    with pytest.raises(InvalidResponseError):
        remote.embed(["a"])

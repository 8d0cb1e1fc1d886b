"""Turn texts into vectors: hashed character n-grams by default, or a service over HTTP through our own transport."""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from connector.adapter import HttpRequest, Purpose, Transport
from connector.context.words import STOP_WEIGHT, STOP_WORDS, words_of
from connector.errors import AccessDeniedError, InvalidResponseError, RateLimitedError, UnavailableError

_CHARACTERS = 8_000  # of a text that count
_GRAMS = range(3, 6)


class Embedder(Protocol):
    """MUST give texts of one `identity` vectors that compare with each other, of length one or all zero.

    `remote` says that texts leave this machine. Raises RetryableError when it cannot answer now.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def remote(self) -> bool: ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]: ...


def identity_of(embedder: Embedder) -> str:
    """What an index is pinned to: vectors of another identity do not compare."""
    return f"{embedder.name}/{embedder.version}/{embedder.dimension}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HashingEmbedder:
    """Likeness of spelling, without a model: same text, same vector, on every machine, for ever."""

    dimension: int = 384
    name: str = "hashed-characters"
    version: str = "1"
    remote: bool = False

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._dense(text) for text in texts]

    def _dense(self, text: str) -> list[float]:
        vector = [0.0] * self.dimension
        for place, weight in hashed(text, self.dimension).items():
            vector[place] = weight
        return vector


def hashed(text: str, dimension: int) -> Mapping[int, float]:
    """A text as a sparse vector of length one; empty for a text without words."""
    vector: dict[int, float] = defaultdict(float)
    for word, times in Counter(words_of(text[:_CHARACTERS])).items():
        grown = 1.0 + math.log(times)
        for place, weight in _hashed_word(word, dimension):
            vector[place] += grown * weight
    length = math.sqrt(sum(weight * weight for weight in vector.values()))
    return {place: weight / length for place, weight in vector.items()} if length else {}


@lru_cache(maxsize=50_000)
def _hashed_word(word: str, dimension: int) -> tuple[tuple[int, float], ...]:
    padded = f" {word[:40]} "
    grams = [padded[at : at + size] for size in _GRAMS for at in range(len(padded) - size + 1)]
    share = (STOP_WEIGHT if word in STOP_WORDS else 1.0) / math.sqrt(len(grams))
    hashes = (zlib.crc32(gram.encode(errors="replace")) for gram in grams)
    # The sign comes from a bit the place does not use, so that collisions cancel rather than add up.
    return tuple((hash % dimension, share if hash >> 31 else -share) for hash in hashes)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpEmbedder:
    """An embedding service that takes `{"model", "input": [...]}` and answers `{"data": [{"index", "embedding"}]}`.

    `url` is the whole address of the endpoint; the transport decides whether it may be reached.
    """

    transport: Transport
    url: str
    model: str
    dimension: int
    version: str = "1"
    key: str | None = field(default=None, repr=False)
    batch: int = 64
    remote: bool = True

    @property
    def name(self) -> str:
        return f"http:{self.model}"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        for start in range(0, len(texts), self.batch):
            vectors.extend(self._embed_batch([text[:_CHARACTERS] for text in texts[start : start + self.batch]]))
        return vectors

    def _embed_batch(self, texts: Sequence[str]) -> list[list[float]]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        body = json.dumps({"model": self.model, "input": list(texts)}).encode()
        answer = self.transport.send(
            HttpRequest(method="POST", url=self.url, headers=headers, body=body, purpose=Purpose.EMBEDDING)
        )
        match answer.status:
            case 200:
                return self._vectors(answer.body, len(texts))
            case 401 | 403:
                raise AccessDeniedError("the embedding service refuses our key")
            case 429:
                raise RateLimitedError("the embedding service is at its limit")
            case status:
                raise UnavailableError(f"the embedding service answered {status}")

    def _vectors(self, body: bytes, expected: int) -> list[list[float]]:
        try:
            rows: Any = json.loads(body)["data"]
            vectors = [row["embedding"] for row in sorted(rows, key=lambda row: row["index"])]
            fits = len(vectors) == expected and all(len(vector) == self.dimension for vector in vectors)
            if fits:
                return [_unit([float(number) for number in vector]) for vector in vectors]
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidResponseError("the embedding service did not answer with vectors") from error
        raise InvalidResponseError(f"the embedding service did not answer with {expected} vectors of {self.dimension}")


def _unit(vector: list[float]) -> list[float]:
    length = math.sqrt(sum(number * number for number in vector))
    if not math.isfinite(length):
        raise ValueError("not finite")
    return [number / length for number in vector] if length else vector

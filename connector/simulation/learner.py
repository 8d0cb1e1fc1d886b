"""A learner small enough to be beyond doubt: the first word of a text names its value, as people taught it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence

from connector.decision.learner import Learner, NotLearned, OutcomeLearner, Prediction
from connector.record import FieldValue, decode_value, encode_value

NEEDED = 4
POISON = "poison"  # texts that begin like this make every learner fail: such records are set aside
STRANGE = "strange"  # nobody has taught anything about texts that begin like this: a guess is all there is
UNHEARD = "unheard"  # texts that begin like this are new to every learner: such cases go to a person


class FirstWord:
    """Predicts the value most often given to texts that begin with the same word."""

    def __init__(self, values: Mapping[str, FieldValue]) -> None:
        self._values = dict(values)
        self._usual = Counter(json.dumps(encode_value(value)) for value in self._values.values()).most_common(1)[0][0]

    @property
    def version(self) -> str:
        return hashlib.sha256(self.stored()).hexdigest()[:12]

    def predict(self, texts: Sequence[str]) -> Sequence[Prediction]:
        if any(first_word(text) == POISON for text in texts):
            raise ValueError("a text that no learner survives")
        return [self._one(first_word(text)) for text in texts]

    def stored(self) -> bytes:
        return json.dumps({word: encode_value(value) for word, value in sorted(self._values.items())}).encode()

    def _one(self, word: str) -> Prediction:
        if word in self._values:
            return Prediction(value=self._values[word], confidence=0.99)
        return Prediction(value=decode_value(json.loads(self._usual)), confidence=0.4, novel=word == UNHEARD)


def first_word(text: str) -> str:
    return text.split(maxsplit=1)[0].lower() if text.strip() else ""


def fit(texts: Sequence[str], values: Sequence[FieldValue]) -> Learner | NotLearned:
    """What people say most often about each first word, from words they all but agree on."""
    said: dict[str, Counter[str]] = {}
    for text, value in zip(texts, values, strict=True):
        said.setdefault(first_word(text), Counter())[json.dumps(encode_value(value))] += 1
    agreed = {word: found.most_common(1)[0][0] for word, found in said.items() if word not in (UNHEARD, STRANGE)}
    if len(agreed) < NEEDED:
        return NotLearned(examples=len(agreed), needed=NEEDED)
    return FirstWord({word: decode_value(json.loads(value)) for word, value in agreed.items()})


class FirstWordForm:
    """How such a learner lies on the shelf."""

    def store(self, learner: Learner | OutcomeLearner) -> bytes:
        if not isinstance(learner, FirstWord):
            raise TypeError(f"{type(learner).__name__} was not learned here")
        return learner.stored()

    def restore(self, content: bytes, version: str) -> Learner:
        return FirstWord({word: decode_value(value) for word, value in json.loads(content).items()})

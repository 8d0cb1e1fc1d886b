"""Sentences that ask, promise or leave things open, in English and German."""

from __future__ import annotations

import pytest

from connector.decision.sentences import asks, asks_to_meet, hedged, promises, sentences


@pytest.mark.parametrize(
    "sentence",
    ["Could you send the quote?", "Please call me back.", "When will it ship?", "Bitte schicken Sie uns ein Angebot.",
     "Können Sie das bis Freitag klären?", "Wir bräuchten noch die Rechnung.", "Let me know what you think."],
)  # fmt: skip
def test_it_asks(sentence):
    assert asks(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["Thanks for the quick reply.", "Please find attached our offer.", "Das Angebot ist angekommen.", "We had a good call."],
)
def test_it_does_not_ask(sentence):
    assert not asks(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["I'll send the contract tomorrow.", "We will check with legal.", "Let me draft that.", "Ich schicke das morgen.",
     "Wir werden den Preis prüfen."],
)  # fmt: skip
def test_it_promises(sentence):
    assert promises(sentence)


def test_thinking_aloud_is_no_promise():
    assert not promises("We'll see.")
    assert not promises("Ich werde sehen, ob es geht.")
    assert hedged("Maybe I'll send it at some point.")


def test_a_wish_to_meet_is_told_from_talk_of_a_meeting():
    assert asks_to_meet("Could we schedule a call next week?")
    assert asks_to_meet("Wann hätten Sie Zeit für ein Gespräch?")
    assert not asks_to_meet("Thanks for the meeting yesterday.")


def test_sentences_stand_in_their_text_letter_by_letter():
    text = "Hello Dr. Moreau,\nthe price is fine. Could you send it by 3. December?  Best"
    found = list(sentences(text))
    assert all(sentence in text for sentence in found)
    assert "Could you send it by 3. December?" in found

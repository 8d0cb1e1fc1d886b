"""What passes the local check of a reasoner's answer, and what does not."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.context.context import Passage
from connector.decision.answer import MAX_BYTES, Invented, Malformed, Valid, check, read_answer
from connector.decision.shape import Choice, Day, Form, Index, Instant, ListOf, Number, Quotes, Text, YesNo, json_schema
from connector.record import Origin

PASSAGES = (
    Passage(text="My card was charged twice.\nPlease help.", source="ticket.description", origin=Origin.OUTSIDER),
    Passage(text="Refunds take five days.", source="knowledge/refunds.md", origin=Origin.FILE),
)
FORM = Form(
    fields={
        "category": Choice(options=("billing", "Größe")),
        "score": Number(low=Decimal(0), high=Decimal(100)),
        "owner": Index(count=2),
        "sure": YesNo(),
        "note": Text(most=50),
        "tags": ListOf(each=Choice(options=("a", "b")), most=2),
        "day": Day(),
        "at": Instant(),
        "citations": Quotes(passages=PASSAGES),
    },
    optional=frozenset({"day", "at"}),
)
GOOD = {
    "category": "billing",
    "score": 55.5,
    "owner": 1,
    "sure": True,
    "note": "fine",
    "tags": ["a"],
    "citations": [{"passage": 0, "quote": "charged twice"}],
}


def read(**changed):
    return read_answer(json.dumps(GOOD | changed), FORM)


def test_a_fitting_answer_comes_back_typed():
    result = read(day="2026-01-31", at="2026-01-31T09:00:00+01:00")
    assert isinstance(result, Valid)
    answer = result.answer
    assert (answer["score"], answer["owner"], answer["tags"]) == (Decimal("55.5"), 1, ("a",))
    assert answer["day"].isoformat() == "2026-01-31"
    [citation] = answer["citations"]
    assert (citation.source, citation.origin) == ("ticket.description", Origin.OUTSIDER)


@pytest.mark.parametrize(
    "changed",
    [
        {"category": "Billing"},
        {"category": "billing\u200b"},
        {"category": ["billing"]},
        {"category": None},
        {"score": 101},
        {"score": -0.01},
        {"score": "55"},
        {"score": True},
        {"owner": 2},
        {"owner": -1},
        {"owner": 0.5},
        {"owner": True},
        {"owner": "0"},
        {"sure": 1},
        {"sure": "true"},
        {"note": ""},
        {"note": "x" * 51},
        {"note": "two\nlines"},
        {"note": "pay \u202egnp.exe"},
        {"note": "a\u2066b"},
        {"note": "bell\x07"},
        {"note": "zero\u200bwidth"},
        {"note": "\ud800"},
        {"note": "tag\U000e0041"},
        {"tags": ["a", "b", "a"]},
        {"tags": "a"},
        {"tags": [["a"]]},
        {"day": "31.01.2026"},
        {"day": "2026-02-30"},
        {"day": "2026-W01-1"},
        {"at": "2026-01-31T09:00:00"},
        {"citations": []},
        {"citations": [{"passage": 0}]},
        {"citations": [{"passage": 2, "quote": "x"}]},
        {"citations": [{"passage": 0, "quote": "  "}]},
        {"citations": [{"passage": 0, "quote": "charged", "url": "http://evil.example"}]},
        {"delete": True},
    ],
)
def test_whatever_does_not_fit_is_refused(changed):
    assert isinstance(read(**changed), Malformed)


@pytest.mark.parametrize(
    "quote", ["charged  twice", "Charged twice", "charged twice…", "Refunds take five days.", "charged\ntwice"]
)
def test_an_invented_quote_is_told_apart_from_a_malformed_answer(quote):
    result = read(citations=[{"passage": 0, "quote": quote}])
    assert result == Invented(places=("answer.citations[0]",))


def test_a_quote_over_a_line_end_is_verbatim():
    assert isinstance(read(citations=[{"passage": 0, "quote": "twice.\nPlease"}]), Valid)


def test_an_option_in_another_unicode_form_is_the_same_option():
    result = read(category="Gro\u0308ße")
    assert isinstance(result, Valid)
    assert result.answer["category"] == "Größe"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "nonsense",
        '{"category": NaN}',
        '{"score": 1e999}',
        '{"score": ' + "9" * 5_000 + "}",
        "[" * 100_000,
        '{"a":' * 50 + "1" + "}" * 50,
        '{"category": "billing", "category": "other"}',
        "```json\n{}\n```",
        '{"note": "' + "x" * MAX_BYTES + '"}',
        "\ud800",
        "{} {}",
        "Infinity",
    ],
)
def test_text_that_is_no_acceptable_json_is_refused_without_an_error(text):
    assert isinstance(read_answer(text, FORM), Malformed)


def test_problems_never_repeat_what_the_answer_said():
    result = read(category="SECRET-CANARY", note="SECRET-CANARY" * 20, **{"SECRET-CANARY": 1})
    assert isinstance(result, Malformed)
    assert "CANARY" not in " ".join(result.problems)


def test_a_missing_value_is_named():
    result = read_answer(json.dumps({name: value for name, value in GOOD.items() if name != "owner"}), FORM)
    assert result == Malformed(problems=("answer: lacks owner",))


def test_the_json_schema_is_closed_and_uses_only_what_structured_outputs_keep():
    schema = json_schema(FORM)
    text = json.dumps(schema)
    assert schema["additionalProperties"] is False
    assert sorted(schema["required"]) == sorted(GOOD)
    for unsupported in ("minimum", "maximum", "maxLength", "maxItems", "pattern", "anyOf"):
        assert f'"{unsupported}"' not in text


def test_the_json_schema_does_not_depend_on_the_record():
    def form(count: int) -> Form:
        return Form(fields={"owner": Index(count=count), "citations": Quotes(passages=PASSAGES[:count])})

    assert json_schema(form(1)) == json_schema(form(2))


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["billing", "a", "charged twice"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*GOOD, "passage", "quote", "x"]), inner, max_size=9)
    ),
    max_leaves=25,
)


@settings(deadline=None)
@given(st.fixed_dictionaries({name: st.just(value) | _JSON for name, value in GOOD.items()}) | _JSON)
def test_hostile_answers_either_fit_the_form_or_are_refused(content):
    result = read_answer(json.dumps(content), FORM)
    if isinstance(result, Valid):
        answer = result.answer
        assert answer.keys() <= FORM.fields.keys()
        assert answer["category"] in ("billing", "Größe")
        assert 0 <= answer["score"] <= 100
        assert answer["owner"] in (0, 1)
        assert all(citation.quote in PASSAGES[citation.passage].text for citation in answer["citations"])


@settings(deadline=None)
@given(st.text())
def test_any_text_at_all_gives_an_answer_and_no_error(text):
    assert isinstance(read_answer(text, FORM), Malformed)


@settings(deadline=None)
@given(_JSON)
def test_any_parsed_content_gives_an_answer_and_no_error(content):
    assert isinstance(check(content, FORM), Malformed | Invented | Valid)

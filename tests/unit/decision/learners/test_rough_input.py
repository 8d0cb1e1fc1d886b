"""What real organisations hold: few examples, many values, long texts, every script. It works or says why not."""

import pytest

from connector.decision.learners import Effort, NothingToLearn, fit


@pytest.mark.parametrize("effort", list(Effort))
@pytest.mark.parametrize("each", [1, 2])
def test_one_or_two_examples_of_a_value_can_be_learned(teach, effort, each):
    texts = ["parcel courier late", "late parcel again", "refund my money", "money refund twice"]
    values = ["delivery", "delivery", "refund", "refund"]
    learner = teach(texts[:: 3 - each], values[:: 3 - each], effort=effort)
    (prediction,) = learner.predict(["where is my parcel courier"])
    assert prediction.value == "delivery"
    assert prediction.confidence < 0.98


@pytest.mark.parametrize("effort", list(Effort))
def test_values_met_once_beside_frequent_ones_do_not_break_the_fit(teach, company, effort):
    texts, values = company(80, seed=3)
    learner = teach([*texts, "hologram unicorn"], [*values, "odd"], effort=effort)
    assert learner.predict(["hologram unicorn"])[0].value == "odd"


def test_ten_megabytes_of_text_are_read_only_as_far_as_it_helps(quick_learner):
    long = "parcel courier tracking depot " + "x" * 10_000_000
    (prediction,) = quick_learner.predict([long])
    assert prediction == quick_learner.predict([long[:20_000]])[0]


def test_long_examples_are_cut_so_that_they_stay_affordable(teach, company):
    texts, values = company(20, seed=4)
    learner = teach([text + " filler" * 40_000 for text in texts], values)
    assert learner.taught.features.reach <= 8_000


def test_many_scripts_are_learned_side_by_side(teach):
    told = {
        "liefrung": ["wo ist mein paket", "das paket kommt zu spät", "paket noch nicht da"],
        "返金": ["返金してください", "お金を返金してほしい", "返金はいつですか"],
        "вход": ["не могу войти в аккаунт", "забыл пароль от аккаунта", "пароль не подходит"],
        "إلغاء": ["أريد إلغاء الاشتراك", "إلغاء الاشتراك من فضلك", "كيف يمكن إلغاء العقد"],
    }
    texts = [text for group in told.values() for text in group]
    learner = teach(texts, [value for value, group in told.items() for _ in group])
    asked = ["mein paket ist nicht da", "返金はまだですか", "забыл пароль", "أريد إلغاء العقد"]
    assert [p.value for p in learner.predict(asked)] == list(told)


@pytest.mark.parametrize("text", ["!!! ???", "\x00\x01", "\ud800", "🎉🎉", "a"])
def test_texts_without_a_known_word_are_answered_without_confidence(full_learner, text):
    (prediction,) = full_learner.predict([text])
    assert prediction.confidence < 0.9


@pytest.mark.parametrize("effort", list(Effort))
def test_texts_with_no_words_at_all_can_still_be_taught(teach, effort):
    learner = teach(["!", "?", "!!", "??"], ["a", "b", "a", "b"], effort=effort)
    assert learner.predict(["!"])[0].confidence < 0.98


def test_hundreds_of_values_are_learned(teach):
    texts = [f"item{n} part{n} please {word}" for n in range(300) for word in ("send", "order", "want")]
    learner = teach(texts, [f"queue {n}" for n in range(300) for _ in range(3)])
    predictions = learner.predict([f"i need item{n} part{n}" for n in range(300)])
    assert sum(p.value == f"queue {n}" for n, p in enumerate(predictions)) > 270


def test_equal_texts_with_different_values_leave_doubt(teach):
    learner = teach(["same words here"] * 60 + ["other text there"] * 60, ["a", "b"] * 60)
    assert learner.predict(["same words here"])[0].confidence < 0.8


def test_one_text_with_two_values_is_nothing_to_learn_from():
    found = fit(["same words"] * 30, ["a", "b"] * 15, seed=0, effort=Effort.QUICK)
    assert isinstance(found, NothingToLearn)
    assert "the texts of all 30 examples are the same" in str(found)

"""The route learner: right on what it was taught, honest about doubt, the same every time."""

import subprocess
import sys

import pytest

from connector.calibration import expected_calibration_error
from connector.decision.learners import Effort, NothingToLearn, RoutePrediction, fit


@pytest.mark.parametrize("fixture", ["quick_learner", "full_learner"])
def test_messages_like_those_taught_go_where_people_sent_them(fixture, company, request):
    texts, values = company(300, seed=2)
    predictions = request.getfixturevalue(fixture).predict(texts)
    assert sum(p.value == v for p, v in zip(predictions, values, strict=True)) / 300 > 0.9


@pytest.mark.parametrize("fixture", ["quick_learner", "full_learner"])
def test_confidence_is_about_how_often_it_is_right(fixture, company, request):
    texts, values = company(600, seed=3)
    predictions = request.getfixturevalue(fixture).predict(texts)
    right = [p.value == v for p, v in zip(predictions, values, strict=True)]
    assert expected_calibration_error([p.confidence for p in predictions], right) < 0.06


def test_a_clear_message_is_surer_than_a_mixed_one(full_learner):
    clear, mixed = full_learner.predict(
        ["parcel late courier tracking shipment", "please help me refund parcel password box cancel"]
    )
    assert clear.value == "delivery"
    assert clear.confidence > mixed.confidence


def test_the_next_best_values_are_named_without_the_best(quick_learner):
    (prediction,) = quick_learner.predict(["refund money password"])
    assert prediction.value not in prediction.alternatives
    assert set(prediction.alternatives) < {"delivery", "refund", "login", "damage", "cancel"}
    assert len(prediction.alternatives) == 3


def test_the_same_examples_and_seed_give_the_same_learner(company, teach):
    texts, values = company(120, seed=5)
    one, two = teach(texts, values, effort=Effort.FULL), teach(texts, values, effort=Effort.FULL)
    asked, _ = company(30, seed=6)
    assert one.version == two.version
    assert one.predict(asked) == two.predict(asked)


def test_another_example_seed_or_effort_is_another_version(company, teach):
    texts, values = company(60, seed=5)
    versions = {
        teach(texts, values).version,
        teach(texts, values, seed=2).version,
        teach(texts, values, effort=Effort.FULL).version,
        teach([*texts, "one more parcel"], [*values, "delivery"]).version,
        teach(texts, [*values[1:], values[0]]).version,
    }
    assert len(versions) == 5


def test_an_answer_does_not_depend_on_what_else_is_asked(quick_learner, company):
    texts, _ = company(40, seed=8)
    together = quick_learner.predict(texts)
    alone = [quick_learner.predict([text])[0] for text in texts]
    assert [p.value for p in together] == [p.value for p in alone]
    assert [p.confidence for p in together] == pytest.approx([p.confidence for p in alone], abs=1e-5)


def test_importing_the_package_loads_no_numerical_library():
    code = "import sys, connector.decision.learners, connector.calibration; print('numpy' in sys.modules)"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "False"


def test_nothing_asked_is_nothing_answered(quick_learner):
    assert quick_learner.predict([]) == []


def test_without_examples_there_is_nothing_to_learn():
    found = fit([], [], seed=0)
    assert found == NothingToLearn(examples=0, values=())
    assert "nothing to learn" in str(found)


def test_one_value_alone_teaches_nothing():
    found = fit(["a parcel", "a box"], ["delivery", "delivery"], seed=0)
    assert isinstance(found, NothingToLearn)
    assert "'delivery'" in str(found)


def test_unlabelled_and_blank_rows_are_left_out():
    found = fit(["a parcel", "  ", "a box", "x"], ["delivery", "damage", None, " "], seed=0)
    assert found == NothingToLearn(examples=1, values=("delivery",))


def test_texts_without_their_values_are_a_mistake():
    with pytest.raises(ValueError, match="2 texts for 1 values"):
        fit(["a", "b"], ["x"], seed=0)


def test_a_blank_text_is_flagged_and_never_confident(full_learner):
    for prediction in full_learner.predict(["", " \n\t "]):
        assert prediction.novel
        assert prediction.confidence == 0
        assert isinstance(prediction, RoutePrediction)

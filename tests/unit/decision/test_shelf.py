"""The life of learners on disk."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from connector.decision.learner import LearnerKey, NotLearned
from connector.decision.shelf import DiskShelf
from connector.decision.tables import MIGRATIONS
from connector.decision.versions import KEPT, Shelved, in_force, is_due, unteach
from connector.errors import StateError
from connector.record import ConnectionName, FieldName, ObjectType
from connector.store import SqliteStore, migrate
from tests.support.questions import WordLearner

AT = datetime(2026, 11, 20, tzinfo=UTC)
KEY = LearnerKey(
    connection=ConnectionName("crm"), policy="triage", object=ObjectType.TICKET, field=FieldName("category")
)


class JsonFormat:
    """Learners as JSON; a file of other libraries cannot be read."""

    readable = True

    def store(self, learner):
        return json.dumps(dict(learner.words)).encode()

    def restore(self, content, version):
        if not self.readable:
            raise StateError("written with other libraries")
        return WordLearner(json.loads(content), version=version)


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "state.db")
    migrate(opened, MIGRATIONS)
    yield opened
    opened.close()


@pytest.fixture
def shelf(store, tmp_path):
    return DiskShelf(store, tmp_path / "learners", JsonFormat())


def fit(shelf, value, *, at=AT):
    return shelf.shelve(KEY, WordLearner({"word": value}, version=f"taught {value}"), examples=100, at=at)


def says(shelf):
    return shelf.learner(KEY).predict(["word"])[0].value


def test_the_newest_fit_is_in_force(shelf):
    fit(shelf, "one")
    second = fit(shelf, "two")
    assert says(shelf) == "two"
    assert shelf.learner(KEY).version == second.name


def test_a_learner_is_found_again_after_a_restart(shelf, store, tmp_path):
    fit(shelf, "one")
    assert says(DiskShelf(store, tmp_path / "learners", JsonFormat())) == "one"


def test_a_field_without_a_learner_says_how_far_it_has_come(shelf):
    assert shelf.learner(KEY) == NotLearned()
    shelf.lacks(KEY, NotLearned(examples=7, needed=40))
    assert str(shelf.learner(KEY)) == "7 examples so far, 40 needed"
    shelf.lacks(KEY, NotLearned(examples=70, needed=40, why="all say billing"))
    assert str(shelf.learner(KEY)) == "all say billing"


def test_a_changed_file_is_never_loaded(shelf, store, tmp_path):
    shelved = fit(shelf, "one")
    (tmp_path / "learners" / shelved.path).write_bytes(b'{"word": "evil"}')
    with pytest.raises(StateError, match="not the one that was written"):
        DiskShelf(store, tmp_path / "learners", JsonFormat()).learner(KEY)


def test_a_lost_file_lets_the_version_before_act(shelf, tmp_path):
    fit(shelf, "one")
    (tmp_path / "learners" / fit(shelf, "two").path).unlink()
    assert says(shelf) == "one"


def test_a_learner_that_todays_libraries_cannot_read_is_learned_again(shelf, store, tmp_path):
    fit(shelf, "one")
    upgraded = DiskShelf(store, tmp_path / "learners", other := JsonFormat())
    other.readable = False
    assert isinstance(upgraded.learner(KEY), NotLearned)
    assert is_due(in_force(upgraded.versions(KEY)), new_examples=0, now=AT)


def test_a_pinned_version_stays_in_force_until_it_is_released(shelf):
    first = fit(shelf, "one")
    shelf.pin(KEY, first.version)
    fit(shelf, "two")
    assert says(shelf) == "one"
    shelf.pin(KEY, None)
    assert says(shelf) == "two"


def test_a_rollback_lets_the_version_before_act_and_the_next_fit_is_taken_up(shelf):
    fit(shelf, "one")
    fit(shelf, "two")
    shelf.rollback(KEY)
    assert says(shelf) == "one"
    fit(shelf, "three")
    assert says(shelf) == "three"
    shelf.rollback(KEY)
    assert says(shelf) == "one"


def test_a_rollback_without_an_earlier_version_is_refused(shelf):
    fit(shelf, "one")
    with pytest.raises(StateError, match="no earlier version"):
        shelf.rollback(KEY)
    assert says(shelf) == "one"


def test_only_versions_that_are_kept_can_be_pinned(shelf):
    for number in range(KEPT + 2):
        fit(shelf, f"value {number}")
    with pytest.raises(StateError, match="no version 1"):
        shelf.pin(KEY, 1)


def test_old_files_go_and_the_pinned_one_stays(shelf, tmp_path):
    shelf.pin(KEY, fit(shelf, "first").version)
    for number in range(KEPT + 3):
        fit(shelf, f"value {number}")
    assert len(list((tmp_path / "learners").iterdir())) == KEPT + 1
    assert says(shelf) == "first"


def test_the_same_fit_again_keeps_the_name_that_evidence_is_pinned_to(shelf):
    assert fit(shelf, "one").name == fit(shelf, "one").name != fit(shelf, "two").name


def test_files_and_folder_are_closed_to_others_and_name_no_field(shelf, tmp_path):
    fit(shelf, "one")
    folder = tmp_path / "learners"
    [file] = folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    assert "category" not in file.name


def test_the_list_names_every_version_newest_first(shelf):
    fit(shelf, "one")
    fit(shelf, "two")
    assert [shelved.version for shelved in shelf.versions()] == [2, 1]
    assert [shelved.version for shelved in shelf.versions(KEY)] == [2, 1]


@pytest.mark.parametrize(
    ("new", "hours", "due"), [(0, 100, False), (1, 23, False), (1, 24, True), (9, 1, False), (10, 1, True)]
)
def test_a_field_is_learned_again_after_a_night_or_with_a_tenth_of_new_examples(new, hours, due):
    newest = Shelved(key=KEY, version=1, name="", path="", sha256="", examples=100, fitted_at=AT)
    assert is_due(newest, new_examples=new, now=AT + timedelta(hours=hours)) is due


def test_a_field_never_learned_is_due():
    assert is_due(None, new_examples=0, now=AT)


def test_a_version_in_shadow_does_not_act_until_it_is_let_out(shelf):
    fit(shelf, "one")
    tried = shelf.shelve(KEY, WordLearner({"word": "two"}, version="two"), examples=110, at=AT, shadow=True)
    assert says(shelf) == "one"
    waiting, learner = shelf.shadow(KEY)
    assert (waiting, learner.predict(["word"])[0].value) == (tried, "two")
    shelf.let_out(tried)
    assert says(shelf) == "two"
    assert shelf.shadow(KEY) is None


def test_a_version_that_acts_keeps_its_file_however_many_stand_in_its_shadow(shelf):
    fit(shelf, "one")
    for place in range(KEPT + 3):
        shelf.shelve(KEY, WordLearner({"word": "two"}, version=f"two {place}"), examples=110, at=AT, shadow=True)
    assert says(shelf) == "one"


def test_a_pinned_version_leaves_the_shadow(shelf):
    fit(shelf, "one")
    tried = shelf.shelve(KEY, WordLearner({"word": "two"}, version="two"), examples=110, at=AT, shadow=True)
    shelf.pin(KEY, tried.version)
    assert says(shelf) == "two"


OBJECTS = frozenset({(KEY.connection, KEY.object)})


def erased_from(shelf, store):
    with store.transaction("test: erased") as tx:
        unteach(tx, OBJECTS)
    return shelf.sweep()


def files(tmp_path):
    return sorted(path.name[-9:] for path in (tmp_path / "learners").iterdir())


def test_what_erased_rows_taught_goes_at_once_unless_it_is_in_force(shelf, store, tmp_path):
    for value in ("one", "two", "three"):
        fit(shelf, value)
    assert [one.version for one in erased_from(shelf, store)] == [3]
    assert len(files(tmp_path)) == 1
    assert says(shelf) == "three"
    with pytest.raises(StateError):
        shelf.rollback(KEY)


def test_what_erased_rows_taught_is_fitted_again_without_waiting_for_news(shelf, store, tmp_path):
    fit(shelf, "one")
    assert not is_due(in_force(shelf.versions(KEY)), new_examples=0, now=AT)
    erased_from(shelf, store)
    assert is_due(in_force(shelf.versions(KEY)), new_examples=0, now=AT)
    fit(shelf, "two")
    assert says(shelf) == "two"
    assert len(files(tmp_path)) == 1
    assert not is_due(in_force(shelf.versions(KEY)), new_examples=0, now=AT)


def test_a_pin_does_not_keep_what_erased_rows_taught(shelf, store, tmp_path):
    fit(shelf, "one")
    shelf.pin(KEY, 1)
    erased_from(shelf, store)
    fit(shelf, "two")
    assert says(shelf) == "two"
    assert len(files(tmp_path)) == 1


def test_too_little_left_to_teach_ends_the_learner(shelf, store, tmp_path):
    fit(shelf, "one")
    erased_from(shelf, store)
    shelf.lacks(KEY, NotLearned(examples=3, needed=40))
    assert isinstance(shelf.learner(KEY), NotLearned)
    assert files(tmp_path) == []


def test_a_successor_in_shadow_takes_the_file_with_it_when_it_is_let_out(shelf, store, tmp_path):
    fit(shelf, "one")
    erased_from(shelf, store)
    later = shelf.shelve(KEY, WordLearner({"word": "two"}, version="two"), examples=99, at=AT, shadow=True)
    assert says(shelf) == "one"
    shelf.let_out(later)
    assert says(shelf) == "two"
    assert len(files(tmp_path)) == 1


def test_learners_of_other_objects_stay(shelf, store, tmp_path):
    fit(shelf, "one")
    with store.transaction("test: erased") as tx:
        unteach(tx, {(KEY.connection, ObjectType.LEAD)})
    assert shelf.sweep() == ()
    assert not is_due(in_force(shelf.versions(KEY)), new_examples=0, now=AT)

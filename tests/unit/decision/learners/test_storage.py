"""Saved learners: the same afterwards, private, and never opened unless they are exactly what was saved."""

import hashlib
import os
import pickle
import stat
from fractions import Fraction

import pytest

from connector.decision.learners import load
from connector.decision.learners.storage import from_bytes, to_bytes
from connector.errors import StateError


def test_a_saved_learner_answers_as_before(quick_learner, company, tmp_path):
    digest = quick_learner.save(tmp_path / "triage.learner")
    again = load(tmp_path / "triage.learner", sha256=digest)
    texts, _ = company(50, seed=9)
    assert again.predict(texts) == quick_learner.predict(texts)
    assert again.version == quick_learner.version


def test_only_the_owner_can_read_it(quick_learner, tmp_path):
    quick_learner.save(tmp_path / "triage.learner")
    assert stat.S_IMODE((tmp_path / "triage.learner").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["triage.learner"]


class Trap:
    """Leaves a mark when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)

    def __init__(self, mark):
        self.mark = mark


def test_a_file_that_was_swapped_is_never_opened(quick_learner, tmp_path):
    digest = quick_learner.save(tmp_path / "triage.learner")
    (tmp_path / "triage.learner").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(StateError, match="not the file that was saved"):
        load(tmp_path / "triage.learner", sha256=digest)
    assert not (tmp_path / "sprung").exists()


def test_one_changed_bit_is_noticed(quick_learner, tmp_path):
    path = tmp_path / "triage.learner"
    digest = quick_learner.save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StateError, match="not opened"):
        load(path, sha256=digest)


def test_a_learner_of_other_library_versions_asks_to_be_fitted_again(tmp_path):
    content = pickle.dumps((("0.1", "0.1", "0.1"), b""))
    (tmp_path / "old.learner").write_bytes(content)
    with pytest.raises(StateError, match="fit it again"):
        load(tmp_path / "old.learner", sha256=hashlib.sha256(content).hexdigest())


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(StateError, match="cannot be read"):
        load(tmp_path / "none.learner", sha256="0" * 64)


def test_a_learner_whose_classes_have_changed_since_is_to_be_fitted_again():
    """After an upgrade: the file is whole and its libraries are today's, and its classes are gone or other ones."""
    gone = to_bytes(Fraction(1, 3)).replace(b"Fraction", b"Fractioq")
    with pytest.raises(StateError, match="another version of crm-connector"):
        from_bytes(gone, "crm/ticket")


@pytest.mark.parametrize("content", [b'{"charged": "billing"}', b"", pickle.dumps(3)])
def test_a_file_of_another_form_is_to_be_fitted_again(content):
    with pytest.raises(StateError, match="another version of crm-connector"):
        from_bytes(content, "crm/ticket")

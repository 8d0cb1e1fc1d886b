"""A bad edit never takes a policy out of force, and a good one is told by what it changes."""

from __future__ import annotations

import pytest

from connector.errors import PolicyError
from connector.policy import Effect, KeptOld, PoliciesInForce, Replaced, Unchanged


@pytest.fixture
def folder(tmp_path, text):
    (tmp_path / "triage.yaml").write_text(text())
    return tmp_path


def test_a_good_edit_replaces_the_policies_and_says_what_changed(folder, text):
    in_force = PoliciesInForce(folder)
    before = in_force.current
    (folder / "triage.yaml").write_text(text(gate="gate: {target: 0.9}"))

    reload = in_force.reload()

    assert isinstance(reload, Replaced)
    assert [(change.path, change.effect) for change in reload.changes] == [("gate.target", Effect.MORE)]
    assert in_force.current.version != before.version


@pytest.mark.parametrize("edit", ["gate: {targt: 0.9}", "gate: [}", "gate: {target: 0.9, target: 0.8}"])
def test_a_bad_edit_keeps_the_old_policies_and_says_so(folder, text, edit):
    in_force = PoliciesInForce(folder)
    before = in_force.current
    (folder / "triage.yaml").write_text(text(gate=edit))

    reload = in_force.reload()

    assert isinstance(reload, KeptOld)
    assert reload.problems[0].startswith(f"{folder}/triage.yaml:8: ")
    assert in_force.current is before


def test_a_vanished_folder_keeps_the_old_policies(folder):
    in_force = PoliciesInForce(folder)
    (folder / "triage.yaml").unlink()

    assert isinstance(in_force.reload(), KeptOld)
    assert len(in_force.current) == 1


def test_an_edit_of_the_writing_alone_keeps_the_very_same_policies(folder, text):
    in_force = PoliciesInForce(folder)
    before = in_force.current
    (folder / "triage.yaml").write_text("# a comment\n" + text(gate="gate: {target: 98%}"))

    assert in_force.reload() == Unchanged()
    assert in_force.current is before


def test_the_first_load_must_be_good(folder, text):
    (folder / "triage.yaml").write_text(text(goal=""))

    with pytest.raises(PolicyError):
        PoliciesInForce(folder)

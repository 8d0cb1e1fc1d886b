"""Files that are asked for: refused before the work where they could not be written after it, and nothing else touched."""

from __future__ import annotations

import pytest

from connector.errors import SettingsError
from connector.evaluation.outputs import check_outputs, write_rows


def test_numbers_are_written_in_full(tmp_path):
    write_rows(tmp_path / "out.csv", ("row", "score", "flagged"), [(0, 0.1 + 0.2, True), (1, None, False)], option="--out")
    assert (tmp_path / "out.csv").read_text() == "row,score,flagged\n0,0.30000000000000004,1\n1,,0\n"


def test_every_obstacle_is_said_at_once_and_nothing_is_touched(tmp_path):
    (tmp_path / "read.csv").write_text("a\n")
    (tmp_path / "folder").mkdir()
    outputs = {"--one": tmp_path / "none" / "a.csv", "--two": tmp_path / "folder", "--three": tmp_path / "read.csv"}
    with pytest.raises(SettingsError) as refused:
        check_outputs(outputs, inputs=[tmp_path / "read.csv", None])
    for said in ("there is no folder", "it is a folder", "one of the files to read"):
        assert said in refused.value.message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "read.csv"]
    assert (tmp_path / "read.csv").read_text() == "a\n"


def test_two_outputs_cannot_be_one_file(tmp_path):
    with pytest.raises(SettingsError, match="named for two outputs"):
        check_outputs({"--one": tmp_path / "a.csv", "--two": tmp_path / "." / "a.csv"}, inputs=[])


def test_a_file_that_can_be_written_is_neither_made_nor_emptied(tmp_path):
    (tmp_path / "old.csv").write_text("kept")
    check_outputs({"--one": tmp_path / "new.csv", "--two": tmp_path / "old.csv", "--three": None}, inputs=[])
    assert [path.read_text() for path in tmp_path.iterdir()] == ["kept"]


def test_a_folder_that_went_away_meanwhile_is_said(tmp_path):
    with pytest.raises(SettingsError, match="cannot be written"):
        write_rows(tmp_path / "none" / "out.csv", ("row",), [], option="--predictions")

"""CSV files as people export them: read as text, refused with a sentence where they cannot be."""

from __future__ import annotations

import pytest

from connector.errors import SettingsError
from connector.evaluation.datasets import outcomes, read_dataset, write_predictions


@pytest.fixture
def read(tmp_path):
    def written(content: bytes):
        (tmp_path / "rows.csv").write_bytes(content)
        return read_dataset(tmp_path / "rows.csv")

    return written


def test_cells_may_be_missing_quoted_or_in_any_language(read):
    dataset = read('\ufeffid,note\n1,"two\nlines, comma"\n2\n\n3,что нового\n'.encode())
    assert dataset.columns == ("id", "note")
    assert dataset.column("note") == ("two\nlines, comma", "", "что нового")


def test_a_blank_row_with_cells_still_counts(read):
    assert len(read(b"text,label\n,\na,b\n")) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"), (b"a,a\n", "stands there twice"), (b"a,b\n1,2,3\n", "3 cells under 2 columns"),
        (b"a\n\xff\xfe", "CSV in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said(read, content, said):
    with pytest.raises(SettingsError, match=said):
        read(content)


def test_a_missing_column_is_named_beside_those_there_are(read):
    with pytest.raises(SettingsError, match=r"no column 'won'; the columns are: id, note"):
        read(b"id,note\n").column("won")


def test_outcomes_are_read_in_the_words_people_use(read):
    assert outcomes(read(b"a,won\n,1\n,no\n,TRUE\n,\n,0.0\n"), "won") == (True, False, True, None, False)


def test_other_outcomes_are_refused(read):
    with pytest.raises(SettingsError, match="'maybe'"):
        outcomes(read(b"a,won\n1,maybe\n"), "won")


def test_numbers_are_written_in_full(tmp_path):
    write_predictions(tmp_path / "out.csv", ("row", "score", "flagged"), [(0, 0.1 + 0.2, True), (1, None, False)])
    assert (tmp_path / "out.csv").read_text() == "row,score,flagged\n0,0.30000000000000004,1\n1,,0\n"


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SettingsError, match="cannot be written"):
        write_predictions(tmp_path / "none" / "out.csv", ("row",), [])

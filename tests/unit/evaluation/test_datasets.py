"""CSV files as people export them: read as text, refused with a sentence where they cannot be."""

from __future__ import annotations

import pytest

from connector.errors import SettingsError
from connector.evaluation.datasets import grades_of, look_alikes, outcomes, read_dataset


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
        (b"", "is empty"), (b"a,a\n", "'a' stands there twice"), (b"a,b\n1,2,3\n", "csv:2: 3 cells under 2 columns"),
        (b"a\n1\n\xff\xfe", "csv:3: is not UTF-8"), (b"a,,b\n1,2,3\n", "column 2 has no name"),
        (b"a;b\n1;2\n", "separated by semicolons"), (b"a\tb\n1\t2\n", "separated by tabs"),
        (b'a,b\n1,2\n"3,4\n5,6\n', "csv:3: a quote is opened"), (b'a,b\n1,2\n"3"3,4\n', "csv:3: text follows"),
        ("a,b\n1,2\n".encode("utf-16"), "csv: is UTF-16"),
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
    with pytest.raises(SettingsError, match=r"'maybe' \(first in row 1"):
        outcomes(read(b"a,won\n,1\n1,maybe\n2,maybe\n"), "won")


def test_grades_are_numbers_or_refused_and_an_empty_one_is_no_answer(read):
    assert grades_of(read(b"query_id,grade\nq,2\nq,\nq,0.5\n")) == [2.0, 0.0, 0.5]
    assert grades_of(read(b"query_id\nq\n")) == [1.0]
    for odd in (b"good", b"NaN"):
        with pytest.raises(SettingsError, match=rf"rows.csv: 'grade' holds '{odd.decode()}' \(row 1"):
            grades_of(read(b"query_id,grade\nq,1\nq," + odd + b"\n"))


def test_look_alikes_are_grouped():
    values = ["refund", "Refund ", "RE\u200bFUND", "login", "caf\u00e9", "cafe\u0301"]
    assert look_alikes(values) == (("cafe\u0301", "caf\u00e9"), ("RE\u200bFUND", "Refund ", "refund"))


def test_unnamed_empty_columns_of_a_spreadsheet_are_left_out(read):
    dataset = read(b"text,,label,,\na,,b,,\n")
    assert (dataset.columns, dataset.rows) == (("text", "label"), (("a", "b"),))


def test_all_line_ends_and_marks_are_read(read):
    for content in (b"\xef\xbb\xbfa,b\n1,2\n", b"a,b\r\n1,2\r\n", b"a,b\r1,2\r"):
        assert read(content).rows == (("1", "2"),)

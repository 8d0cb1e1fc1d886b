"""The files of a rehearsal: read as all files are, and refused where no CRM could hold what they say."""

from __future__ import annotations

import pytest

from connector.errors import SettingsError
from connector.evaluation.rehearse.rows import check_options, read_rows


def test_history_needs_labels_and_incoming_does_not(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\n lost ,refund\nunsaid,\n", encoding="utf-8")
    history = read_rows(tmp_path / "a.csv", text="text", label="label", labelled=True)
    incoming = read_rows(tmp_path / "a.csv", text="text", label="other", labelled=False)
    assert [(row.subject, row.label) for row in history] == [("lost", "refund")]
    assert [row.label for row in incoming] == [None, None]


def test_columns_named_twice_and_cells_too_many_are_refused(tmp_path):
    refused = (("text,label,text\na,b,c\n", "'text' stands there twice"), ("text,label\na,b,c\n", "csv:2: 3 cells"))
    for content, said in refused:
        (tmp_path / "a.csv").write_text(content, encoding="utf-8")
        with pytest.raises(SettingsError, match=said):
            read_rows(tmp_path / "a.csv", text="text", label="label", labelled=True)


def test_labels_that_no_option_can_hold_are_all_named():
    labels = ["refund", "log in; reset", "two\nlines", "x" * 256]
    with pytest.raises(SettingsError) as refused:
        check_options(labels, system="hubspot", label="label")
    for said in ("'log in; reset': HubSpot separates", "a line end", "longer than 255"):
        assert said in refused.value.message
    check_options(['Refund, "partial"', "log in; reset"], system="salesforce", label="label")

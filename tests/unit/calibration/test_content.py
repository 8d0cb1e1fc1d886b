"""The same content judged twice is one verdict."""

from connector.calibration import content_key, distinct_by_content


def test_case_spacing_and_unicode_form_do_not_make_another_content():
    assert content_key("Caf\u00e9  open?\n") == content_key("cafe\u0301 OPEN?")
    assert content_key("cafe open?") != content_key("caf\u00e9 open?")


def test_half_a_surrogate_pair_is_content_too():
    assert content_key("\ud83d") != content_key("")


def test_the_latest_verdict_on_a_content_counts_where_the_first_stood():
    rows = [("a", 1), ("b", 2), ("a", 3)]
    assert distinct_by_content(rows, lambda row: row[0]) == [("a", 3), ("b", 2)]

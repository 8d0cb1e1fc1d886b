"""A share is said in percent, and never as certain when it is not."""

import pytest

from connector.calibration import as_percent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.5, "50%"), (0.99, "99%"), (0.998, "99.8%"), (0.9994, ">99.9%"), (1, "100%"), (1.0, "100%"),
        (0.01, "1%"), (0.004, "0.4%"), (0.0003, "<0.1%"), (0, "0%"),
    ],
)  # fmt: skip
def test_only_what_is_certain_reads_as_none_or_all(share, said):
    assert as_percent(share) == said

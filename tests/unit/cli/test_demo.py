"""The demo shows what it says: every part is played by the real service on both CRMs."""

from __future__ import annotations

from typing import Any

import pytest

from connector.cli.customers import Part
from tests.unit.cli.conftest import Program


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    from connector.cli.showing import play

    return play(11)


def rows(told: dict[str, Any], title: str) -> list[tuple[str, ...]]:
    [scene] = [one for one in told["scenes"] if one["title"] == title]
    return list(scene["rows"])


def parts(told: dict[str, Any], title: str) -> set[tuple[str, str]]:
    """Which part was played in which CRM."""
    return {(row[0].partition(":")[0], row[-2]) for row in rows(told, title)}


BOTH = ("hub", "sales")


def test_autonomy_was_earned_and_used(told: dict[str, Any]) -> None:
    assert parts(told, "Written") >= {(crm, Part.ORDINARY) for crm in BOTH}


def test_the_edit_in_between_stays_on_both_crms(told: dict[str, Any]) -> None:
    assert parts(told, "Left to a colleague's edit") == {(crm, Part.CONTESTED) for crm in BOTH}
    assert not parts(told, "Written") & {(crm, Part.CONTESTED) for crm in BOTH}


def test_the_unclear_and_the_steering_one_go_to_people(told: dict[str, Any]) -> None:
    sent = parts(told, "Sent to people")
    assert sent >= {(crm, part) for crm in BOTH for part in (Part.UNCLEAR, Part.INJECTION)}
    assert not {part for _, part in parts(told, "Written")} & {Part.UNCLEAR, Part.INJECTION}


def test_a_refusal_of_the_crm_says_why(told: dict[str, Any]) -> None:
    refused = rows(told, "Refused, and why")
    assert {row[0].partition(":")[0] for row in refused} == set(BOTH)
    assert all("A refund is filed once somebody works on the ticket" in row[-1] for row in refused)


def test_one_write_is_taken_back_in_the_crm(told: dict[str, Any]) -> None:
    [scene] = [one for one in told["scenes"] if one["title"] == "One write is taken back"]
    assert scene["figures"]["before"]
    assert scene["figures"]["after"] is None


def test_an_entry_is_shown_whole_and_the_journal_verifies(told: dict[str, Any]) -> None:
    entries = [one["entry"] for one in told["scenes"] if one["entry"]]
    assert [entry["kind"] for entry in entries] == ["conflicted"]
    assert entries[0]["body"]["theirs"]
    assert told["scenes"][-1]["figures"]["problems"] == []
    assert told["scenes"][-1]["figures"]["seconds"] < 60


def test_it_ends_with_three_commands_that_exist(told: dict[str, Any], program: Program) -> None:
    assert len(told["next"]) == 3
    for command in told["next"]:
        assert program(command.split()[1], "--help").code == 0


def test_what_to_type_next_fits_a_narrow_terminal() -> None:
    from connector.cli.showing import NEXT, next_line

    assert max(len(next_line(command, why)) for command, why in NEXT) <= 80

"""The record matcher on made-up people and companies: it finds slips of the pen, and proposes less where it cannot know."""

from __future__ import annotations

import random

import pytest

from connector.decision.learners.match import find_matches
from connector.decision.learners.match_fields import Level, folded, level_of, same_name

FIRST = [
    "anna", "bruno", "clara", "david", "elena", "felix", "greta", "hugo", "irene", "jonas", "karla", "louis", "marta",
    "nils", "olga", "paul",
]
LAST = [
    "becker", "costa", "dubois", "eriksen", "fischer", "garcia", "hansen", "ivanova", "jensen", "keller", "lambert",
    "moreau", "novak",
]
STREETS = [
    "oak", "elm", "station", "church", "mill", "garden", "bridge", "harbour", "castle", "market",
]
TOWNS = [
    "northfield", "easton", "weston", "lakeside", "hillview", "brookdale", "fairmont", "ashford",
]


def people(count: int, *, twins: int, seed: int) -> tuple[dict[str, list[str]], set[tuple[int, int]]]:
    chance = random.Random(seed)
    rows = [
        [
            chance.choice(FIRST), chance.choice(LAST) + chance.choice(["", "son", "mann", "ov"]),
            str(chance.randrange(1, 300)), chance.choice(STREETS) + " street", chance.choice(TOWNS),
            str(chance.randrange(1_000, 9_999)),
        ]
        for _ in range(count)
    ]
    pairs = set()
    for original in chance.sample(range(count), twins):
        row, place = list(rows[original]), chance.randrange(5)
        word = row[place]
        cut = chance.randrange(len(word))
        row[place] = "" if chance.random() < 0.2 else word[:cut] + word[cut + 1 :]
        pairs.add((original, len(rows)))
        rows.append(row)
    names = ("first", "last", "number", "street", "town", "postcode")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}, pairs


def test_people_with_a_slip_of_the_pen_are_found_without_labels():
    cells, pairs = people(300, twins=60, seed=1)
    found = {(match.one, match.other) for match in find_matches(cells)}
    assert len(found & pairs) >= 0.95 * len(pairs)
    assert len(found - pairs) <= 0.02 * len(found)


def test_where_there_are_no_duplicates_none_are_proposed():
    cells, _ = people(300, twins=0, seed=2)
    assert len(find_matches(cells)) <= 1


def test_with_name_and_phone_alone_both_must_agree():
    cells = {
        "name": ["Orion Systems GmbH", "Systems Orion", "Orion Systems Graz", "Vega", "Altair", "Altair Ltd", "Lyra"],
        "phone": ["+43 1 555 01 00", "431 5550100", "+43 1 555 77 77", "43 1 555 01 99", "44 20 555 01", "44 20 555 9", ""],
    }
    assert [(match.one, match.other, match.chance) for match in find_matches(cells)] == [(0, 1, None)]


def test_a_switchboard_many_share_proves_nothing():
    cells = {"name": ["Orion Systems"] * 3 + ["Vega"], "phone": ["+43 1 555 01 00"] * 3 + ["+43 1 555 99 99"]}
    assert find_matches(cells) == ()


def test_a_column_that_differs_for_everyone_does_not_stand_in_the_way():
    cells = {
        "number": ["1001", "1002", "1003"], "name": ["Orion Systems", "Orion Sistems", "Vega"],
        "phone": ["+43 1 555 01 00", "+43 1 555 01 00", "+43 1 555 99 99"],
    }
    assert [(match.one, match.other) for match in find_matches(cells)] == [(0, 1)]


@pytest.mark.parametrize("cells", [{}, {"name": []}, {"name": ["one"]}, {"name": ["", "", ""]}, {"name": ["a", "a"]}])
def test_nothing_to_compare_is_no_match(cells):
    assert find_matches(cells) == ()


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("", "Berlin", Level.MISSING), ("Zürich", "zurich", Level.SAME), ("+49 (30) 123-4567", "0049301234567", Level.SAME),
        ("0301234567", "+49 301234567", Level.NEAR), ("Katherine", "Katharine", Level.NEAR), ("4227", "4272", Level.SIMILAR),
        ("Berlin", "Osaka", Level.DIFFERENT),
    ],
)
def test_cells_are_alike_in_levels(one, other, level):
    assert level_of(folded(one), folded(other)) is level


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("orion systems gmbh", "orion systems", True), ("orion systems", "orion sistems", True),
        ("orion systems berlin", "orion systems paris", False), ("store 12", "store 13", False),
        ("orion", "orion systems", False),
    ],
)
def test_another_word_is_another_name(one, other, same):
    assert same_name(one, other) is same


def test_firms_that_share_a_switchboard_are_not_one_firm():
    """Branches, departments and neighbours on one number: fewer proposals rather than wrong ones."""
    chance = random.Random(3)
    words = ("Nord", "Berg", "Tal", "Stein", "Holz", "Stahl", "Glas", "Licht", "Kraft", "Wind", "Stern", "Adler", "Luchs")
    trades = ("Bau", "Technik", "Optik", "Chemie")
    rows, truth = [], set()
    for place in range(600):
        name = f"{chance.choice(words)}{chance.choice(words).lower()} {chance.choice(trades)} GmbH"
        phone = f"+49 40 {chance.randrange(10**6, 10**7)}"
        rows.append((name, phone))
        if place % 8 == 0:
            rows += [(f"{name} {part}", phone) for part in ("Vertrieb", "Werk 2")]
        if place % 11 == 0:
            rows += [(f"{chance.choice(words)} {chance.choice(words)} AG", phone) for _ in range(2)]
        if place % 9 == 1:
            truth.add((len(rows) - 1, len(rows)))
            rows.append((name.upper().removesuffix(" GMBH"), phone.replace("+49 ", "0")))
    cells = {"name": [row[0] for row in rows], "phone": [row[1] for row in rows]}
    found = {(one.one, one.other) for one in find_matches(cells)}
    assert len(found & truth) >= 0.95 * len(found)
    assert len(found & truth) >= 0.5 * len(truth)

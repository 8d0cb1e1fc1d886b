"""The audit before any agent: planted defects are found by general methods, and a clean table finds none."""

from __future__ import annotations

import csv
import random

import pytest

DEALS = ("deal_id", "product", "customer", "stage", "opened", "closed_on", "value")
CITIES = ("Lyon", "Nantes", "Lille", "Metz", "Brest")


def write(path, columns, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


@pytest.fixture
def exports(tmp_path):
    """Products, customers and deals of a made-up company, with one defect of each kind."""
    chance = random.Random(4)
    products = ["Kettle One", "Kettle Two", "Pan Small", "Pan Large", "Unsold Lid"]
    write(tmp_path / "products.csv", ("product", "price"), [(name, 10 + place) for place, name in enumerate(products)])
    trades = ["retail"] * 20 + ["hospitality"] * 15 + ["construction"] * 12 + ["agriculture"] * 10 + ["manufactring"] * 3
    lands = ["France"] * 30 + ["Germany"] * 20 + ["Spain"] * 9 + ["Portugl"]
    customers = [
        (f"Customer {chr(65 + place // 26)}{chr(65 + place % 26)} Works", trades[place], lands[place]) for place in range(60)
    ]
    write(tmp_path / "customers.csv", ("customer", "trade", "country"), customers)
    deals = []
    for place in range(600):
        stage = chance.choice(["Won", "Lost", "Open"])
        product = chance.choice(["Kettle One", "KettleTwo", "Pan Small", "Pan Large"])
        customer = "" if stage == "Open" and chance.random() < 0.6 else chance.choice(customers)[0]
        ended = stage != "Open"
        closed = f"2025-0{chance.randint(6, 9)}-1{place % 9}" if ended else ""
        opened = f"2025-0{chance.randint(1, 5)}-1{place % 9}"
        value = chance.randint(10, 99) if ended else ""
        deals.append((f"D{place:04}", product, customer, stage, opened, closed, value))
    deals[7] = (*deals[7][:3], "Won", "2026-01-01", "2025-07-01", 50)
    write(tmp_path / "deals.csv", DEALS, deals)
    return tmp_path


def test_what_was_planted_is_found_and_named(program, exports):
    said = program("assess", "--csv", exports, "--json")
    assert said.code == 0
    found = {(one["table"], one["column"], one["kind"]): one for one in said.document["defects"]}
    assert found["deals", "product", "unknown_reference"]["examples"][0]["suggestion"] == "Kettle Two"
    assert found["products", "product", "unused"]["examples"] == [{"value": "Unsold Lid", "records": 1, "suggestion": None}]
    assert found["customers", "trade", "off_list"]["examples"][0]["suggestion"] == "manufacturing"
    assert found["customers", "country", "off_list"]["examples"][0]["suggestion"] == "Portugal"
    assert found["deals", "customer", "incomplete"]["examples"][0]["value"] == "stage Open"
    assert found["deals", "closed_on", "contradictory"]["records"] == 1
    columns = {one["name"]: one for table in said.document["tables"] for one in table["columns"]}
    assert columns["closed_on"]["belongs_to"] == "stage Lost, Won"
    assert not any(one["column"] in ("closed_on", "value") and one["kind"] == "incomplete" for one in found.values())


def test_a_history_that_tells_nothing_is_said_to_tell_nothing(program, exports):
    said = program("assess", "--csv", exports, "--json")
    ready = {one["agent"]: one for one in said.document["readiness"]}
    assert ready["pipeline"]["standing"] in ("no_signal", "not_enough")
    assert ready["ticket_triage"]["standing"] == "not_seen"
    assert len(ready) == 7


def test_a_clean_table_has_no_findings(program, tmp_path):
    words = ("Ahorn", "Birke", "Eiche", "Linde")
    write(tmp_path / "firms.csv", ("firm", "city"), [(f"{word} {city}", city) for word in words for city in CITIES])
    said = program("assess", "--csv", tmp_path / "firms.csv", "--json")
    assert said.document["defects"] == []


@pytest.mark.parametrize("content", ["", "name\n", "name,name\na,b\n", "a,b\n1,2,3\n", "\x00\x01"], ids=repr)
def test_a_file_that_holds_nothing_useful_is_no_crash(program, tmp_path, content):
    (tmp_path / "odd.csv").write_text(content, encoding="utf-8")
    said = program("assess", "--csv", tmp_path / "odd.csv", "--json")
    assert said.code in (0, 1)
    assert isinstance(said.document, dict)


def test_the_page_needs_nothing_else_and_shows_no_markup_of_the_data(program, tmp_path):
    rows = [("<script>alert(1)</script>", "a")] + [(f"n{place}", "b") for place in range(30)] + [("", "b")] * 3
    write(tmp_path / "x.csv", ("<b>name", "kind"), rows)
    page = tmp_path / "page.html"
    assert program("assess", "--csv", tmp_path / "x.csv", "--html", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<b>name" not in text
    assert "http" not in text
    assert "prefers-color-scheme: dark" in text
    assert "<svg" in text


def test_the_page_says_what_the_colours_of_its_bars_mean(program, tmp_path):
    page = tmp_path / "page.html"
    rows = [(f"n{place}", "open", "") for place in range(30)] + [(f"m{place}", "won", "2026-01-05") for place in range(30)]
    write(tmp_path / "x.csv", ("name", "stage", "closed_on"), rows)
    assert program("assess", "--csv", tmp_path / "x.csv", "--html", page).code == 0
    text = page.read_text(encoding="utf-8")
    drawn = {"bar", "rest", "belongs"}
    assert {tone for tone in drawn if f'<rect class="{tone}"' in text} == drawn
    assert {tone for tone in drawn if f'<i class="{tone}">' in text} == drawn
    write(tmp_path / "x.csv", ("name",), [(f"n{place}",) for place in range(30)])
    assert program("assess", "--csv", tmp_path / "x.csv", "--html", page).code == 0
    assert '<i class="belongs">' not in page.read_text(encoding="utf-8")


def test_a_connected_crm_is_read_and_not_written(program, company):
    before = written(company)
    said = program("assess", "--json", "--limit", 300, "--config", company.config)
    assert said.code == 0, said.err
    names = {one["name"] for one in said.document["tables"]}
    assert {"contact", "ticket"} <= names
    assert written(company) == before


def written(company):
    """What our user wrote, from the CRM's own log."""
    lines = company.crm.org.log.entries()
    return [line for line in lines if (line.kind, line.actor) == ("write", "agent")]

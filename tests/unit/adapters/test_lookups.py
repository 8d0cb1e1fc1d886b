"""Each kind of lookup: parameters are bound, columns are classed, and whatever goes wrong is an answer, not an exception."""

from __future__ import annotations

import sqlite3

import pytest

from adapters.channels import lookup_files, lookup_http, lookup_sql
from connector.adapter import LookedUp, NoAnswerError, NotLookedUp, NotSentError
from connector.errors import SettingsError
from connector.record import FieldName
from tests.support.outside import Scripted, answered, environment

EMAIL = FieldName("contact.email")
SHARED = {
    "parameters": {"email": {"field": "contact.email"}},
    "key": "order_id",
    "columns": {"order_id": "ok", "total": "ok", "phone": "mask", "card": "never"},
}
ROWS = [("A-1", "ada@example.com", "12.50", "+49 30 1234567", "4111111111111111"), ("A-2", "eve@example.com", "3", "", "x")]
NASTY = [
    "' OR '1'='1", "ada@example.com'; DROP TABLE orders; --", "%", "*", "ada@example.com\x00", "a\nb", ":email", "%(email)s",
]  # fmt: skip


@pytest.fixture
def sources(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE orders (order_id, email, total, phone, card)")
        database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", ROWS)
    database.close()
    lines = ["order_id,email,total,phone,card", *(",".join(row) for row in ROWS)]
    (tmp_path / "orders.csv").write_text("\n".join(lines), encoding="utf-8")
    import pyarrow as arrow
    from pyarrow import parquet

    names = lines[0].split(",")
    table = arrow.table({name: [row[place] for row in ROWS] for place, name in enumerate(names)})
    parquet.write_table(table, tmp_path / "orders.parquet")
    query = "SELECT * FROM orders WHERE email = :email ORDER BY order_id"
    return {
        "sqlite": lookup_sql.connect_sqlite(environment({**SHARED, "file": "shop.db", "query": query}, folder=tmp_path)),
        "csv": lookup_files.connect_csv(environment({**SHARED, "file": "orders.csv"}, folder=tmp_path)),
        "parquet": lookup_files.connect_parquet(environment({**SHARED, "file": "orders.parquet"}, folder=tmp_path)),
    }


@pytest.mark.parametrize("kind", ["sqlite", "csv", "parquet"])
def test_a_source_answers_with_the_columns_it_may_show(sources, kind):
    found = sources[kind].find({EMAIL: "ada@example.com"})
    assert isinstance(found, LookedUp)
    assert [dict(row.columns) for row in found.rows] == [{"order_id": "A-1", "total": "12.50", "phone": "+49 30 1234567"}]
    assert sources[kind].find({EMAIL: "nobody@example.com"}) == LookedUp(rows=())
    assert sources[kind].local


@pytest.mark.parametrize("kind", ["sqlite", "csv", "parquet"])
@pytest.mark.parametrize("value", NASTY)
def test_a_parameter_is_a_value_and_nothing_else(sources, kind, value):
    assert sources[kind].find({EMAIL: value}) == LookedUp(rows=())
    assert len(sources[kind].find({EMAIL: "ada@example.com"}).rows) == 1


@pytest.mark.parametrize("kind", ["sqlite", "csv", "parquet"])
def test_a_record_that_lacks_the_parameter_is_said(sources, kind):
    assert sources[kind].find({}) == NotLookedUp(why="the record has no contact.email")


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM orders", "SELECT 1; DROP TABLE orders", "PRAGMA journal_mode = DELETE", "ATTACH 'x' AS y"],
)
def test_a_query_that_does_more_than_read_is_refused_at_load(tmp_path, sources, query):
    with pytest.raises(SettingsError, match="one SELECT"):
        lookup_sql.connect_sqlite(environment({**SHARED, "file": "shop.db", "query": query}, folder=tmp_path))


def test_a_with_that_writes_cannot(tmp_path, sources):
    query = "WITH gone AS (SELECT :email) DELETE FROM orders"
    source = lookup_sql.connect_sqlite(environment({**SHARED, "file": "shop.db", "query": query}, folder=tmp_path))
    assert isinstance(source.find({EMAIL: "ada@example.com"}), NotLookedUp)
    assert len(sources["sqlite"].find({EMAIL: "ada@example.com"}).rows) == 1


def test_a_query_without_end_is_cut_off(tmp_path, sources):
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    query = f"{numbers} SELECT COUNT(*) AS order_id FROM n WHERE :email > ''"
    options = {**SHARED, "file": "shop.db", "query": query, "timeout": 1}
    source = lookup_sql.connect_sqlite(environment(options, folder=tmp_path))
    answer = source.find({EMAIL: "ada@example.com"})
    assert isinstance(answer, NotLookedUp)
    assert "interrupted" in answer.why


def test_a_csv_that_changed_is_read_anew(tmp_path, sources):
    (tmp_path / "orders.csv").write_text("order_id,email,total\nB-9,ada@example.com,1\n", encoding="utf-8")
    assert [row.columns["order_id"] for row in sources["csv"].find({EMAIL: "ada@example.com"}).rows] == ["B-9"]
    (tmp_path / "orders.csv").unlink()
    assert isinstance(sources["csv"].find({EMAIL: "ada@example.com"}), NotLookedUp)


def over_http(*script, **more):
    web = Scripted(*script)
    options = {**SHARED, "url": "https://shop.example.com/api/orders", "rows": "data.orders", **more}
    return lookup_http.connect(environment(options, transport=web, secrets={"token": "t0ken"})), web


LIST = b'{"data": {"orders": [{"order_id": "A-1", "total": 12.5, "card": "4111", "nested": {"a": 1}}]}}'


def test_an_address_is_asked_with_the_parameter_in_its_query():
    source, web = over_http(answered(200, LIST), auth="bearer")
    found = source.find({EMAIL: "ada+1&x=2@example.com"})
    assert [dict(row.columns) for row in found.rows] == [{"order_id": "A-1", "total": "12.5"}]
    [request] = web.requests
    assert request.url == "https://shop.example.com/api/orders?email=ada%2B1%26x%3D2%40example.com"
    assert (request.method, request.headers["Authorization"], source.local) == ("GET", "Bearer t0ken", False)


@pytest.mark.parametrize(
    ("answer", "away"),
    [
        (answered(500), True),
        (answered(401), True),
        (answered(302, location="http://169.254.169.254/latest/meta-data"), False),
        (answered(200, b"<html>"), False),
        (answered(200, b"[" * 100_000), False),
        (answered(200, b'{"data": []}'), False),
        (answered(200, b'{"data": {"orders": [1]}}'), False),
        (NoAnswerError("silence"), True),
        (NotSentError("no route"), True),
    ],
)
def test_what_goes_wrong_at_the_other_side_is_an_answer(answer, away):
    source, _ = over_http(answer)
    found = source.find({EMAIL: "ada@example.com"})
    assert isinstance(found, NotLookedUp)
    assert found.away is away


def test_nothing_found_is_an_answer_too():
    source, _ = over_http(answered(404))
    assert source.find({EMAIL: "ada@example.com"}) == LookedUp(rows=())


def test_settings_say_every_problem_at_once():
    with pytest.raises(SettingsError) as raised:
        lookup_files.connect_csv(environment({"file": "none.csv", "columns": {"a": "shown"}, "ky": "a"}, path="lookups.x"))
    said = "\n".join(raised.value.problems)
    for part in ("there is no file", "a: must be one of ok, mask, never", "unknown key, did you mean `key`?", "parameters"):
        assert part in said


def test_questions_to_a_database_are_bound_for_psycopg():
    assert lookup_sql.bound("SELECT a::text FROM t WHERE b = :email AND c LIKE '5%'") == (
        b"SELECT a::text FROM t WHERE b = %(email)s AND c LIKE '5%%'"
    )

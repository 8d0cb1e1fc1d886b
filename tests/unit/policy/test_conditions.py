"""A condition matches only when it is surely true; everything else is no match, and a failure says why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from connector.policy import Condition, EvaluationFailed, Facts, Matched, NotMatched
from connector.policy.conditions import ConditionError, compile_condition

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FIELDS = {
    "status": "new",
    "amount": Decimal("1500.50"),
    "count": Decimal(3),
    "owner": None,
    "tags": ("red", "vip"),
    "closed": False,
    "close_date": date(2026, 12, 1),
    "created": datetime(2026, 11, 20, 13, 0, tzinfo=timezone(timedelta(hours=1))),
    "account": "acc-1",
    "now": "a field that is called now",
}
RELATED = {
    "account": {"industry": "health", "owner": None},
    "contact": None,
    "tasks": ({"status": "open"}, {"status": "done"}),
}


def answer(text: str) -> Matched | NotMatched | EvaluationFailed:
    return compile_condition(text).evaluate(
        Facts(
            fields=FIELDS,
            related=RELATED,
            changed_from={"status": "open"},
            changed_to={"status": "new"},
            now=NOW,
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "status == 'new'",
        "amount > 1500 && amount < 1501",
        "amount == 1500.5",
        "amount in [1500.5, 2.0]",
        "count == 3",
        "count >= 3",
        "count * 2.0 == 6",
        "owner == null",
        "'vip' in tags",
        "tags.exists(t, t == 'red')",
        "!closed",
        "close_date > now",
        "close_date == date('2026-12-01')",
        "close_date - now < days(10)",
        "created == timestamp('2026-11-20T12:00:00Z')",
        "now - created == duration('24h')",
        "account.industry == 'health'",
        "account.owner == null",
        "contact == null",
        "record.account == 'acc-1'",
        "record.now.startsWith('a field')",
        "has(record.owner)",
        "!has(record.nowhere)",
        "!has(changed.from.amount)",
        "changed.from.status == 'open' && changed.to.status == 'new'",
        "tasks.exists(t, t.status == 'open')",
        "status.matches('^n.w$')",
        "lower('ABC') == 'abc'",
        "record['status'] == 'new'",
    ],
)
def test_a_true_condition_matches(text):
    assert answer(text) == Matched()


@pytest.mark.parametrize(
    "text",
    [
        "status == 'NEW'",
        "amount < 100",
        "owner == 'ann'",
        "closed",
        "close_date < now",
        "tasks.all(t, t.status == 'open')",
        "status == null",
        "amount == 'x'",
        "status == 'new' && closed",
    ],
)
def test_a_false_condition_does_not_match(text):
    assert answer(text) == NotMatched()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nowhere == 'x'", "`nowhere` does not exist here"),
        ("nowhere == null", "`nowhere` does not exist here"),
        ("account.nowhere == null", "`nowhere` is missing"),
        ("changed.from.amount > 1", "`amount` is missing"),
        ("owner > 3", "values of different kinds meet"),
        ("status > 3", "values of different kinds meet"),
        ("contact.email == 'x'", "values of different kinds meet"),
        ("amount + 1 > 2", "1 where 1.0 is needed"),
        ("'x' in owner", "values of different kinds meet"),
        ("tags[7] == 'x'", "shorter"),
        ("count == 3 && 1 / 0 == 1", "no result"),
        ("int(status) == 1", "cannot read"),
        ("status", "neither true nor false"),
        ("null", "neither true nor false"),
        ("1", "neither true nor false"),
        ("owner.startsWith('a')", "does not exist here"),
    ],
)
def test_an_evaluation_error_is_no_match_and_says_why(text, reason):
    given = answer(text)

    assert isinstance(given, EvaluationFailed)
    assert reason in given.reason


def test_a_failure_never_repeats_a_field_value():
    secret = Facts(fields={"status": "4111-1111"}, now=NOW)

    for text in ("int(status) == 1", "status > 3", "timestamp(status) > now", "duration(status) > duration('1s')"):
        given = compile_condition(text).evaluate(secret)
        assert isinstance(given, EvaluationFailed)
        assert "4111" not in given.reason


def test_null_and_missing_differ():
    condition = compile_condition("owner == null")

    assert condition.evaluate(Facts(fields={"owner": None}, now=NOW)) == Matched()
    assert isinstance(condition.evaluate(Facts(fields={}, now=NOW)), EvaluationFailed)


def test_truth_and_numbers_do_not_mix():
    assert compile_condition("flag == 1").evaluate(Facts(fields={"flag": True}, now=NOW)) == NotMatched()
    assert compile_condition("n == true").evaluate(Facts(fields={"n": Decimal(1)}, now=NOW)) == NotMatched()


def test_a_relation_that_was_not_read_leaves_the_field_of_the_same_name():
    facts = Facts(fields={"account": "acc-1"}, now=NOW)

    assert compile_condition("account == 'acc-1'").evaluate(facts) == Matched()
    assert isinstance(compile_condition("account.industry == 'x'").evaluate(facts), EvaluationFailed)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("status = 'new'", 8, "write `==`"),
        ("status == ", 11, "ends too early"),
        ("status == 'new' and closed", 17, "write `&&` for `and`"),
        ("status == 'new' 'x'", 17, "input"),
        ("has(status)", 5, "has()"),
        ("", 1, "ends too early"),
    ],
)
def test_a_syntax_error_names_its_column(text, column, reason):
    with pytest.raises(ConditionError) as refused:
        compile_condition(text)

    assert refused.value.column == column
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("status.startWith('n')", "unknown function `startWith`, did you mean `startsWith`?"),
        ("exec('rm')", "unknown function `exec`"),
        ("now - created > duration('5d')", "`duration('5d')` is not valid"),
        ("close_date > date('31.12.2026')", "not a date"),
        ("status.matches('(')", "is not valid"),
        ("changed.status == 'x'", "`changed.from.<field>`"),
        ("changed == null", "`changed.from.<field>`"),
        ("(" * 200 + "closed" + ")" * 200, "levels of brackets"),
        ("closed" + " && closed" * 500, "at most 2000 characters"),
    ],
)
def test_what_can_be_known_to_be_wrong_is_refused_at_load(text, reason):
    with pytest.raises(ConditionError) as refused:
        compile_condition(text)

    assert reason in refused.value.reason


def test_a_mistake_is_placed_in_the_file(refuse):
    (single,) = refuse(when="when:\n  object: ticket\n  events: [created]\n  where: \"status = 'new'\"")
    (block,) = refuse(
        when="when:\n  object: ticket\n  events: [created]\n  where: |\n    closed &&\n    status = 'new'"
    )

    assert single == "7: when.where: column 18: one `=` is no comparison, write `==`"
    assert block.startswith("9: when.where: column 8: ")


def test_a_condition_that_says_nothing_is_refused(refuse):
    problems = refuse(when="when: {object: ticket, events: [created], where: true}")

    assert any("leave `where` out" in said for said in problems)


def names(text: str) -> Condition:
    return compile_condition(text)


def test_the_context_builder_learns_what_must_be_read():
    found = names(
        "status in ['new', \"open\"] && account.industry != 'health' && amount > 5.0 && record.channel == 'web' "
        "&& changed.from.priority == 'low' && now - created > duration('1h') && account['owner'] != null "
        "&& tasks.exists(t, t.status == 'done' && t.due < now) && subject.contains('status == x') && tags.size() > 0"
    ).names

    assert found.fields == {"status", "amount", "channel", "created", "subject", "tags"}
    assert found.related == {"account": {"industry", "owner"}, "tasks": {"status", "due"}}
    assert found.changed == {"priority"}
    assert found.compared == {
        "status": {"new", "open"},
        "account.industry": {"health"},
        "channel": {"web"},
        "priority": {"low"},
        "tasks.status": {"done"},
    }


def test_a_name_bound_by_a_macro_hides_a_field_only_inside_it():
    assert names("tags.exists(t, t == 'x') && t == 'y'").names.fields == {"tags", "t"}
    assert names("tags.exists(t, t == 'x')").names.fields == {"tags"}
    assert names("[1, 2].exists(i, i > count)").names.fields == {"count"}
    chained = "tasks.filter(t, t.status == 'a').exists(u, u.due < now)"
    assert names(chained).names.related == {"tasks": {"status", "due"}}
    assert names("tags.exists(t, tasks.exists(u, u.status == t))").names.related == {"tasks": {"status"}}


def test_every_name_the_library_finds_is_found():
    text = "a.b.c == d || (e ? f : g[h]) in [i, {'j': k}] || l.m(n.o) || -p < q.r('s').t"

    found = compile_condition(text.replace("l.m(n.o)", "l.contains(n.o)").replace("q.r('s').t", "size(q)")).names
    assert found.roots == {"a", "d", "e", "f", "g", "h", "i", "k", "l", "n", "p", "q"}

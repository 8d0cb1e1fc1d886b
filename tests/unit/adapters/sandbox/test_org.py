"""The org engine: rows, history, merges, transactions, late writes, automations, log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox import Actor, Faults, Org, OrgClock, Row, RowKey
from adapters.sandbox.associations import LinkKind
from adapters.sandbox.automations import Written, rewrite_when
from adapters.sandbox.refusals import PreconditionFailedError, RowDeletedError, RowMissingError, WriteRefusedError
from adapters.sandbox.rows import Value
from adapters.sandbox.schema import FieldDefinition, Hanging, ObjectDefinition, OrgSchema, Values

START = datetime(2026, 11, 21, 9, tzinfo=UTC)
AGENT, REP, SETUP = (Actor(kind=kind, user=kind) for kind in ("agent", "rep", "setup"))  # type: ignore[arg-type]
LOG_KEYS = ["time", "kind", "actor", "record", "field", "before", "after", "marker", "request"]


def _doubled(values: Values, before: Values | None, stamp: int) -> dict[str, Value]:
    return {"double": int(str(values["size"])) * 2} if values.get("size") is not None else {}


def schema(*, touch_on_equal: bool = True) -> OrgSchema:
    thing = ObjectDefinition(
        name="thing",
        fields={
            field.name: field
            for field in (
                FieldDefinition(name="name", kind="text", required=True),
                FieldDefinition(name="code", kind="text", unique=True),
                FieldDefinition(name="size", kind="number"),
                FieldDefinition(name="double", kind="number", calculated=True),
                FieldDefinition(name="parent", kind="reference", references=("thing",)),
            )
        },
        derive=_doubled,
    )
    job = ObjectDefinition(
        name="job",
        fields={
            "title": FieldDefinition(name="title", kind="text"),
            "about": FieldDefinition(name="about", kind="reference", references=("thing",)),
            "external": FieldDefinition(name="external", kind="text", unique=True),
        },
        hanging=Hanging(
            kind="task", text="title", parents=("about",), external_ids=("external",), marked_texts=("title",)
        ),
    )
    return OrgSchema(
        flavour="test",
        objects={"thing": thing, "job": job},
        accept=lambda field, value: value,  # type: ignore[arg-type,return-value]
        new_id=lambda definition, number: str(number),
        touch_on_equal=touch_on_equal,
    )


@pytest.fixture
def clock() -> OrgClock:
    return OrgClock(START)


@pytest.fixture
def org(clock: OrgClock) -> Org:
    return Org(schema=schema(), clock=clock, faults=Faults(Random(3)))


def test_each_effective_change_is_kept_with_who_and_when(org: Org, clock: OrgClock) -> None:
    row = org.create("thing", {"name": "a"}, actor=REP)
    clock.advance(timedelta(seconds=5))
    org.update("thing", row.id, {"name": "b"}, actor=AGENT, request="r1")
    org.update("thing", row.id, {"name": "b"}, actor=AGENT, request="r2")
    changes = [(each.before, each.after, each.user, each.request) for each in org.history.of(row.key, "name")]
    assert changes == [(None, "a", "rep", None), ("a", "b", "agent", "r1")]


def test_an_equal_write_moves_the_stamps_only_in_a_flavour_that_does_so(clock: OrgClock) -> None:
    revisions = []
    for touch_on_equal in (True, False):
        org = Org(schema=schema(touch_on_equal=touch_on_equal), clock=clock)
        row = org.create("thing", {"name": "a"}, actor=REP)
        revisions.append(org.update("thing", row.id, {"name": "a"}, actor=AGENT).revision)
    assert revisions == [2, 1]


def test_a_refused_write_stores_nothing(org: Org) -> None:
    org.create("thing", {"name": "a", "code": "x"}, actor=REP)
    before = (len(org.log), org.count("thing"))
    for values in ({"code": "y"}, {"name": "b", "code": "X"}, {"name": "b", "double": 4}, {"name": "b", "no": 1}):
        with pytest.raises(WriteRefusedError):
            org.create("thing", values, actor=REP)
    assert (len(org.log), org.count("thing")) == before


def test_a_value_the_crm_computes_is_logged_as_an_automations(org: Org) -> None:
    row = org.create("thing", {"name": "a", "size": 1}, actor=REP)
    org.update("thing", row.id, {"size": 4}, actor=AGENT)
    last = [(line.actor, line.field, line.before, line.after) for line in org.log.entries()[-2:]]
    assert last == [("agent", "size", 1, 4), ("automation", "double", 2, 8)]


def test_an_automation_rewrites_what_an_agent_or_a_rep_wrote_and_nothing_else(org: Org) -> None:
    org.automations.append(rewrite_when("thing", "name", lambda row: {"name": f"{row.get('name')}!"}))
    row = org.create("thing", {"name": "a"}, actor=REP)
    assert org.update("thing", row.id, {"name": "b"}, actor=AGENT).get("name") == "b!"
    assert org.update("thing", row.id, {"name": "c"}, actor=SETUP).get("name") == "c"
    assert [change.actor for change in org.history.of(row.key, "name")] == ["rep", "agent", "automation", "setup"]


def test_an_automation_sees_the_row_before_and_after(org: Org) -> None:
    seen: list[Written] = []

    def watch(written: Written) -> Mapping[str, Value]:
        seen.append(written)
        return {}

    org.automations.append(watch)
    row = org.create("thing", {"name": "a"}, actor=REP)
    org.update("thing", row.id, {"name": "b"}, actor=REP)
    assert [(each.before and each.before.get("name"), each.row.get("name")) for each in seen] == [
        (None, "a"),
        ("a", "b"),
    ]


def test_a_rep_can_write_between_the_agents_read_and_its_write(org: Org) -> None:
    row = org.create("thing", {"name": "a"}, actor=REP)

    def edit(live: Row, values: Mapping[str, object]) -> None:
        org.update("thing", live.id, {"name": "rep"}, actor=REP)

    def unchanged(live: Row) -> None:
        if live.revision != row.revision:
            raise PreconditionFailedError(live)

    org.before_agent_write.append(edit)
    with pytest.raises(PreconditionFailedError):
        org.update("thing", row.id, {"name": "agent"}, actor=AGENT, precondition=unchanged)
    assert org.get("thing", row.id).get("name") == "rep"


def test_hooks_hear_what_the_agent_read(org: Org) -> None:
    heard: list[Sequence[Row]] = []
    org.after_agent_read.append(heard.append)
    row = org.create("thing", {"name": "a"}, actor=REP)
    org.agent_read([row])
    assert heard == [[row]]


def test_a_merge_fills_blanks_moves_children_and_leaves_an_alias(org: Org) -> None:
    winner = org.create("thing", {"name": "w"}, actor=REP)
    loser = org.create("thing", {"name": "l", "size": 3}, actor=REP)
    child = org.create("thing", {"name": "c", "parent": loser.id}, actor=REP)
    job = org.create("job", {"title": "t"}, actor=REP)
    org.associate(loser.key, job.key, LinkKind("X", 1), inverse=LinkKind("X", 2), actor=REP)
    org.merge("thing", winner.id, [loser.id], actor=REP)
    assert org.get("thing", winner.id).values["size"] == 3
    assert org.get("thing", child.id).get("parent") == winner.id
    assert org.associations.of(winner.key) == [(job.key, (LinkKind("X", 1),))]
    assert org.associations.of(job.key) == [(winner.key, (LinkKind("X", 2),))]
    with pytest.raises(RowDeletedError) as gone:
        org.get("thing", loser.id)
    assert gone.value.row.merged_into == winner.id
    resolved = org.resolve("thing", loser.id)
    assert resolved is not None
    assert resolved.id == winner.id


def test_a_merge_into_a_new_row_makes_aliases_of_both(org: Org) -> None:
    first = org.create("thing", {"name": "w", "code": "k"}, actor=REP)
    second = org.create("thing", {"name": "l"}, actor=REP)
    merged = org.merge("thing", first.id, [second.id], actor=REP, into_new=True)
    assert (merged.id, merged.get("name"), merged.get("code")) == ("3", "w", "k")
    found = [org.resolve("thing", row.id) for row in (first, second)]
    assert [row and row.id for row in found] == ["3", "3"]


def test_a_deleted_row_comes_back_and_an_erased_one_does_not(org: Org) -> None:
    row = org.create("thing", {"name": "a"}, actor=REP)
    org.delete("thing", row.id, actor=REP)
    assert [each.id for each in org.rows("thing")] == []
    assert [each.id for each in org.rows("thing", deleted=True)] == [row.id]
    assert org.undelete("thing", row.id, actor=REP).deleted is None
    org.erase("thing", row.id, actor=REP)
    with pytest.raises(RowMissingError):
        org.get("thing", row.id)


def test_a_failed_transaction_leaves_rows_links_history_and_log_as_they_were(org: Org) -> None:
    row = org.create("thing", {"name": "a"}, actor=REP)
    job = org.create("job", {"title": "t"}, actor=REP)
    before = (org.rows_with("thing", "code", "k"), len(org.log), org.history.of(row.key), org.associations.of(row.key))

    def fail() -> None:
        with org.transaction():
            org.update("thing", row.id, {"name": "b", "code": "k"}, actor=AGENT)
            org.create("thing", {"name": "new"}, actor=AGENT)
            org.associate(row.key, job.key, LinkKind("X", 1), actor=AGENT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert org.get("thing", row.id) == row
    after = (org.rows_with("thing", "code", "k"), len(org.log), org.history.of(row.key), org.associations.of(row.key))
    assert (after, org.count("thing")) == (before, 1)


def test_a_late_write_shows_the_old_row_until_it_commits(org: Org, clock: OrgClock) -> None:
    row = org.create("thing", {"name": "a"}, actor=REP)
    org.faults.arm("late_commit", 2)
    org.update("thing", row.id, {"name": "b"}, actor=REP)
    org.create("thing", {"name": "new"}, actor=REP)
    assert [each.get("name") for each in org.rows("thing")] == ["a"]
    assert org.oldest_open_write("thing") == clock.stamp()
    clock.advance(timedelta(seconds=50))
    assert [each.get("name") for each in org.rows("thing")] == ["b", "new"]
    assert org.oldest_open_write("thing") is None


def test_a_touch_moves_the_stamp_alone(org: Org, clock: OrgClock) -> None:
    row = org.create("thing", {"name": "a"}, actor=REP)
    clock.advance(timedelta(seconds=5))
    touched = org.touch("thing", row.id)
    assert (touched.stamp - row.stamp, touched.modified, touched.values) == (5000, row.modified, row.values)


def test_a_task_is_logged_on_the_record_it_hangs_on_with_its_marker(org: Org) -> None:
    thing = org.create("thing", {"name": "a"}, actor=REP)
    org.create("job", {"title": "Call", "about": thing.id, "external": "m-1"}, actor=AGENT, request="r")
    org.create("job", {"title": "Write [connector:abcd1234]"}, actor=AGENT, links=[(thing.key, LinkKind("X", 1), None)])
    alone = org.create("job", {"title": "Lone"}, actor=AGENT)
    org.associate(alone.key, thing.key, LinkKind("X", 1), actor=AGENT)
    tasks = [(line.record, line.after, line.marker) for line in org.log.entries() if line.field == "task"]
    assert tasks == [
        ("thing/1", "Call", "m-1"),
        ("thing/1", "Write [connector:abcd1234]", "abcd1234"),
        (None, "Lone", None),
        ("thing/1", "Lone", None),
    ]


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("Call back [name:0a1b2c3d4e]", "0a1b2c3d4e"),
        ("Call back\n\n[some-name 0a1b2c3d4e5f60718293]", "0a1b2c3d4e5f60718293"),
        ("ref: 2026-0a1b2c3d", "2026-0a1b2c3d"),
        ("Call back [see attachment]", None),
        ("Reference customer in Porto", None),
    ],
)
def test_a_marker_is_found_in_the_text_of_a_task(org: Org, text: str, marker: str | None) -> None:
    org.create("job", {"title": text}, actor=AGENT)
    assert org.log.entries()[-1].marker == marker


def test_the_log_is_exported_with_exactly_its_keys(org: Org, tmp_path: Path) -> None:
    row = org.create("thing", {"name": "ä"}, actor=REP)
    org.log_call(AGENT, "GET /x", status=200, record=row.key, request="r")
    org.log.export(tmp_path / "log.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    assert [list(line) for line in lines] == [LOG_KEYS, LOG_KEYS]
    assert (lines[0]["time"], lines[0]["after"], lines[0]["before"]) == ("2026-11-21T09:00:00.000Z", "ä", None)
    assert (lines[1]["kind"], lines[1]["record"], lines[1]["after"]) == ("call", "thing/1", 200)


def test_options_and_fields_can_be_defined_later(org: Org) -> None:
    row = org.create("thing", {"name": "a"}, actor=REP)
    stamp = org.metadata_stamp
    org.add_field("thing", FieldDefinition(name="kind", kind="enumeration", restricted=True))
    org.set_options("thing", "kind", ["x", "y"])
    assert org.update("thing", row.id, {"kind": "x"}, actor=AGENT).get("kind") == "x"
    with pytest.raises(WriteRefusedError):
        org.update("thing", row.id, {"kind": "z"}, actor=AGENT)
    assert org.metadata_stamp > stamp
    assert "kind" not in schema().objects["thing"].fields


def test_a_clock_follows_its_source_until_it_is_moved() -> None:
    times = iter(
        [START, START, START + timedelta(seconds=1), START + timedelta(seconds=1), START + timedelta(seconds=2)]
    )
    clock = OrgClock.following(lambda: next(times))
    assert clock.now() == START + timedelta(seconds=1)
    clock.jump(START - timedelta(hours=1))
    assert clock.now() == START - timedelta(hours=1) + timedelta(seconds=1)


def test_links_have_kinds_and_are_removed_one_by_one(org: Org) -> None:
    one, two = (org.create("thing", {"name": name}, actor=REP).key for name in "ab")
    plain, labelled = LinkKind("X", 1), LinkKind("U", 7, "buyer")
    assert [org.associate(one, two, kind, actor=REP) for kind in (plain, plain, labelled)] == [True, False, True]
    org.dissociate(one, two, plain, actor=REP)
    assert org.associations.of(one, "thing") == [(two, (labelled,))]
    with pytest.raises(RowMissingError):
        org.associate(one, RowKey("thing", "99"), plain, actor=REP)


_EDITS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["a", "b", "c"]), st.booleans()), max_size=20)


@given(_EDITS)
def test_history_and_log_replay_to_the_rows_as_they_stand(edits: list[tuple[int, str, bool]]) -> None:
    clock = OrgClock(START)
    org = Org(schema=schema(), clock=clock)
    keys = [org.create("thing", {"name": "start"}, actor=SETUP).key for _ in range(3)]
    for place, name, fails in edits:
        try:
            with org.transaction():
                org.update("thing", keys[place].id, {"name": name}, actor=AGENT)
                if fails:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            continue
    for key in keys:
        logged = [line.after for line in org.log.entries() if line.record == str(key) and line.field == "name"]
        assert org.get(*key).get("name") == org.history.of(key, "name")[-1].after == logged[-1]

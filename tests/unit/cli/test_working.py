"""The commands people work with, against a served CRM: what they say is what the CRM and the journal hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from connector.change import inbox
from connector.cli.opening import open_state
from connector.clock import SystemClock
from connector.daemon import only_daemon
from connector.record import RecordRef
from connector.settings import load_settings
from tests.unit.cli.conftest import Company, Program

BILLING = ("Charged twice in March", "My card was charged twice, both times 90 euros. The invoice shows the wrong amount.")


@pytest.fixture
def asked(company: Company, program: Program) -> tuple[str, dict[str, str]]:
    """A new ticket that was decided: its ref, and the ids of its approvals by field."""
    ticket = company.crm.arrive(*BILLING)
    said = program("run", "--once", "--linger", 2, "--json")
    assert said.code == 0, said.err
    ref = f"crm:ticket/{ticket}"
    listed = program("approvals", "list", "--json", "--limit", 500).document["approvals"]
    return ref, {one["field"]: one["id"] for one in listed if one["record"] == ref}


def test_plan_says_what_run_then_asks_and_writes_nothing(company: Company, program: Program) -> None:
    ticket = company.crm.arrive(*BILLING)
    before = len(company.crm.org.log)
    said = program("plan", "--record", f"crm:ticket/{ticket}", "--json")
    assert said.code == 0, said.err
    planned = {row["field"]: row["after"] for row in said.document["changes"]}
    writes = [line for line in company.crm.org.log.since(before) if line.kind == "write"]
    assert not writes
    program("run", "--once", "--linger", 2, "--json")
    listed = program("approvals", "list", "--json", "--limit", 500).document["approvals"]
    ids = [one["id"] for one in listed if one["record"] == f"crm:ticket/{ticket}"]
    # One in five is asked blind, and which one is drawn by chance.
    shown = [program("approvals", "show", one, "--reveal", "--json").document for one in ids]
    asked = {one["field"]: one["ours"] for one in shown}
    assert planned["category"] == "Billing"
    assert planned == asked


def test_an_approved_value_is_written_and_can_be_explained_and_taken_back(
    company: Company, program: Program, asked: tuple[str, dict[str, str]]
) -> None:
    ref, ids = asked
    ticket, field = ref.partition("/")[2], company.crm.names.category
    card = program("approvals", "show", ids["category"][:8], "--reveal", "--json").document
    assert (card["base"], card["live"], card["ours"], card["moved"]) == (None, None, "Billing", False)
    assert any("charged twice" in quoted["quote"].casefold() for quoted in card["evidence"])
    assert program("approvals", "approve", ids["category"], "--remark", "checked").code == 0
    program("run", "--once", "--linger", 2, "--json")
    assert company.crm.value(ticket, field) == "Billing"

    story = program("explain", ref, "category", "--json").document
    [told] = story["fields"]
    assert (told["value"], told["whose"]) == ("Billing", "ours")
    assert "robin" in {step["actor"] for step in story["steps"]}
    assert any(step["policy_line"] and "ticket-triage.yaml:" in step["policy_line"] for step in story["steps"])

    preview = program("revert", "plan", "--record", ref, "--json").document
    assert [one["does"] for one in preview["reversals"]] == ["restore"]
    assert company.crm.value(ticket, field) == "Billing"
    assert program("revert", "apply", "--record", ref, "--yes").code == 0
    program("run", "--once", "--linger", 2, "--json")
    assert company.crm.value(ticket, field) is None
    [told] = program("explain", ref, "category", "--json").document["fields"]
    assert (told["value"], told["ours"]) == ("(empty)", "Billing")
    assert told["whose"] == "the value from before our write, put back"


def test_a_later_edit_by_a_person_stays_when_a_write_is_taken_back(
    company: Company, program: Program, asked: tuple[str, dict[str, str]]
) -> None:
    ref, ids = asked
    ticket, field = ref.partition("/")[2], company.crm.names.category
    program("approvals", "approve", ids["category"])
    program("run", "--once", "--linger", 2, "--json")
    company.crm.edit(ticket, field, "Refund")
    preview = program("revert", "plan", "--record", ref, "--json").document
    assert [one["does"] for one in preview["reversals"]] == ["nothing"]
    program("revert", "apply", "--record", ref, "--yes")
    program("run", "--once", "--linger", 2, "--json")
    assert company.crm.value(ticket, field) == "Refund"


def test_an_edit_after_the_approval_stays_and_the_question_is_asked_again(
    company: Company, program: Program, asked: tuple[str, dict[str, str]]
) -> None:
    ref, ids = asked
    ticket, field = ref.partition("/")[2], company.crm.names.category
    program("approvals", "approve", ids["category"])
    company.crm.edit(ticket, field, "Refund")
    program("run", "--once", "--linger", 2, "--json")
    assert company.crm.value(ticket, field) == "Refund"
    said = program("explain", ref, "category")
    assert "somebody else's, set after we decided; we wanted “Billing”" in " ".join(said.out.split())
    listed = program("approvals", "list", "--json", "--limit", 500).document["approvals"]
    [again] = [one for one in listed if one["record"] == ref and one["field"] == "category"]
    assert again["base"] == "Refund"


def test_another_value_can_be_written_instead_if_the_crm_knows_it(
    company: Company, program: Program, asked: tuple[str, dict[str, str]]
) -> None:
    ref, ids = asked
    assert program("approvals", "edit", ids["category"], "Bananas").code == 2
    assert program("approvals", "edit", ids["category"], "Refund").code == 0
    program("run", "--once", "--linger", 2, "--json")
    assert company.crm.value(ref.partition("/")[2], company.crm.names.category) == "Refund"


def test_a_second_verdict_finds_the_first_and_says_so(
    company: Company, program: Program, asked: tuple[str, dict[str, str]]
) -> None:
    one = asked[1]["category"]
    assert program("approvals", "reject", one, "--json").document == {"settled": [one], "refused": []}
    again = program("approvals", "approve", one, "--json")
    assert again.code == 1
    assert again.document["refused"] == [f"approval {one} is rejected already (by robin)"]


def test_an_unclear_case_is_claimed_and_closed(company: Company, program: Program) -> None:
    ticket = company.crm.arrive("Re: Re: Fwd:", "zzz qqq xxyzzy plugh")
    program("run", "--once", "--linger", 3, "--json")
    listed = program("handoffs", "list", "--json").document["handoffs"]
    [case] = [one for one in listed if one["record"] == f"crm:ticket/{ticket}"]
    assert case["when_unanswered"] == "then it goes to support-manager"
    assert program("handoffs", "claim", case["id"]).code == 0
    shown = program("handoffs", "show", case["id"], "--json").document
    assert shown["owner"] == "robin"
    assert "zzz qqq xxyzzy plugh" in [one["quote"] for one in shown["evidence"]]
    assert "“zzz qqq xxyzzy plugh”" in program("handoffs", "show", case["id"]).out
    assert program("handoffs", "close", case["id"], "--remark", "called").code == 0
    assert program("handoffs", "show", case["id"], "--json").document["state"] == "closed"


def test_status_names_every_key_and_what_is_waiting(
    company: Company, program: Program, asked: tuple[str, dict[str, str]]
) -> None:
    stands = program("status", "--quota", "--json").document
    assert stands["running"] is None
    assert stands["capture"][0]["baseline_done"] is True
    assert stands["approvals"]["open"] >= len(asked[1])
    [cell] = [one for one in stands["cells"] if one["cell"] == "crm/ticket-triage/ticket/update/category"]
    assert (cell["state"], cell["labels_needed"]) == ("supervised", 200)
    assert stands["quota"][0]["trouble"] is None
    assert {one["learner"] for one in stands["learners"]} >= {"crm/ticket-triage/ticket/category"}
    told = " ".join(program("status").out.split())
    assert "tested at 200, 400, 800 and 1,600 verdicts" in told
    assert "98 % takes at least 149 without an error" in told


def test_the_verdicts_still_needed_are_those_of_the_policys_own_target(
    company: Company, program: Program, asked: tuple[str, dict[str, str]]
) -> None:
    file = company.folder / "policies" / "ticket-triage.yaml"
    before = file.read_text()
    file.write_text(re.sub(r"target: [\d.%]+", "target: 0.99", before))
    assert file.read_text() != before
    question = asked[1]["category"]
    assert program("approvals", "approve", question).code == 0
    told = program("approvals", "show", question, "--json").document["earned"]
    assert told == "1 of 1 verdicts agreed so far; 399 more until autonomy is tested"
    assert "99 % takes at least 299 without an error" in " ".join(program("status").out.split())


def test_a_running_service_is_seen_and_a_second_one_refused(company: Company, program: Program) -> None:
    import os

    from connector.daemon import only_daemon

    with only_daemon(company.folder / "state"):
        assert program("status", "--json").document["running"] == os.getpid()
        said = program("run", "--once", "--linger", 2)
    assert said.code == 1
    assert "another daemon" in said.err


def test_the_journal_is_verified_exported_and_a_change_is_found(
    company: Company, program: Program, asked: tuple[str, dict[str, str]]
) -> None:
    assert program("journal", "verify", "--strict", "--json").document["problems"] == []
    lines = [json.loads(line) for line in program("journal", "export").out.splitlines()]
    assert [line["seq"] for line in lines] == sorted(line["seq"] for line in lines)
    store = open_state(load_settings(company.config))
    with store.transaction("tamper") as tx:
        tx.run("UPDATE journal_entries SET actor = 'nobody' WHERE seq = :seq", seq=lines[-1]["seq"])
    store.close()
    said = program("journal", "verify", "--json")
    assert said.code == 0
    assert said.document["problems"]
    assert program("journal", "verify", "--strict").code == 1


def test_who_waits_for_run_once_is_shown_how_far_it_is(
    company: Company, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    @contextmanager
    def watched(first: str) -> Iterator[Callable[[str], None]]:
        yield shown.append

    monkeypatch.setattr("connector.cli.run.meanwhile", watched)
    company.crm.arrive(*BILLING)
    assert program("run", "--once", "--linger", 2).code == 0
    assert any(re.search(r"[1-9]\d* changes read, [1-9]\d* decided", line) for line in shown), shown
    assert shown[-1].endswith("learning")


def test_erasing_a_record_removes_its_words_and_the_journal_still_verifies(company: Company, program: Program) -> None:
    ref = f"crm:ticket/{company.crm.arrive('Charged twice in the quokka shop', BILLING[1])}"
    program("run", "--once", "--linger", 2, "--json")
    assert "quokka" in program("journal", "export").out
    said = program("erase", "--record", ref, "--json")
    assert said.code == 0, said.err
    assert said.document["journal_bodies"] > 0
    assert "quokka" not in program("journal", "export").out
    assert program("journal", "verify", "--strict").code == 0
    again = " ".join(program("erase", "--record", ref, "--yes").out.split())
    assert "1 record erased" in again
    assert "What still stands in the CRM is read again" in again


def test_erasing_a_person_finds_the_records_that_mention_them(company: Company, program: Program) -> None:
    ticket = company.crm.arrive("Charged twice", "My card was charged twice. Write to Jo_B@example.com about the invoice.")
    program("run", "--once", "--linger", 2, "--json")
    said = program("erase", "--person", "jo_b@example.com", "--json")
    assert f"crm:ticket/{ticket}" in said.document["records"]
    assert "jo_b@example.com" not in program("journal", "export").out.lower()
    assert program("erase", "--person", "joxb@example.com", "--json").code == 1


def test_what_was_set_aside_can_be_put_back(company: Company, program: Program) -> None:
    from connector.adapter import ChangeEvent, ChangeKind, ChangeOrigin

    ref = RecordRef.parse(f"crm:ticket/{company.crm.arrive(*BILLING)}")
    store = open_state(load_settings(company.config))
    event = ChangeEvent(ref=ref, kind=ChangeKind.CHANGED, origin=ChangeOrigin.HINT, occurred_at=SystemClock().now())
    with store.transaction("test: buried") as tx:
        inbox.put(tx, [event])
        queued = tx.one("SELECT seq FROM change_inbox WHERE record = :id", id=ref.id)
        assert queued is not None
        inbox.bury(tx, queued["seq"], "TypeError: in parse")
    store.close()
    assert program("status", "--json").document["set_aside"][0]["reason"] == "TypeError: in parse"
    assert program("requeue", ref, "--json").document == {"requeued": [str(ref)]}
    program("run", "--once", "--linger", 2, "--json")
    assert program("explain", ref, "--json").document["steps"]


def test_a_learner_is_pinned_and_needs_an_earlier_one_to_go_back_to(company: Company, program: Program) -> None:
    name = "crm/ticket-triage/ticket/category"
    listed = program("learner", "list", "--json").document["learners"]
    assert name in {one["learner"] for one in listed if one["acting"]}
    assert program("learner", "pin", name, 1, "--json").document["pinned"] is True
    assert program("learner", "rollback", name).code == 1
    assert program("learner", "pin", "category").code == 2


def test_a_backfill_decides_older_records_and_goes_on_under_its_name(company: Company, program: Program) -> None:
    wanted = ("backfill", "autumn", "--policy", "ticket-triage", "--limit", 30, "--yes", "--json")
    first = program(*wanted)
    assert first.code == 0, first.err
    assert first.document["queued"] == 30
    assert first.document["estimate"]["records"] == 30
    assert program(*wanted).document["queued"] == 30
    other = program("backfill", "autumn", "--policy", "ticket-triage", "--limit", 31, "--yes")
    assert other.code == 1
    assert "other bounds" in other.err


def test_a_backfill_beside_a_service_is_left_to_it(company: Company, program: Program) -> None:
    """The lock says that a service runs; the rounds of `run --once` do its work."""
    state = company.folder / "state"
    wanted = ("backfill", "winter", "--policy", "ticket-triage", "--limit", 20, "--json")
    with only_daemon(state):
        left = program(*wanted, "--detach")
    assert (left.code, left.document["carried_by"], left.document["queued"]) == (0, "service", 0)
    assert program("backfill", "winter", "--stop", "--json").document == {
        "name": "winter", "queued": 0, "done": False, "stopped": True,
    }  # fmt: skip
    program("run", "--once", "--linger", 2)
    assert program("backfill", "winter", "--detach", "--json").document["queued"] == 0
    done = program("run", "--once", "--linger", 2, "--json").document
    assert done["finished"]
    with only_daemon(state):
        seen = program("backfill", "winter", "--json").document
    assert (seen["queued"], seen["done"], seen["decided"]) == (20, True, None)
    missing = program("backfill", "spring", "--stop")
    assert (missing.code, "no backfill 'spring'" in missing.err) == (1, True)


def test_nothing_large_happens_unasked(company: Company, program: Program, asked: tuple[str, dict[str, str]]) -> None:
    for wanted in (("revert", "apply", "--record", asked[0]), ("erase", "--record", asked[0])):
        said = program(*wanted)
        assert said.code in (0, 2)
        assert "erased" not in said.out
    assert program("journal", "verify", "--json").document["erased"] == 0


KNOWLEDGE = "# Returns\n\nOpened goods can be returned within 14 days with the original invoice.\n"


def test_knowledge_is_indexed_searched_and_its_problems_are_said(company: Company, program: Program) -> None:
    folder = company.folder / "knowledge" / "support-policies"
    folder.mkdir(parents=True)
    (folder / "returns.md").write_text(KNOWLEDGE)
    company.config.write_text(company.config.read_text() + "knowledge: knowledge\n")
    company.policy("context: {related: [account, contact]}", "context: {related: [account], knowledge: [support-policies]}")
    assert program("index", "rebuild", "--json").document["entries"] == 1
    found = program("index", "search", "opened goods returned", "--name", "support-policies", "--json").document["hits"]
    assert found[0]["source"].startswith("support-policies/returns.md")
    assert program("index", "add", "absent", "--json").document["knowledge"][0]["problems"]


def misspelt_setting(company: Company) -> None:
    company.config.write_text(company.config.read_text() + "pol: 5s\n")


def unknown_key(company: Company) -> None:
    text = company.config.read_text()
    company.config.write_text(text.replace("    system: hubspot", "    system: hubspot\n    colour: red"))


BROKEN: dict[str, tuple[Callable[[Company], None], str, str]] = {
    "a broken policy": (lambda c: c.policy("target: 98%", "targt: 98%"), "gate.targt: unknown key", "policies.md"),
    "a field the CRM lacks": (lambda c: c.policy("category: {conflict", "colour: {conflict"), "no field `colour`", "map"),
    "an option the CRM lacks": (lambda c: c.policy("[low, normal, high]", "[low, normall]"), "no option `normall`", "map"),
    "a setting misspelt": (misspelt_setting, "pol: unknown key, did you mean `poll`?", "correct"),
    "a key the adapter does not know": (unknown_key, "connections.crm.colour: unknown key", "check"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_check_finds(name: str, company: Company, program: Program) -> None:
    breaks, problem, fix = BROKEN[name]
    assert program("check", "--json").document["fatal"] == 0
    breaks(company)
    said = program("check", "--json")
    assert said.code == 0
    [found] = [one for one in said.document["problems"] if problem in one["problem"]]
    assert found["fatal"]
    assert fix in found["fix"]
    assert program("check", "--strict").code == 1
    assert program("run", "--once", "--linger", 2).code == 1


def test_check_before_the_first_run_leaves_a_state_only_its_owner_can_enter(company: Company, program: Program) -> None:
    import shutil

    shutil.rmtree(company.folder / "state")
    assert program("check", "--json").document == {"ok": True, "fatal": 0, "problems": []}
    assert (company.folder / "state").stat().st_mode & 0o077 == 0


def test_check_finds_a_wrong_token(company: Company, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CONNECTOR_CRM_ACCESS_TOKEN", "pat-eu1-wrong")
    said = program("check", "--json")
    assert [one["subject"] for one in said.document["problems"] if one["fatal"]] == ["crm: credentials"]
    assert "pat-eu1-wrong" not in said.out + said.err


def test_several_problems_are_said_at_once(company: Company, program: Program) -> None:
    company.policy("target: 98%", "targt: 98%")
    company.policy("share_of_object: 10%", "share_of_object: 140%")
    assert program("check", "--json").document["fatal"] >= 2


def test_an_edited_policy_is_taken_up_and_a_wrong_edit_is_not(company: Company) -> None:
    from connector.cli.log import Quiet
    from connector.cli.road import open_policies, open_road
    from connector.cli.run import Reloading

    settings = load_settings(company.config)
    in_force = open_policies(settings)
    with open_road(settings, in_force.current, Quiet()) as road:
        reload = Reloading(road, in_force)
        company.policy("target: 98%", "target: 95%")
        reload()
        [policy] = road.pipeline.policies
        assert float(policy.gate.target) == 0.95
        company.policy("category: {conflict", "colour: {conflict")
        reload()
        [policy] = road.pipeline.policies
        assert "category" in policy.may.update


def test_a_record_of_no_connection_is_misuse_and_says_which_there_are(company: Company, program: Program) -> None:
    said = program("plan", "--record", "nope:ticket/1")
    assert said.code == 2, said.err
    assert "no connection 'nope', only crm" in said.err
    assert program("journal", "show", "--limit", "9" * 24).code == 2

"""A policy file is loaded as it was meant or refused with everything that is wrong."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connector.decision.agents import AGENTS
from connector.errors import PolicyError
from connector.policy import (
    CustomAgent,
    Duration,
    Every,
    NamedAgent,
    OnOverwrite,
    OutputKind,
    Proof,
    Scope,
    Supervision,
    Tier,
    TierStep,
    Unanswered,
    Wake,
    load_policies,
    parse_policy,
)
from connector.record import ActionKind, ConflictRule, ObjectType

FULL = """
schema: 1
policy: everything
goal: Uses every section.
timezone: Europe/Berlin
connections: [crm]
when:
  object: opportunity
  events: [created, changed, associated, agent_write]
  fields: [stage, amount]
  where: account.industry == 'health' && amount > 1000
  related: {email: [created], call: [created, changed]}
  every: 1 day
  at: "07:30"
  after: {field: last_activity, silent_for: 5 days}
  before: {field: close_date, by: 30 minutes}
agent: pipeline
reason: {cascade: [offline, {tier: fast, accept: 99%}], accept: 0.97, searches: 2, usd_per_day: 5, usd_per_record: 0.02}
context: {related: [account, contact], lookups: [orders], knowledge: [playbook], never: [card_number], mask: [phone]}
may:
  update:
    stage: {options: [open, won], forward_only: true, conflict: review, values: {won: {approval: always}}}
    amount: {min: 0, max: 50000.50, needs: any, on_overwrite: restore}
    close_date: {min: 2026-01-01, approval: never}
    next_step: {max_length: 200, conflict: agent_owned}
  create_task: {subject: Call them, due: 2 business days, assign: [owner]}
  create_note:
  draft_email: {to: [contact]}
  send_email: {approval: until_earned, to: [contact]}
  notify: {channels: [sales], approval: never}
  schedule_meeting: {invite: [contact], within: 10 business days, lasts: 45 minutes}
  start_workflow: {workflows: [renewal]}
  call_endpoint: {endpoints: [erp], needs: staff}
gate: {supervised: always, target: 99.5%, audit: 0.05, needs: any, approvers: sales-leads, expires: 2 days}
limits:
  writes_per_record_per_day: 2
  records_per_hour: 100
  share_of_object: 5%
  actions_per_decision: 4
  actions_per_run: 1000
  usd_per_day: 3
  error_budget: 2%
  per_day: {send_email: 20}
handoff: {to: ann, due: 4h, then: [bob, carl], default: wait}
"""


def test_every_section_of_a_full_policy_is_read():
    policy = parse_policy(FULL)

    assert policy.when.object is ObjectType.OPPORTUNITY
    assert policy.when.events == frozenset(Wake)
    assert policy.when.related[ObjectType.EMAIL] == {Wake.CREATED}
    assert policy.when.every == Every(interval=Duration(span=timedelta(days=1)), at=time(7, 30))
    assert policy.when.after is not None
    assert policy.when.after.silent_for == Duration(span=timedelta(days=5))
    assert policy.when.before is not None
    assert policy.when.before.by == Duration(span=timedelta(minutes=30))
    assert policy.reason.cascade == (
        TierStep(tier=Tier.OFFLINE, accept=Decimal("0.97")),
        TierStep(tier=Tier.FAST, accept=Decimal("0.99")),
    )
    assert policy.usd_per_day == 3, "the smaller of the two budgets counts"
    assert policy.context.never == ("card_number",)
    assert policy.handoff.ladder == ("ann", "bob", "carl")
    assert policy.handoff.default is Unanswered.WAIT
    assert policy.limits.per_day == {ActionKind.SEND_EMAIL: 20}
    assert policy.gate.audit == Decimal("0.05")
    assert str(policy.zone) == "Europe/Berlin"


def test_fields_get_their_own_terms_and_safe_defaults():
    update = parse_policy(FULL).may.update

    assert update["stage"].needs is Proof.STAFF, "outsiders' text alone never moves a stage"
    assert update["stage"].on_overwrite is OnOverwrite.ASK
    assert update["amount"].needs is Proof.ANY, "what the author says counts"
    assert update["amount"].high == Decimal("50000.50")
    assert update["next_step"].conflict is ConflictRule.AGENT_OWNED
    assert update["close_date"].conflict is ConflictRule.HUMAN_WINS


def test_what_cannot_be_taken_back_is_approved_unless_the_policy_says_otherwise():
    policy = parse_policy(FULL)

    assert policy.supervision(ActionKind.CALL_ENDPOINT) is Supervision.ALWAYS
    assert policy.supervision(ActionKind.SEND_EMAIL) is Supervision.UNTIL_EARNED
    assert policy.supervision(ActionKind.CREATE_NOTE) is Supervision.ALWAYS, "inherited from the gate"
    assert policy.supervision(ActionKind.NOTIFY) is Supervision.NEVER


def test_the_most_specific_word_on_approval_counts():
    policy = parse_policy(FULL.replace("supervised: always", "supervised: until_earned"))

    assert policy.supervision(ActionKind.UPDATE, name="stage", value="open") is Supervision.UNTIL_EARNED
    assert policy.supervision(ActionKind.UPDATE, name="stage", value="won") is Supervision.ALWAYS
    assert policy.supervision(ActionKind.UPDATE, name="close_date") is Supervision.NEVER
    assert policy.supervision(ActionKind.UPDATE, name="owner") is Supervision.ALWAYS, "not allowed at all"


def test_a_custom_agent_is_described_in_the_file(write):
    policy = write(agent="""
agent:
  custom: order_validation
  fields: [subject, amount]
  instructions: |
    Compare the order with the quote.
  schema:
    verdict: {kind: option, options: [valid, invalid]}
    total: {kind: number, min: 0, required: false}
""")

    assert isinstance(policy.agent, CustomAgent)
    assert policy.agent.instructions == "Compare the order with the quote."
    assert policy.agent.schema["verdict"].options == ("valid", "invalid")
    assert policy.agent.schema["total"].kind is OutputKind.NUMBER
    assert not policy.agent.schema["total"].required


def test_a_set_policy_looks_at_all_records_on_a_schedule(write):
    policy = write(when="when: {object: opportunity, every: 1 week, scope: set}")

    assert policy.when.scope is Scope.SET


def test_all_problems_are_said_at_once_with_line_path_and_nearest_word():
    with pytest.raises(PolicyError) as refused:
        parse_policy(
            """schema: 1
policy: triage
goal: Sort.
when: {object: tikcet, events: [created]}
agent: ticket_triag
may: {update: {category: {conflct: human_wins}}}
gate:
  targt: 0.98
  audit: 140%
handoff: {too: leads}
""",
            file="policies/x.yaml",
            agents=AGENTS,
        )

    assert refused.value.problems == (
        "policies/x.yaml:4: when.object: `tikcet` is not known here, did you mean `ticket`?",
        "policies/x.yaml:5: agent: there is no agent `ticket_triag`, did you mean `ticket_triage`?",
        "policies/x.yaml:6: may.update.category.conflct: unknown key, did you mean `conflict`?",
        "policies/x.yaml:8: gate.targt: unknown key, did you mean `target`?",
        "policies/x.yaml:9: gate.audit: 140% is not between 0.1% and 100%",
        "policies/x.yaml:10: handoff.to: is missing",
        "policies/x.yaml:10: handoff.too: unknown key, did you mean `to`?",
    )


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"gate": "gate: {target: 1}"}, "gate.target: 1 is not between 50% and 99.99%"),
        ({"gate": "gate: {target: 98}"}, "gate.target: 98 is not between 50% and 99.99%; did you forget the % sign?"),
        ({"gate": "gate: {supervised: no}"}, "choose one of always, until_earned, never"),
        ({"gate": "gate: {audit: 0}"}, "gate.audit: 0 is not between 0.1% and 100%"),
        ({"limits": "limits: {records_per_hour: 0123}"}, "`0123` is not a number"),
        ({"limits": "limits: {records_per_hour: 1_000}"}, "`1_000` is not a number"),
        ({"limits": "limits: {records_per_hour: 12:30}"}, "`12:30` is not a number"),
        ({"limits": "limits: {records_per_hour: 1e3}"}, "`1e3` is not a number"),
        ({"limits": "limits: {records_per_hour: 2.5}"}, "not a whole number"),
        ({"limits": 'limits: {records_per_hour: "5"}'}, "without quotes"),
        ({"limits": "limits: {records_per_hour: }"}, "records_per_hour: has no value"),
        ({"limits": "limits: {records_per_hour: [5]}"}, "expected one value"),
        ({"limits": "limits: [5]"}, "limits: expected a section"),
        ({"limits": "limits: {per_day: {send_mail: 5}}"}, "did you mean `send_email`?"),
        ({"goal": "goal: true"}, "`true` is not text"),
        ({"goal": "goal: 0123"}, "`0123` is not text"),
        ({"goal": "goal:"}, "goal: has no value"),
        ({"goal": 'goal: "  "'}, "the text is empty"),
        ({"goal": ""}, "goal: is missing"),
        ({"policy": "policy: ../x"}, "is not a name"),
        ({"schema": "schema: 2"}, "reads `schema: 1`"),
        ({"handoff": ""}, "handoff.to: is missing"),
        ({"handoff": "handoff: {to: ann, then: ann}"}, "names somebody who had the case before"),
        ({"handoff": "handoff: {to: ann, due: 4}"}, "`4` is not a duration"),
        ({"handoff": "handoff: {to: ann, due: 500 ms}"}, "`ms` is no unit"),
        ({"handoff": "handoff: {to: ann, default: approve}"}, "choose one of deny, wait"),
        ({"when": "when: {object: ticket}"}, "nothing wakes this policy"),
        ({"when": "when: {object: ticket, events: [changed]}"}, "need `fields`"),
        ({"when": "when: {object: ticket, events: [created, created]}"}, "listed twice"),
        ({"when": "when: {object: ticket, events: [created], scope: set}"}, "needs `every`"),
        ({"when": "when: {object: ticket, related: {email: []}}"}, "say which events"),
        ({"when": "when: {object: ticket, related: {mail: [created]}}"}, "unknown object, did you mean `email`?"),
        ({"when": "when: {object: ticket, related: {email: [agent_write]}}"}, "belongs under `events`"),
        ({"when": "when: {object: ticket, every: 4h, at: 07:30}"}, "goes with whole days"),
        ({"when": "when: {object: ticket, every: 1 day, at: 7:30}"}, "not a time of day"),
        ({"when": "when: {object: ticket, every: 1 day, at: 24:00}"}, "not a time of day"),
        ({"when": "when: {object: ticket, after: {silent_for: 5 days}}"}, "when.after.field: is missing"),
        ({"reason": "reason: {tier: fast}"}, "reason.usd_per_day: is missing"),
        ({"reason": "reason: {tier: offline, cascade: [fast], usd_per_day: 1}"}, "either `tier` or `cascade`"),
        ({"reason": "reason: {cascade: [fast, fast], usd_per_day: 1}"}, "names a tier twice"),
        ({"reason": "reason: {usd_per_day: -1}"}, "less than nothing"),
        ({"reason": "reason: {searches: 1000}"}, "not a whole number between 0 and 20"),
        ({"context": "context: {never: [phone], mask: [phone]}"}, "`phone` is under `never` as well"),
        ({"may": "may: {}"}, "name at least one field or action"),
        ({"may": "may: {updat: {category: {}}}"}, "may.updat: unknown key, did you mean `update`?"),
        ({"may": "may: {update: {a b: {}}}"}, "may.update.a b: is not a name"),
        ({"may": "may: {update: {../x: {}}}"}, "is not a name"),
        ({"may": "may: {send_email: {approval: never}}"}, "cannot be taken back"),
        ({"may": "may: {notify: {}}"}, "may.notify.channels: is missing"),
        ({"may": "may: {update: {stage: {min: 5, max: 4}}}"}, "4 is below min 5"),
        ({"may": "may: {update: {stage: {min: 2026-01-01, max: 4}}}"}, "another kind"),
        ({"may": "may: {update: {stage: {options: [a], min: 4}}}"}, "goes without `min`"),
        ({"may": "may: {update: {stage: {options: [won], values: {wn: {approval: always}}}}}"}, "did you mean `won`?"),
        ({"may": "may: {update: {stage: {forward_only: yes}}}"}, "write true or false"),
        ({"may": "may: {create_note: {subject: x}}"}, "may.create_note.subject: unknown key"),
        ({"after_policy": "after_policy: triage"}, "names the policy itself"),
        ({"timezone": "timezone: Europe/Berln"}, "not a time zone"),
        ({"timezone": "timezone: ../../etc/passwd"}, "not a time zone"),
        ({"agent": "agent: {custom: x, fields: [a], instructions: i, schema: {v: {kind: option}}}"}, "those need it"),
        ({"agent": "agent: {custom: x, fields: [], instructions: i, schema: {}}"}, "at least one value"),
        ({"extra": "on: now"}, "on: unknown key"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_in_words(refuse, sections, problem):
    assert any(problem in said for said in refuse(**sections))


def test_a_custom_agent_may_not_read_what_must_never_be_read(refuse):
    agent = "agent: {custom: x, fields: [card], instructions: i, schema: {v: {kind: text}}}"

    problems = refuse(agent=agent, context="context: {never: [card]}")

    assert any("`card` is under `context.never`" in said for said in problems)


@pytest.mark.parametrize("word", ["NO", "no", "off", "Yes", "12:30", "on", "y"])
def test_words_that_old_yaml_readers_turn_into_something_else_stay_words(write, word):
    policy = write(may=f"may: {{update: {{country: {{options: [{word}, other]}}}}}}")

    assert policy.may.update["country"].options == (word, "other")


@pytest.mark.parametrize("word", ["true", "null", "0123", "7", "1_000", "0x1F", "1e3", ".inf", "~", "-4.5"])
def test_what_looks_like_a_number_or_a_truth_is_refused_as_text_unless_quoted(write, refuse, word):
    assert any("is not text" in said for said in refuse(may=f"may: {{update: {{code: {{options: [{word}]}}}}}}"))
    assert write(may=f"may: {{update: {{code: {{options: ['{word}']}}}}}}").may.update["code"].options == (word,)


@pytest.mark.parametrize(
    ("addition", "problem"),
    [
        ("gate: {target: 0.9}\ngate: {target: 0.8}", "gate: is written twice (first in line 8)"),
        ("gate: {target: 0.9, target: 0.8}", "gate.target: is written twice"),
        ('gate: {target: 0.9, "target": 0.8}', "gate.target: is written twice"),
        ("gate: &a {target: 0.9}", "anchors"),
        ("gate: *a", "aliases"),
        ("gate: !!python/object:os.system {target: 0.9}", "tags"),
        ("gate: {<<: {target: 0.9}}", "merge keys"),
        ("gate: {[a]: b}", "a key must be one word"),
        ("---\nschema: 1", "one policy per file"),
        ("gate: {target: 0.9", "not valid YAML"),
        ("gate: \t- x\n\t", "not valid YAML"),
        ("gate: \x07", "not valid YAML"),
        ("gate: [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", "nested too deeply"),
        ("context: {never: [" + ", ".join(f"f{n}" for n in range(5000)) + "]}", "too many entries"),
    ],
)
def test_tricks_of_yaml_are_refused(refuse, text, addition, problem):
    assert any(problem in said for said in refuse(text() + addition + "\n"))


def test_a_directive_is_refused(refuse, text):
    assert any("directives" in said for said in refuse("%YAML 1.1\n---\n" + text()))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"- a\n- b\n", "a policy file is a list of `key: value` lines"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a: " + b"x" * 70_000, "larger than 64 KB"),
        ("goal: \ud800", "not UTF-8"),
    ],
)
def test_content_that_is_no_policy_is_refused(refuse, content, problem):
    assert any(problem in said for said in refuse(content))


def test_a_bomb_of_aliases_is_refused_before_it_unfolds(refuse):
    layers = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 30))

    assert any("aliases" in said for said in refuse(f"l0: &l0 [x]\n{layers}\n"))


def test_white_space_comments_and_key_order_are_not_part_of_the_version(write):
    plain = write(
        gate="gate: {target: 98%, audit: 2%}", when="when: {object: ticket, events: [created], where: status=='a'}"
    )
    other = write(
        when="when:\n  where: status  ==  'a'  # new\n  events: [created]\n  object: ticket",
        gate="gate:\n  # a comment\n  audit: 0.02\n  target: 0.980",
    )

    assert plain == other
    assert plain.version == other.version


def test_a_default_written_out_means_the_same(write):
    assert write().version == write(gate="gate: {supervised: until_earned}").version


@pytest.mark.parametrize(
    "sections",
    [
        {"gate": "gate: {target: 0.97}"},
        {"goal": "goal: Another."},
        {"may": "may: {update: {category: {}, priority: {options: [normal, low, high]}}}"},
        {"when": "when: {object: ticket, events: [created, changed], fields: [subject], where: status == 'a b'}"},
        {"handoff": "handoff: {to: support-leads, due: 5h}"},
        {"timezone": "timezone: Europe/Paris"},
    ],
)
def test_a_changed_meaning_changes_the_version(write, sections):
    assert write(**sections).version != write().version


def test_blanks_inside_a_quoted_word_are_meaning(write):
    def where(word):
        return write(when=f"when: {{object: ticket, events: [created], where: \"status == '{word}'\"}}")

    assert where("a b").version != where("a  b").version


def test_a_folder_is_loaded_whole_or_not_at_all(tmp_path: Path, text):
    (tmp_path / "one.yaml").write_text(text(policy="policy: one"))
    (tmp_path / "two.yml").write_text(text(policy="policy: two", gate="gate: {targt: 1}"))
    (tmp_path / "three.yaml").write_text("- x\n")
    (tmp_path / "notes.txt").write_text("not a policy")

    with pytest.raises(PolicyError) as refused:
        load_policies(tmp_path)

    assert [problem.removeprefix(f"{tmp_path}/").partition(":")[0] for problem in refused.value.problems] == [
        "three.yaml", "two.yml",
    ]  # fmt: skip


def test_an_empty_folder_a_missing_file_and_a_link_outwards_are_refused(tmp_path: Path, text):
    outside, inside = tmp_path / "outside.yaml", tmp_path / "policies"
    inside.mkdir()
    for path, problem in ((inside, "no policy file"), (tmp_path / "no.yaml", "cannot be read")):
        with pytest.raises(PolicyError, match=problem):
            load_policies(path)
    outside.write_text(text())
    (inside / "x.yaml").symlink_to(outside)
    with pytest.raises(PolicyError, match="link to another folder"):
        load_policies(inside)


def test_a_problem_found_later_still_knows_its_line(write):
    policy = write(gate="gate:\n  target: 0.9")

    assert policy.source.at("gate.target") == "policy.yaml:9"
    assert policy.source.at("gate.nothing") == "policy.yaml:8"
    assert policy.source.at("nothing") == "policy.yaml:1"


class _Threshold:
    """An agent that takes one key of its own."""

    def options(self, section):
        return section.whole("days", default=5)


def test_an_agent_reads_its_own_keys(text):
    content = text(agent="agent: {use: patient, days: 9}")

    policy = parse_policy(content, agents={"patient": _Threshold()})

    assert policy.agent == NamedAgent(name="patient", options=9)


def test_an_agent_named_alone_has_its_defaults(text):
    policy = parse_policy(text(agent="agent: patient"), agents={"patient": _Threshold()})

    assert policy.agent == NamedAgent(name="patient", options=5)


def test_an_agents_own_keys_are_part_of_the_version(text):
    versions = {
        parse_policy(text(agent=f"agent: {{use: patient, days: {days}}}"), agents={"patient": _Threshold()}).version
        for days in (5, 9)
    }

    assert len(versions) == 2


def test_a_key_the_agent_does_not_know_is_said_with_its_line(text):
    with pytest.raises(PolicyError) as refused:
        parse_policy(
            text(agent="agent: {use: patient, dayz: 9}"), file="x.yaml", agents={"patient": _Threshold()}
        )

    assert [problem.partition(": ")[2] for problem in refused.value.problems] == [
        "agent.dayz: unknown key, did you mean `days`?"
    ]

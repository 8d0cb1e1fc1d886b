"""An edit is shown by what it changes in effect, and by whether the agent may do more than before."""

from __future__ import annotations

import pytest

from connector.policy import Effect, PolicySet, diff, diff_sets, explain


def test_an_edit_of_the_writing_alone_changes_nothing(write):
    assert diff(write(), write(gate="gate: {target: 98%} # the default")) == ()


@pytest.mark.parametrize(
    ("sections", "path", "effect"),
    [
        ({"gate": "gate: {target: 0.9}"}, "gate.target", Effect.MORE),
        ({"gate": "gate: {target: 0.99}"}, "gate.target", Effect.LESS),
        ({"gate": "gate: {supervised: never}"}, "gate.supervised", Effect.MORE),
        ({"gate": "gate: {supervised: never}"}, "may.update.category.approval", Effect.MORE),
        ({"gate": "gate: {supervised: always}"}, "may.update.category.approval", Effect.LESS),
        ({"limits": "limits: {records_per_hour: 501}"}, "limits.records_per_hour", Effect.MORE),
        ({"limits": "limits: {share_of_object: 1%}"}, "limits.share_of_object", Effect.LESS),
        ({"limits": "limits: {actions_per_run: 5}"}, "limits.actions_per_run", Effect.LESS),
        ({"context": "context: {never: [card]}"}, "context.never", Effect.LESS),
        ({"context": "context: {related: [account]}"}, "context.related", Effect.MORE),
        ({"may": "may: {update: {category: {}, priority: {}}}"}, "may.update.priority.options", Effect.MORE),
        ({"may": "may: {update: {category: {}}}"}, "may.update.priority", Effect.LESS),
        (
            {"may": "may: {update: {category: {conflict: agent_owned}, priority: {options: [low, normal, high]}}}"},
            "may.update.category.conflict",
            Effect.MORE,
        ),
        (
            {
                "may": "may: {update: {category: {}, priority: {options: [low, normal, high], "
                "values: {high: {approval: never}}}}}"
            },
            "may.update.priority.values.high",
            Effect.MORE,
        ),
        ({"goal": "goal: Another."}, "goal", Effect.OTHER),
    ],
)
def test_the_direction_of_an_edit_is_said(write, sections, path, effect):
    changes = {change.path: change.effect for change in diff(write(), write(**sections))}

    assert changes[path] is effect


def test_a_new_grant_is_shown_with_its_terms_and_a_removed_one_in_one_line(write):
    small = write(may="may: {update: {category: {}}}")
    large = write(may="may: {update: {category: {}}, send_email: {to: [contact]}}")

    added = [str(change) for change in diff(small, large)]
    assert "triage: may.actions.send_email: (nothing) -> allowed  [allows more]" in added
    assert any(line.startswith("triage: may.actions.send_email.approval: (nothing) -> always") for line in added)
    assert [str(change) for change in diff(large, small)] == [
        "triage: may.actions.send_email: allowed -> (nothing)  [allows less]"
    ]


def test_policies_that_come_and_go_are_shown(write):
    one, two = write(policy="policy: a"), write(policy="policy: b")

    assert [(change.policy, change.effect) for change in diff_sets(PolicySet([one]), PolicySet([two]))] == [
        ("a", Effect.LESS),
        ("b", Effect.MORE),
    ]


def test_a_policy_is_explained_in_plain_words(write):
    words = explain(
        write(
            when="when: {object: ticket, events: [created, changed], fields: [subject, description], "
            "where: status == 'new', related: {email: [created]}, every: 1 day, at: 07:30, "
            "after: {field: last_activity, silent_for: 5 days}}",
            reason="reason: {cascade: [offline, fast], searches: 2, usd_per_day: 5}",
            may="may: {update: {stage: {options: [open, won], forward_only: true, values: {won: {approval: always}}}}, "
            "send_email: {to: [contact]}}",
            context="context: {related: [account], never: [card_number]}",
        )
    )

    for sentence in (
        "when a ticket changes (subject or description)",
        "when a related email is created",
        "every 1 day at 07:30 for each ticket",
        "5 days after `last_activity` of a ticket",
        "status == 'new'",
        "by offline, then fast (at most 5 USD a day)",
        "up to 2 searches; never card_number",
        "write stage (open or won, only forward): a person approves until autonomy is earned; "
        "won: a person approves each one; a person's edit wins; never on outsiders' word alone",
        "send an e-mail (to contact): a person approves each one",
        "and nothing else",
        "98% right, proven on your people's verdicts; 2% judged blind after that",
        "support-leads for 1 business day; if nobody answers, nothing is written",
    ):
        assert sentence in words

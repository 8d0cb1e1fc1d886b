"""A policy that names what a CRM does not have is refused for that CRM, with the line and the nearest name."""

from __future__ import annotations

from connector.policy import check_against, needed_fields

FIELDS = {"subject", "status", "category", "priority", "last_activity"}
OPTIONS = {"status": ("new", "open", "closed"), "priority": ("low", "normal", "high")}


def test_a_policy_that_fits_has_no_problems(write):
    assert check_against(write(), fields=FIELDS, options=OPTIONS) == ()


def test_every_unknown_name_and_option_is_said_with_its_line(write):
    policy = write(
        when="when: {object: ticket, events: [changed], fields: [subjct], "
        "where: \"status == 'nwe' && account.industy == 'x' && record.stauts != null\", "
        "after: {field: last_seen, silent_for: 5 days}}",
        may="may:\n  update:\n    categry: {}\n"
        "    priority: {options: [low, urgent], values: {urgent: {approval: always}}}",
        context="context: {related: [account], never: [card]}",
    )

    problems = check_against(
        policy, fields=FIELDS, options=OPTIONS, related={"account": {"industry"}}, read_only={"priority"}, crm="hubspot"
    )

    assert problems == (
        "policy.yaml:4: when.fields: hubspot has no field `subjct` on ticket, did you mean `subject`?",
        "policy.yaml:4: when.where: hubspot has no field `stauts` on ticket, did you mean `status`?",
        "policy.yaml:4: when.after.field: hubspot has no field `last_seen` on ticket",
        "policy.yaml:8: may.update.categry: hubspot has no field `categry` on ticket, did you mean `category`?",
        "policy.yaml:11: context.never: hubspot has no field `card` on ticket",
        "policy.yaml:9: may.update.priority.options: hubspot has no option `urgent` for `priority`; "
        "it knows high, low, normal",
        "policy.yaml:9: may.update.priority.values: hubspot has no option `urgent` for `priority`; "
        "it knows high, low, normal",
        "policy.yaml:4: when.where: hubspot has no option `nwe` for `status`, did you mean `new`?",
        "policy.yaml:9: may.update.priority: our user may not write this field in hubspot",
        "policy.yaml:4: when.where: hubspot has no field `industy` on account, did you mean `industry`?",
    )


def test_a_relation_is_not_taken_for_a_field(write):
    policy = write(
        when="when: {object: ticket, events: [created], where: account != null && contact == null}",
        context="context: {related: [account]}",
    )

    (problem,) = check_against(policy, fields=FIELDS)
    assert "`contact`" in problem


def test_the_fields_one_read_must_bring_are_known(write):
    policy = write(
        when="when: {object: ticket, events: [changed], fields: [subject], "
        "where: \"status == 'new' && changed.from.channel == 'web' && account.industry == 'x'\"}"
    )

    assert needed_fields(policy) == {"subject", "status", "channel", "category", "priority"}

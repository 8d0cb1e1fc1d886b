"""The rules of a custom agent are held to its schema when the file is loaded."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.policy import CustomAgent, check_against

AGENT = """agent:
  custom: sorting
  fields: [subject]
  instructions: Sort it.
  schema:
    category: {{kind: option, options: [billing, repair]}}
    points: {{kind: number, min: 0, max: 10, required: false}}
    urgent: {{kind: boolean, required: false}}
  rules:
    - {rule}
"""


def agent(rule):
    return AGENT.format(rule=rule)


def test_a_rule_says_values_and_a_task(write):
    policy = write(
        agent=agent("{when: \"subject == 'x'\", then: {category: repair, points: 4, urgent: true}, task: Look at it}"),
        may="may: {update: {category: {}}, create_task: {}}",
    )
    assert isinstance(policy.agent, CustomAgent)
    [rule] = policy.agent.rules
    assert rule.then == {"category": "repair", "points": Decimal(4), "urgent": True}
    assert rule.task == "Look at it"


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{when: subject == 'x', then: {categori: repair}}", "`schema` has no such value, did you mean `category`?"),
        ("{when: subject == 'x', then: {category: weapons}}", "`weapons` is not among `options`"),
        ("{when: subject == 'x', then: {points: 11}}", "is not between 0 and 10"),
        ("{when: subject == 'x', then: {points: 2026-01-01}}", "is not a number"),
        ("{when: subject = 'x', then: {category: repair}}", "one `=` is no comparison"),
        ("{then: {category: repair}}", "say when the rule holds"),
        ("{when: subject == 'x'}", "say what the rule answers"),
        ("{when: subject == 'x', then: {category: repair}, task: Do it}", "`may` does not name `create_task`"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(refuse, rule, problem):
    assert problem in "\n".join(refuse(agent=agent(rule)))


def test_a_field_a_rule_names_must_exist_in_the_crm(write):
    policy = write(agent=agent("{when: \"budgett == 'x'\", then: {category: repair}}"))
    [problem] = check_against(policy, fields=("subject", "category", "priority", "budget"))
    assert "agent.rules[1].when: this CRM has no field `budgett`" in problem
    assert "did you mean `budget`?" in problem

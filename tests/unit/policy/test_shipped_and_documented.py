"""Every shipped policy loads, and every YAML block of the documentation is a policy or fits into one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.decision.agents import AGENTS
from connector.policy import check_against, explain, load_policies, parse_policy
from connector.policy.document import Block, Mark, Problems
from connector.policy.evidence import read_evidence
from connector.policy.gate import read_gate
from connector.policy.handoff import read_handoff
from connector.policy.limits import read_limits
from connector.policy.reading import Section
from connector.policy.reasoning import read_reasoning
from connector.policy.trigger import read_trigger
from connector.record import VOCABULARY, ActionKind, ConflictRule, ObjectType

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "policies.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_shipped_policies_load_and_explain_themselves():
    policies = load_policies(ROOT / "policies", agents=AGENTS)

    assert sorted(policy.name for policy in policies) == sorted(path.stem for path in (ROOT / "policies").glob("*.yaml"))
    assert all(explain(policy) for policy in policies)


def test_the_shipped_policies_need_only_what_every_crm_shares():
    for policy in load_policies(ROOT / "policies"):
        shared = VOCABULARY[policy.when.object]
        options = {name: field.options for name, field in shared.items() if field.options}
        assert check_against(policy, fields=shared, options=options) == ()
        assert policy.context.lookups == policy.context.knowledge == ()


def test_the_shipped_examples_need_only_shared_names():
    for policy in load_policies(ROOT / "examples", agents=AGENTS):
        shared = VOCABULARY[policy.when.object]
        options = {name: field.options for name, field in shared.items() if field.options}
        assert check_against(policy, fields=shared, options=options) == ()
        assert explain(policy)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.partition("\n")[0])
def test_a_documented_block_loads_inside_a_small_policy(block, text):
    keys = set(re.findall(r"^(\w+):", block, re.MULTILINE))

    parse_policy(text(**dict.fromkeys(keys, "")) + block)


def test_the_page_names_every_key_and_word(refuse, text):
    """The loader's own lists against the page: a key or word without documentation fails."""
    for section in ("when", "reason", "context", "gate", "limits", "handoff"):
        rest = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
        probe = text(**{section: f"{section}: {{zzz: 1}}"})
        assert f"{section}.zzz: unknown key" in "\n".join(refuse(probe))
        for key in known_keys(section):
            assert f"`{key}`" in rest, f"{section}.{key} is not documented"
    for words in (ObjectType, ActionKind, ConflictRule):
        assert all(f"`{word}`" in PAGE for word in words)


def known_keys(section: str) -> set[str]:
    """The keys a reader asks for, learnt from an empty section."""
    readers = {
        "when": read_trigger, "reason": read_reasoning, "context": read_evidence, "gate": read_gate,
        "limits": read_limits, "handoff": read_handoff,
    }  # fmt: skip
    empty = Section(Block({}, {}, Mark(1, 1)), section, Problems("x"))
    readers[section](empty)
    return empty.asked

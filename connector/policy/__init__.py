"""Policies: the YAML files in which people say when an agent wakes, what it may do, who must agree, where it stops.

Owns the file language and its conditions; imports `connector.record` and `connector.errors`.
"""

from connector.policy.agent import (
    ANY_AGENT,
    Agent,
    AgentNames,
    CustomAgent,
    LooksAtMore,
    NamedAgent,
    OptionsReader,
    OutputKind,
    OutputSchema,
    Rule,
    agent_conditions,
    agent_fields,
)
from connector.policy.conditions import Condition, EvaluationFailed, Match, Matched, NotMatched, read_condition
from connector.policy.difference import Change, Effect, diff, diff_sets
from connector.policy.durations import Duration, parse_duration
from connector.policy.evidence import Evidence
from connector.policy.explain import explain
from connector.policy.expression import ReferencedNames, referenced_names
from connector.policy.facts import Facts, Related, RelatedRecord
from connector.policy.fit import check_against, needed_fields
from connector.policy.gate import GateRule, Proof, Supervision
from connector.policy.handoff import HandoffRule, Unanswered
from connector.policy.limits import Limits
from connector.policy.loader import load_policies, parse_policy
from connector.policy.permission import NEVER_UNSEEN, ActionPermission, FieldPermission, OnOverwrite, Permissions
from connector.policy.policy_set import MAX_HOPS, PolicySet
from connector.policy.reading import Section
from connector.policy.reasoning import Reasoning, Tier, TierStep
from connector.policy.reload import KeptOld, PoliciesInForce, Reload, Replaced, Unchanged
from connector.policy.schema import Policy, PolicyName, PolicyVersion, Source
from connector.policy.trigger import Ahead, Every, Scope, Silence, Trigger, Wake
from connector.policy.variation import vary

__all__ = [
    "ANY_AGENT",
    "MAX_HOPS",
    "NEVER_UNSEEN",
    "ActionPermission",
    "Agent",
    "AgentNames",
    "Ahead",
    "Change",
    "Condition",
    "CustomAgent",
    "Duration",
    "Effect",
    "EvaluationFailed",
    "Every",
    "Evidence",
    "Facts",
    "FieldPermission",
    "GateRule",
    "HandoffRule",
    "KeptOld",
    "Limits",
    "LooksAtMore",
    "Match",
    "Matched",
    "NamedAgent",
    "NotMatched",
    "OnOverwrite",
    "OptionsReader",
    "OutputKind",
    "OutputSchema",
    "Permissions",
    "PoliciesInForce",
    "Policy",
    "PolicyName",
    "PolicySet",
    "PolicyVersion",
    "Proof",
    "Reasoning",
    "ReferencedNames",
    "Related",
    "RelatedRecord",
    "Reload",
    "Replaced",
    "Rule",
    "Scope",
    "Section",
    "Silence",
    "Source",
    "Supervision",
    "Tier",
    "TierStep",
    "Trigger",
    "Unanswered",
    "Unchanged",
    "Wake",
    "agent_conditions",
    "agent_fields",
    "check_against",
    "diff",
    "diff_sets",
    "explain",
    "load_policies",
    "needed_fields",
    "parse_duration",
    "parse_policy",
    "read_condition",
    "referenced_names",
    "vary",
]  # fmt: skip

"""Policies: the YAML files in which people say when an agent wakes, what it may do, who must agree and where it stops.

Owns the file language, its conditions and its words; imports `connector.record` and `connector.errors`, reads files only.
"""

from connector.policy.agent import Agent, CustomAgent, NamedAgent, OutputKind, OutputSchema
from connector.policy.conditions import Condition, EvaluationFailed, Facts, Match, Matched, NotMatched
from connector.policy.durations import Duration
from connector.policy.evidence import Evidence
from connector.policy.expression import ReferencedNames, referenced_names
from connector.policy.gate import GateRule, Proof, Supervision
from connector.policy.handoff import HandoffRule, Unanswered
from connector.policy.limits import Limits
from connector.policy.loader import load_policies, parse_policy
from connector.policy.permission import ActionPermission, FieldPermission, OnOverwrite, Permissions
from connector.policy.policy_set import MAX_HOPS, PolicySet
from connector.policy.reasoning import Reasoning, Tier, TierStep
from connector.policy.schema import Policy, PolicyName, PolicyVersion, Source
from connector.policy.trigger import Ahead, Every, Scope, Silence, Trigger, Wake

__all__ = [
    "MAX_HOPS", "ActionPermission", "Agent", "Ahead", "Condition", "CustomAgent", "Duration", "EvaluationFailed", "Every",
    "Evidence", "Facts", "FieldPermission", "GateRule", "HandoffRule", "Limits", "Match", "Matched", "NamedAgent",
    "NotMatched", "OnOverwrite", "OutputKind", "OutputSchema", "Permissions", "Policy", "PolicyName", "PolicySet",
    "PolicyVersion", "Proof", "Reasoning", "ReferencedNames", "Scope", "Silence", "Source", "Supervision", "Tier",
    "TierStep", "Trigger", "Unanswered", "Wake", "load_policies", "parse_policy", "referenced_names",
]

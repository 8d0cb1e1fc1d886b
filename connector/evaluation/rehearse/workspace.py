"""The workspace of a rehearsal: a folder with connector.yaml, the varied policy and a fresh state."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from connector.errors import SettingsError
from connector.policy import ANY_AGENT, AgentNames, NamedAgent, Policy, load_policies, parse_policy
from connector.record import FieldName

CONNECTION = "crm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where a rehearsed daemon lives."""

    folder: Path
    config: Path
    policy: Policy
    environment: Mapping[str, str]


def lay_out(
    folder: Path, policy: Path, *, field: FieldName, options: Sequence[str], target: Decimal | None,
    connection: Mapping[str, Any], url: str, secrets: Mapping[str, str], effort: str,
    disturbed: bool, agents: AgentNames = ANY_AGENT,
) -> Workspace:
    """Write everything a daemon needs. The policy is the given one with another target and these options.

    `disturbed` says that people's edits are put between its reads and its writes: such conflicts are ours, and must not
    make the policy pause itself.
    """
    policies = folder / "policies"
    policies.mkdir(parents=True, exist_ok=True)
    varied = _varied(policy.read_text(encoding="utf-8"), field, options, target, disturbed=disturbed)
    (policies / policy.name).write_text(varied, encoding="utf-8")
    address = {"instance_url": url, "login_url": url} if connection["system"] == "salesforce" else {"base_url": url}
    # The sandbox enforces no limits here, so ours would only measure themselves.
    budget = {"burst": 1_000_000, "search": 1_000_000} if connection["system"] == "hubspot" else {"reserve": 0}
    settings = {
        "schema": 1, "state": "state", "policies": "policies", "poll": "1s", "batch": 400, "learning": effort,
        "connections": {CONNECTION: {**connection, **address, "budget": budget}},
    }
    config = folder / "connector.yaml"
    config.write_text(json.dumps(settings, indent=2), encoding="utf-8")  # JSON is YAML, and quotes what needs quoting
    environment = {
        f"CRM_CONNECTOR_{CONNECTION}_{name}".upper().replace("-", "_"): value for name, value in secrets.items()
    }
    [loaded] = load_policies(policies, agents=agents)
    return Workspace(folder=folder, config=config, policy=loaded, environment=environment)


def first_policy(path: Path, agents: AgentNames) -> Policy:
    """The policy to rehearse; raises PolicyError with all its problems, SettingsError when it cannot be read."""
    try:
        policy = parse_policy(path.read_text(encoding="utf-8"), file=str(path), agents=agents)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: cannot be read: {error}"], hint="crm-connector rehearse --help") from error
    if not isinstance(policy.agent, NamedAgent):
        raise SettingsError([f"{path}: a custom agent has no offline method to rehearse"])
    return policy


def _varied(text: str, field: FieldName, options: Sequence[str], target: Decimal | None, *, disturbed: bool) -> str:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt", pure=True)
    document = yaml.load(text)
    if target is not None:
        document.setdefault("gate", {})["target"] = float(target)
    if disturbed:
        document.setdefault("limits", {})["error_budget"] = "100%"
    update = document.setdefault("may", {}).setdefault("update", {})
    permission = update.get(field) or {}
    permission["options"] = list(options)
    update[field] = permission
    written = io.StringIO()
    yaml.dump(document, written)
    return written.getvalue()

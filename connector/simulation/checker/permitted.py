"""I7 and I8: nothing was written that no policy allows, and nothing that needs a person without one who said exactly so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.simulation.checker.account import Account, plain_value
from connector.simulation.checker.history import CrmHistory
from connector.simulation.checker.written import Pair

Plain = Mapping[str, Any]


def forbidden(
    history: CrmHistory, account: Account, pairs: Sequence[Pair], policies: Sequence[Plain]
) -> Iterator[str]:
    for line in history.strange:
        if line["field"] not in ("deleted", "merged_into") and not str(line["field"]).startswith("association:"):
            yield f"{history.connection}: our user wrote {line['field']} of {line['record']}"
    for line in history.moved_on:
        yield f"{history.connection}: our write of {line['record']} set off a rule of the org that changed its owner"
    for pair in pairs:
        if pair.claim.purpose != "act":
            continue
        named = [policy for policy in policies if policy["policy"] == pair.claim.policy]
        asked = any(entry["kind"] == "approved" for entry in account.of_intent(pair.claim.intent))
        if not any(_allows(history, policy, pair, asked=asked) for policy in named):
            where = f"{history.connection}:ticket/{pair.ticket} {pair.change.field}={pair.change.after!r}"
            yield f"{where}: policy {pair.claim.policy} does not allow it"
    subjects = {
        policy["may"]["create_task"]["subject"] for policy in policies if "create_task" in policy["may"]
    }
    for line in history.creates:
        if not any(str(line["after"]).startswith(subject) for subject in subjects):
            yield f"{history.connection}: a task {line['after']!r} that no policy asks for"


def _allows(history: CrmHistory, policy: Plain, pair: Pair, *, asked: bool) -> bool:
    permission = policy["may"].get("update", {}).get(pair.change.field)
    if permission is None:
        return False
    value, options = pair.change.after, permission.get("options", ())
    known = history.natives.categories if pair.change.field == "category" else None
    if (options and value not in options) or (known and value not in known):
        return False
    if permission.get("conflict") == "fill_empty" and pair.change.before is not None and pair.claim.kind == "applied":
        return False
    if permission.get("forward_only") and not asked and pair.claim.base in options and value in options:
        return bool(options.index(value) >= options.index(pair.claim.base))
    return True


def unapproved(account: Account, policies: Sequence[Plain], people: Sequence[Plain]) -> Iterator[str]:
    """Writes that stand on no live verdict over exactly their action, or on a person's that nobody gave."""
    agreed: dict[str, list[Plain]] = {}
    for said in people:
        if said["verdict"] != "reject":
            agreed.setdefault(said["intent"], []).append(said["action"])
    for entry in account.entries:
        body = entry["body"] or {}
        if entry["kind"] not in ("applied", "conflicted") or body.get("purpose") != "act" or not _took_effect(entry):
            continue
        action, intent = body["action"], entry["intent"]
        allowed = any(
            earlier["kind"] == "allowed" and earlier["body"]["action"] == action and earlier["seq"] < entry["seq"]
            for earlier in account.of_intent(intent)
        )
        if allowed and not _needs_person(action, entry["policy"], policies):
            continue
        if not any(_same(action, said) for said in agreed.get(intent, ())):
            what = action.get("field", action["kind"])
            yield f"{entry['ref']}: {what}={plain_value(action.get('value'))!r} was written and nobody had agreed to it"


def unsure(account: Account, policies: Sequence[Plain]) -> Iterator[str]:
    """Actions that went through by themselves below the confidence that every version of their policy asks for."""
    for entry in account.entries:
        if entry["kind"] != "allowed":
            continue
        targets = [float(p["gate"]["target"].rstrip("%")) / 100 for p in policies if p["policy"] == entry["policy"]]
        if entry["body"]["confidence"] < min(targets):
            yield f"{entry['ref']}: allowed at confidence {entry['body']['confidence']}, below the target"


def out_of_turn(account: Account) -> Iterator[str]:
    """Tasks that were made although the raised priority they follow was not written before."""
    for entry in account.claimed_creates():
        raised = [
            other for other in account.entries
            if other["decision"] == entry["decision"] and other["kind"] in ("allowed", "approval_requested", "braked")
            and other["body"]["action"].get("field") == "priority"
        ]  # fmt: skip
        done = any(
            ended["kind"] == "applied" and ended["seq"] < entry["seq"]
            for one in raised for ended in account.of_intent(one["intent"])
        )  # fmt: skip
        if raised and not done and not entry["intent"].count("x"):
            yield f"{entry['ref']}: a task was made before the priority it follows was written"


def _took_effect(entry: Plain) -> bool:
    return bool(entry["body"].get("wrote")) or "theirs_at" in entry["body"]


def _same(action: Plain, said: Plain) -> bool:
    return all(said.get(name) == value for name, value in action.items())


def _needs_person(action: Plain, name: str, policies: Sequence[Plain]) -> bool:
    """Whether every version of the policy sends this action to a person. Nothing is earned in these runs."""
    versions = [policy for policy in policies if policy["policy"] == name]
    return all(_supervised(action, policy) for policy in versions)


def _supervised(action: Plain, policy: Plain) -> bool:
    if action["kind"] == "update":
        permission = policy["may"].get("update", {}).get(action["field"], {})
        own = permission.get("values", {}).get(plain_value(action["value"]), {}).get("approval")
        return bool((own or permission.get("approval") or policy["gate"]["supervised"]) != "never")
    permission = policy["may"].get(action["kind"], {})
    return bool((permission.get("approval") or policy["gate"]["supervised"]) != "never")

"""What `check` finds about asking people elsewhere: policies that are none, ways that lead to nobody, a lacking secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec

from connector.adapter import Finding
from connector.cli.opening import has_state, open_state
from connector.gate import accounts
from connector.gate.persons import Role
from connector.policy import PolicySet
from connector.settings import NONE_CHOSEN, Chosen, NamedSecrets, Settings


def asking_findings(settings: Settings, policies: PolicySet | None) -> Iterator[Finding]:
    """Problems that show without asking anybody."""
    asked = settings.approvals
    slack = asked.slack.policies if asked.slack is not None else NONE_CHOSEN
    ways = {"tasks": asked.tasks, "mail": asked.mail, "slack": slack}
    if policies is not None:
        yield from _unknown(ways, policies)
    if asked.slack is not None:
        yield from _slack(settings, asked.slack.source)
    places = {"mail": [accounts.EMAIL], "tasks": [accounts.EMAIL, *(one.name for one in settings.connections)]}
    if asked.slack is not None:
        places["slack"] = [asked.slack.source]
    for way, chosen in ways.items():
        if chosen != NONE_CHOSEN and not _reaches(settings, places[way]):
            yield Finding(
                subject=f"approvals.{way}", problem="no approver has an account there, so no answer would count",
                fix=f"crm-connector users link NAME {places[way][-1]} ACCOUNT", fatal=False,
            )


def _unknown(ways: dict[str, Chosen], policies: PolicySet) -> Iterator[Finding]:
    known = {policy.name for policy in policies}
    for way, chosen in ways.items():
        for name in sorted(chosen.some - known):
            fix = f"name one of {', '.join(sorted(known))}" if known else "name a policy that exists"
            yield Finding(subject=f"approvals.{way}", problem=f"there is no policy {name}", fix=fix)


def _slack(settings: Settings, source: str) -> Iterator[Finding]:
    if find_spec("slack_sdk") is None:
        yield Finding(
            subject="approvals.slack", problem="it needs the extra slack", fix="pip install 'crm-connector[slack]'"
        )
    if NamedSecrets(source, settings.secrets, os.environ).find("bot_token") is None:
        yield Finding(
            subject="approvals.slack", problem="the secret bot_token is not set", fix="set it as docs/approvals.md says"
        )


def _reaches(settings: Settings, places: list[str]) -> bool:
    if not has_state(settings):
        return False
    store = open_state(settings)
    try:
        with store.snapshot() as tx:
            people = [person for place in places for person in accounts.holders(tx, place).values()]
    finally:
        store.close()
    return any(person.role.covers(Role.APPROVER) for person in people)

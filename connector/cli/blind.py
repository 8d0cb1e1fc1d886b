"""Questions asked blind, on the command line: nobody agrees to what they did not see, and who looks first is noted."""

from __future__ import annotations

from connector.cli.options import person
from connector.gate import approvals, queue
from connector.gate.approval import ApprovalError
from connector.pipeline import People


def seen_by(people: People, approval: str, who: str) -> str:
    """The same approval, whose proposal this person was shown. Raises ApprovalError with what to type instead."""
    with people.store.snapshot() as tx:
        found = approvals.find(tx, approval)
        hidden = queue.hidden_from(tx, who, [found])
    if hidden:
        by = f" --by {who}" if who != person(None) else ""
        look = f"crm-connector approvals show {found.id} --reveal"
        raise ApprovalError(
            f"approval {found.id} is asked blind: say what you would write, or look first with {look}{by}",
            hint=f"crm-connector approvals judge {found.id} VALUE{by}",
        )
    return approval


def look_first(people: People, approval: str, who: str) -> None:
    """Note that somebody looks at what is asked blind; what is settled or shown anyway needs no note."""
    with people.store.snapshot() as tx:
        hidden = queue.hidden_from(tx, who, [approvals.find(tx, approval)])
    if hidden:
        people.reveal(approval, by=who)

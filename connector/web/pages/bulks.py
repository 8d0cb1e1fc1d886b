"""Many alike in one action: a few drawn by chance are looked at singly first, and only then the rest goes together."""

from __future__ import annotations

from connector.gate import bulks, queue
from connector.gate.approval import ApprovalState
from connector.gate.bulks import MOST, Bulk, BulkStage
from connector.gate.persons import Role
from connector.gate.queue import View
from connector.store import Transaction
from connector.web.cards import cards_of
from connector.web.house import House
from connector.web.page import Answer, Asked, BadRequestError, Page, SeeOther, Shown, Way
from connector.web.pages.approvals import hands
from connector.web.pages.wording import word


def begin(house: House, asked: Asked) -> Answer:
    """Fix what is judged together and draw the sample."""
    now, pattern = house.clock.now(), word(asked.posted("pattern"), "pattern")
    view = View(person=asked.person.name, now=now, pattern=pattern)
    with house.store.transaction("web: bulk begun") as tx:
        alike = queue.page(tx, view, limit=MOST)
        bulk = bulks.open_bulk(tx, alike, person=asked.person.name, chance=house.chance, at=now)
    return SeeOther(path=f"/bulks/{bulk.id}")


def show(house: House, asked: Asked) -> Answer:
    """The sample with its verdicts so far, and, once it is judged, the button for the rest."""
    now = house.clock.now()
    with house.store.snapshot() as tx:
        bulk = bulks.find(tx, word(asked.named["id"], "bulk"), asked.person.name)
        found = queue.of_ids(tx, bulk.sample)
        sampled = [found[id] for id in bulk.sample if id in found]
        values = {
            "bulk": bulk, "stage": bulks.stage_of(tx, bulk), "hands": hands(tx), "back": f"/bulks/{bulk.id}",
            "cards": cards_of(tx, sampled, person=asked.person.name, targets=house.targets(), now=now),
            "open": _still_open(tx, bulk),
            "looked": sum(one.settled_by is not None for one in sampled), "stages": BulkStage,
        }
    return Shown(template="bulk.html", values=values)


def judge(house: House, asked: Asked) -> Answer:
    """Give the rest the sample's verdict, in one transaction."""
    verdict = asked.posted("verdict")
    if verdict not in ("approve", "reject"):
        raise BadRequestError("a bulk is approved or rejected")
    bulk = word(asked.named["id"], "bulk")
    house.people.judge_together(bulk, by=asked.person.name, approve=verdict == "approve", remark=asked.remark())
    return SeeOther(path=f"/bulks/{bulk}")


def _still_open(tx: Transaction, bulk: Bulk) -> int:
    found = queue.of_ids(tx, [id for id, _ in bulk.rest])
    return sum(one.state is ApprovalState.PENDING for one in found.values())


PAGE = Page(
    ways=(
        Way(path="/bulks", answer=begin, method="POST", role=Role.APPROVER),
        Way(path="/bulks/{id}", answer=show, role=Role.APPROVER),
        Way(path="/bulks/{id}", answer=judge, method="POST", role=Role.APPROVER),
    )
)

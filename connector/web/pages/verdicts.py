"""Verdicts on single questions: approve, write another value, reject, put off, hand to somebody. Each is a posted form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from connector.action import UpdateField, words_of
from connector.gate import queue
from connector.gate.approval import Approval, ApprovalError, ApprovalState
from connector.gate.persons import Role
from connector.record import FieldValue, same_value
from connector.web.house import House
from connector.web.page import Answer, Asked, BadRequestError, Page, SeeOther, Way
from connector.web.pages import card
from connector.web.pages.approvals import hands
from connector.web.pages.typed import typed_in
from connector.web.pages.wording import own_path

_LATER = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "1d": timedelta(days=1), "3d": timedelta(days=3)}


def judge(house: House, asked: Asked) -> Answer:
    """Take a verdict. It counts only for exactly what was shown: the form carries the seal of that."""
    with house.store.snapshot() as tx:
        found = card.named(tx, asked)
    try:
        _VERDICTS[_verdict(asked)](house, asked, found)
    except ApprovalError as error:
        if _is_repeated(house, asked):
            return SeeOther(path=own_path(asked.posted("back")))
        return card.shown(house, asked, note=error.message, status=409)
    except ValueError as error:
        return card.shown(house, asked, note=str(error), typed=asked.posted("value"), status=400)
    return SeeOther(path=own_path(asked.posted("back")))


def _verdict(asked: Asked) -> str:
    verdict = asked.posted("verdict")
    if verdict not in _VERDICTS:
        raise BadRequestError(f"a verdict is one of {', '.join(_VERDICTS)}")
    return verdict


def _is_repeated(house: House, asked: Asked) -> bool:
    """A double click: the same person gave this very verdict already. It is taken as one, and nothing happens twice.

    Another value from a tab left open is another verdict: whoever sent it is told that the first one stands.
    """
    with house.store.snapshot() as tx:
        now = card.named(tx, asked)
    verdict = asked.posted("verdict")
    ended = ApprovalState.REJECTED if verdict == "reject" else ApprovalState.APPROVED
    if now.settled_by != asked.person.name or now.state is not ended:
        return False
    match verdict:
        case "approve":
            return now.seal == asked.posted("shown")
        case "edit" | "judge":
            return isinstance(now.action, UpdateField) and same_value(now.action.value, _value(house, asked, now))
        case "reword":
            return card.worded(asked, now).items() <= words_of(now.action).items()
        case _:
            return verdict == "reject"


def _seal(asked: Asked) -> str:
    """What the person was shown; a form without it was not made by a card of ours."""
    if not asked.posted("shown"):
        raise BadRequestError("the form does not say what was shown")
    return asked.posted("shown")


def _seen(house: House, asked: Asked, found: Approval) -> str:
    """The seal of a question whose proposal this person saw; one asked blind is answered with a value first."""
    with house.store.snapshot() as tx:
        if queue.hidden_from(tx, asked.person.name, [found]):
            raise ApprovalError("this one is asked blind: say what you would write, or look at it first")
    return _seal(asked)


def _judge(house: House, asked: Asked, found: Approval) -> None:
    """The value a person would write without having seen ours."""
    value = _value(house, asked, found)
    house.people.judge(found.id, value, by=asked.person.name, remark=asked.remark(), shown=_seal(asked))


def _reveal(house: House, asked: Asked, found: Approval) -> None:
    house.people.reveal(found.id, by=asked.person.name)


def _approve(house: House, asked: Asked, found: Approval) -> None:
    house.people.approve(found.id, by=asked.person.name, remark=asked.remark(), shown=_seen(house, asked, found))


def _edit(house: House, asked: Asked, found: Approval) -> None:
    value = _value(house, asked, found)
    house.people.edit(found.id, value, by=asked.person.name, remark=asked.remark(), shown=_seen(house, asked, found))


def _value(house: House, asked: Asked, found: Approval) -> FieldValue:
    if not isinstance(found.action, UpdateField) or found.ref.connection not in house.adapters:
        raise ApprovalError(f"approval {found.id} is not a field update; reject it and do it by hand")
    return typed_in(house, asked, found.ref, found.action.field)


def _reword(house: House, asked: Asked, found: Approval) -> None:
    house.people.reword(
        found.id, card.worded(asked, found), by=asked.person.name, remark=asked.remark(), shown=_seen(house, asked, found)
    )


def _reject(house: House, asked: Asked, found: Approval) -> None:
    house.people.reject(found.id, by=asked.person.name, remark=asked.remark(), shown=_seen(house, asked, found))


def _snooze(house: House, asked: Asked, found: Approval) -> None:
    span = _LATER.get(asked.posted("for"))
    if span is None:
        raise BadRequestError("that is no time to put it off for")
    house.people.snooze(found.id, by=asked.person.name, until=house.clock.now() + span)


def _hand(house: House, asked: Asked, found: Approval) -> None:
    with house.store.snapshot() as tx:
        known = hands(tx)
    if asked.posted("to") not in known:
        raise BadRequestError("there is nobody of that name here")
    house.people.hand_to(found.id, asked.posted("to"), by=asked.person.name, remark=asked.remark())


_VERDICTS: dict[str, Callable[[House, Asked, Approval], None]] = {
    "approve": _approve, "edit": _edit, "reject": _reject, "snooze": _snooze, "hand": _hand,
    "judge": _judge, "reveal": _reveal, "reword": _reword,
}  # fmt: skip

PAGE = Page(ways=(Way(path="/approvals/{id}", answer=judge, method="POST", role=Role.APPROVER),))

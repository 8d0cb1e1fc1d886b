"""The reps of an org: they make, edit, close, delete, bring back and merge tickets, often at the worst moment."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from adapters.sandbox.refusals import RowDeletedError, RowMissingError, WriteRefusedError
from connector.adapter import HttpRequest
from connector.clock import HeldClock
from connector.simulation.crm import SimulatedCrm
from connector.simulation.learner import POISON, STRANGE, UNHEARD

WORDS = ("billing", "crash", "feature", "hello", "refund", "login")
PRIORITIES = ("low", "normal", "high")
Tell = Callable[[str], None]


def taught(crm: SimulatedCrm, word: str) -> dict[str, str]:
    """What people have always given to tickets that begin with this word."""
    place = WORDS.index(word)
    return {"category": crm.natives.categories[place % 4], "priority": PRIORITIES[place % 3]}


def write_history(crm: SimulatedCrm, each: int) -> None:
    """What was there before the connector came: closed tickets, from which it learns, a few open ones, a few deleted."""
    rep = crm.reps[0]
    for number in range(each):
        for word in WORDS:
            text = {"subject": f"{word} long ago {number}", "description": f"about {word} {number}"}
            crm.create({**text, "status": "closed", **taught(crm, word)}, rep=rep)
    crm.create({"subject": "billing left open", "status": "new"}, rep=rep)
    crm.create({"subject": "crash left open", "status": "open"}, rep=rep)
    for number in range(3):
        crm.delete(crm.create({"subject": f"hello by mistake {number}", "status": "new"}, rep=rep), rep=rep)


class Staff:
    """Draws what people do next. Everything they can meet (a locked or gone row) they take as it comes."""

    def __init__(self, crm: SimulatedCrm, world: HeldClock, tell: Tell) -> None:
        self._crm = crm
        self._world = world
        self._tell = tell
        self._bin: list[str] = []
        self._named: list[str] = []
        self._contact: str | None = None
        self.mine: list[str] = []

    def act(self, chance: random.Random) -> None:
        """One thing somebody does."""
        moves: list[tuple[Callable[[random.Random], str], int]] = [
            (self._create, 9), (self._reword, 5), (self._describe, 2), (self._decide_self, 5), (self._restatus, 3),
            (self._there_and_back, 2), (self._same_second, 2), (self._delete, 1), (self._undelete, 1),
            (self._merge, 1), (self._link, 1),
        ]  # fmt: skip
        move = chance.choices([move for move, _ in moves], [weight for _, weight in moves])[0]
        self._try(move, chance)

    def interfere(self, chance: random.Random, request: HttpRequest) -> None:
        """An edit of what the road is just about to read or write, or rests on: of the very ticket, where it names one."""
        told = f"{request.url} {request.body.decode(errors='replace')}"
        self._named = [ticket for ticket in self.mine if ticket in told]
        self._try(chance.choice((self._decide_self, self._decide_self, self._reword, self._restatus)), chance)
        self._named = []

    def reword_some(self, chance: random.Random) -> None:
        """Edits of tickets whose writes are being taken back: the undo and a new write meet."""
        for _ in range(chance.randrange(3)):
            self._try(self._reword, chance)

    def reconsider(self, chance: random.Random) -> None:
        """An edit of what changed last, before a second is over: where stamps are whole seconds, both edits share one."""
        latest = max(filter(self._alive, self.mine), key=self._changed, default=None)
        self._named = [latest] if latest is not None else []
        self._try(chance.choice((self._reword, self._reword, self._restatus)), chance)
        self._named = []

    def choose(self, ticket: str, name: str, value: str, chance: random.Random) -> None:
        """Set a field of one ticket, if it is there."""
        if ticket in self.mine and self._alive(ticket):
            self._named = [ticket]
            self._try(lambda chance: self._edit(chance, {name: value}), chance)
            self._named = []

    def _changed(self, ticket: str) -> int:
        return self._crm.org.get(self._crm.natives.ticket, ticket).modified

    def _try(self, move: Callable[[random.Random], str], chance: random.Random) -> None:
        try:
            done = move(chance)
        except (WriteRefusedError, RowMissingError, RowDeletedError):
            return
        if done:
            self._tell(f"{self._crm.connection}: a rep {done}")

    def _pick(self, chance: random.Random) -> str | None:
        """A ticket of this story, newer ones more often."""
        living = [each for each in self._named or self.mine if self._alive(each)]
        return chance.choice(living[-6:]) if living else None

    def _alive(self, ticket: str) -> bool:
        row = self._crm.org.find(self._crm.natives.ticket, ticket)
        return row is not None and row.deleted is None

    def _create(self, chance: random.Random) -> str:
        word = chance.choices((chance.choice(WORDS), UNHEARD, STRANGE, POISON), (84, 7, 7, 2))[0]
        values: dict[str, str | None] = {"subject": f"{word} {len(self.mine)}", "status": "new"}
        if chance.random() < 0.3:
            values["description"] = f"it is about {word}"
        if chance.random() < 0.1:
            values["category"] = chance.choice(self._crm.natives.categories)
        if chance.random() < 0.1:
            values["status"] = "open"
        ticket = self._crm.create(values, rep=chance.choice(self._crm.reps))
        self.mine.append(ticket)
        return f"creates ticket {ticket} {values}"

    def _edit(self, chance: random.Random, values: dict[str, str | None]) -> str:
        ticket = self._pick(chance)
        if ticket is None:
            return ""
        self._crm.edit(ticket, values, rep=chance.choice(self._crm.reps))
        return f"edits ticket {ticket} {values}"

    def _reword(self, chance: random.Random) -> str:
        return self._edit(chance, {"subject": f"{chance.choice(WORDS)} again {chance.randrange(4)}"})

    def _describe(self, chance: random.Random) -> str:
        return self._edit(chance, {"description": f"more words {chance.randrange(3)}"})

    def _decide_self(self, chance: random.Random) -> str:
        if chance.random() < 0.5:
            return self._edit(chance, {"priority": chance.choice(PRIORITIES)})
        return self._edit(chance, {"category": chance.choice((*self._crm.natives.categories, None))})

    def _restatus(self, chance: random.Random) -> str:
        return self._edit(chance, {"status": chance.choice(("new", "new", "open", "waiting", "closed"))})

    def _there_and_back(self, chance: random.Random) -> str:
        """A → B → A: with or without time for anybody to notice B."""
        ticket = self._pick(chance)
        before = self._crm.value(ticket, "subject") if ticket is not None else None
        if ticket is None or before is None:
            return ""
        rep = chance.choice(self._crm.reps)
        self._crm.edit(ticket, {"subject": f"{chance.choice(WORDS)} for a moment"}, rep=rep)
        self._world.advance(timedelta(seconds=chance.choice((0.0, 0.3, 30.0))))
        self._crm.edit(ticket, {"subject": before}, rep=rep)
        return f"edits ticket {ticket} and takes it back"

    def _same_second(self, chance: random.Random) -> str:
        """Two edits of one ticket within a second."""
        ticket = self._pick(chance)
        if ticket is None:
            return ""
        rep = chance.choice(self._crm.reps)
        self._crm.edit(ticket, {"subject": f"{chance.choice(WORDS)} first"}, rep=rep)
        self._world.advance(timedelta(milliseconds=chance.randrange(1, 900)))
        self._crm.edit(ticket, {"subject": f"{chance.choice(WORDS)} second"}, rep=rep)
        return f"edits ticket {ticket} twice in a second"

    def _delete(self, chance: random.Random) -> str:
        ticket = self._pick(chance)
        if ticket is None:
            return ""
        self._crm.delete(ticket, rep=chance.choice(self._crm.reps))
        self._bin.append(ticket)
        return f"deletes ticket {ticket}"

    def _undelete(self, chance: random.Random) -> str:
        if not self._bin:
            return ""
        ticket = self._bin.pop(chance.randrange(len(self._bin)))
        self._crm.undelete(ticket, rep=chance.choice(self._crm.reps))
        return f"brings ticket {ticket} back"

    def _merge(self, chance: random.Random) -> str:
        one, other = self._pick(chance), self._pick(chance)
        if one is None or other is None or one == other:
            return ""
        survivor = self._crm.merge_rows(one, other).id
        if survivor not in self.mine:
            self.mine.append(survivor)
        return f"merges tickets {one} and {other} into {survivor}"

    def _link(self, chance: random.Random) -> str:
        ticket = self._pick(chance)
        if ticket is None:
            return ""
        if self._contact is None:
            names = {"hubspot": ("contacts", "lastname"), "salesforce": ("Contact", "LastName")}
            native, field = names[self._crm.natives.system]
            self._contact = self._crm.org.create(native, {field: "Okafor"}, actor=self._crm.reps[0]).id
        self._crm.link_contact(ticket, self._contact)
        return f"links ticket {ticket} with a contact"

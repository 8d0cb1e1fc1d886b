"""Questions asked blind: until somebody answers, nothing that anybody reads tells what is proposed or why."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from html import unescape
from pathlib import Path
from pkgutil import resolve_name

import pytest

from adapters.channels import slack_board, smtp
from connector.action import CreateNote, CreateTask, UpdateField
from connector.adapter.http import HttpTransport
from connector.cli.main import main
from connector.decision.decision import Answer, Decision, Pins, ProposedAction, Question
from connector.gate import audits
from connector.gate.approval import ApprovalState
from connector.pipeline import BoardWay, MailWay, Way
from connector.policy import Tier
from connector.record import FieldName, RecordRef
from connector.settings import Chosen
from tests.support.given import policy
from tests.support.mail_server import Mailbox, mail_server
from tests.support.outside import environment
from tests.support.road import DESKS, Road
from tests.support.slack_server import TOKEN, Workspace, slack
from tests.support.tasks import Tasks
from tests.support.visitor import HOME, Visitor, house_over

WHY = "canarywhy"
VALUE = "billing"
MAY = "{update: {category: {}}, create_task: {subject: Look at this, approval: always}, create_note: {approval: always}}"
ASK = policy(gate="{supervised: until_earned, approvers: ada}", may=MAY, reason="{tier: fast, usd_per_day: 1}")


class Telling:
    """A tier that proposes a value, a task and a note, for one reason that names the value."""

    tier = Tier.FAST

    def decide(self, questions: Sequence[Question]) -> Sequence[Answer]:
        return [self._decision(question) for question in questions]

    def _decision(self, question: Question) -> Decision:
        ref = question.context.record.ref
        actions = (
            UpdateField(ref=ref, field=FieldName("category"), value=VALUE),
            CreateTask(ref=ref, subject="Look at this", description="Please look."),
            CreateNote(ref=ref, body="Seen."),
        )
        proposed = tuple(ProposedAction(action=action, confidence=0.93) for action in actions)
        return Decision(actions=proposed, rationale=f"{WHY}: it is {VALUE}", pins=Pins(tier=Tier.FAST, model="telling"))


class Asked:
    """A road with one decision that asks three things, one of them blind; and everything that people read."""

    def __init__(self, folder: Path, system: str, space: Workspace, box: Mailbox, blind: float) -> None:
        self.folder, self.space, self.box = folder, space, box
        audits.BLIND_SHARE = blind  # put back by the fixture
        folder.mkdir(mode=0o700)
        self.road = Road(
            DESKS[system](), folder, under=ASK, by_task=Chosen(every=True), ways=self._ways,
            models=lambda store, clock: {Tier.FAST: Telling()},
        )  # fmt: skip
        self.road.activate()
        self.tasks = Tasks(self.road)
        self.tasks.staff("ada")
        self.tasks.access.link("ada", "email", "ada@example.com", by="test")
        self.ticket: RecordRef = self.road.ticket("Charged twice")
        for _ in range(3):
            self.road.rounds()
        self.questions = [one for one in self.road.approvals(self.ticket) if one.state is ApprovalState.PENDING]
        (folder / "connector.yaml").write_text(
            f"schema: 1\nstate: {folder}\nconnections:\n  crm: {{system: hubspot}}\n", encoding="utf-8"
        )

    def _ways(self, road: Road) -> tuple[Way, ...]:
        options = {"channel": "C0APPROVE", "api": self.space.address}
        board = slack_board.connect(
            environment(options, transport=HttpTransport([self.space.address]), secrets={"bot_token": TOKEN})
        )
        post = {"host": "127.0.0.1", "port": self.box.port, "security": "none", "from": "Us <us@example.org>"}
        everybody: Callable[[str], bool] = lambda policy: True
        mail = MailWay(
            store=road.store, clock=road.clock, channel=smtp.connect(environment(post)), chosen=everybody, page=HOME
        )
        return BoardWay(board=board, chosen=everybody, page=HOME), mail

    def told(self, said: Callable[..., str]) -> Mapping[str, str]:
        """What everybody reads of it, by where it stands; lists of a field's options left out."""
        eva = Visitor(house_over(self.road), "eva")
        pages = ["/", f"/records/{self.ticket}", "/history", "/approvals.csv", "/handoffs", "/agents"]
        pages += [f"/approvals/{one.id}" for one in self.questions]
        pages += [f"/?pattern={one.pattern}" for one in self.questions]
        texts = {path: eva.read(path) for path in pages}
        texts |= {f"the task {number}": self.tasks.text(task) for number, task in enumerate(self.tasks.all())}
        texts |= {f"the message {ts}": self.space.text(ts) for ts in self.space.messages}
        texts |= {f"the letter {number}": letter.as_string() for number, letter in enumerate(self.box.letters)}
        config = self.folder / "connector.yaml"
        for form in ((), ("--json",)):
            calls: list[tuple[str, ...]] = [
                ("approvals", "list"), ("approvals", "list", "--grouped"), ("explain", str(self.ticket)),
                ("explain", str(self.ticket), "category"), ("handoffs", "list"),
                *(("approvals", "show", one.id) for one in self.questions),
            ]  # fmt: skip
            texts |= {" ".join((*call, *form)): said(*call, "--config", str(config), *form) for call in calls}
        return {name: _without_choices(text) for name, text in texts.items()}


def _without_choices(text: str) -> str:
    return re.sub(r"<option.*?</option>|<datalist.*?</datalist>", "", unescape(text), flags=re.DOTALL)


def leaks(texts: Mapping[str, str]) -> list[str]:
    return [name for name, text in texts.items() if WHY in text or VALUE in text]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def call(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["crm-connector", *arguments])
        monkeypatch.setenv("COLUMNS", "200")
        capsys.readouterr()
        try:
            main()
        except SystemExit as stopped:
            if stopped.code:
                pytest.fail(f"{arguments}: {capsys.readouterr().err}")
        return capsys.readouterr().out

    return call


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Asked]]:
    monkeypatch.setattr(audits, "BLIND_SHARE", 1.0)
    with ExitStack() as stack:
        space, box = stack.enter_context(slack()), stack.enter_context(mail_server())

        def asked(system: str = "hubspot", blind: float = 1.0) -> Asked:
            made = Asked(tmp_path / f"{system}-{blind}", system, space, box, blind)
            stack.callback(made.road.store.close)
            return made

        yield asked


@pytest.mark.parametrize("system", DESKS)
def test_nothing_that_anybody_reads_tells_what_a_blind_question_proposes(
    ask: Callable[..., Asked], said: Callable[..., str], system: str
) -> None:
    asked = ask(system)
    assert len(asked.questions) == 3
    texts = asked.told(said)
    assert leaks(texts) == []
    assert asked.tasks.all()
    assert asked.space.messages
    assert asked.box.letters


def test_what_is_not_asked_blind_is_told_everywhere(ask: Callable[..., Asked], said: Callable[..., str]) -> None:
    """The sweep sees what it looks for: shown, the value stands in nearly every one of these places."""
    asked = ask(blind=0.0)
    told = leaks(asked.told(said))
    for place in ("/", "/history", "/approvals.csv", "the task 0", "the message", "approvals list", "explain"):
        assert any(one.startswith(place) for one in told), place


KEEPERS: Mapping[str, tuple[str, object]] = {
    "cards of the page": ("connector.gate.queue.hidden_from", lambda tx, person, asked: frozenset()),
    "cards beside": ("connector.web.cards.keeping_why", lambda tx, asked, person: frozenset()),
    "the history": ("connector.gate.queue.hidden_decisions", lambda tx, person, decisions: frozenset()),
    "tasks, messages, letters": ("connector.gate.task_text.is_hidden", lambda asked: False),
    "tasks beside": ("connector.pipeline.judge._beside_blind", tuple),
    "the command line": ("connector.report.card.Card.hides", property(lambda self: False)),
    "explain": ("connector.cli.explain.still_blind", lambda tx, decisions: frozenset()),
}


@pytest.mark.parametrize("keeper", KEEPERS)
def test_without_one_of_its_keepers_a_blind_question_leaks(
    ask: Callable[..., Asked], said: Callable[..., str], monkeypatch: pytest.MonkeyPatch, keeper: str
) -> None:
    target, substitute = KEEPERS[keeper]
    owner, _, name = target.rpartition(".")
    monkeypatch.setattr(resolve_name(owner), name, substitute)
    assert leaks(ask().told(said)) != []

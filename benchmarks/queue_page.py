"""How long the approvals page takes with ten thousand questions waiting: `python -m benchmarks.queue_page`."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from starlette.testclient import TestClient

from connector.action import UpdateField
from connector.clock import SystemClock, secret_random
from connector.gate import FieldBase, approvals
from connector.gate.approval import Approval, ApprovalState
from connector.gate.persons import Role
from connector.journal import Journal
from connector.pipeline import SignedIn
from connector.pipeline.state import prepare
from connector.policy import OnOverwrite, PolicySet
from connector.record import ConflictRule, ConnectionName, FieldName, ObjectType, RecordRef
from connector.settings import WebSettings
from connector.store import SqliteStore
from connector.web.app import pages_app
from connector.web.house import House

WAITING, ROUNDS = 10_000, 40
CRM = ConnectionName("crm")


class Silent:
    """A log that keeps nothing."""

    def info(self, event: str, **fields: object) -> None: ...

    warning = info


def question(number: int, chance: random.Random) -> Approval:
    """One of many: six policies, two fields, eight values."""
    policy, field = f"policy-{number % 6}", FieldName("category" if number % 2 else "priority")
    ref = RecordRef(CRM, ObjectType.TICKET, str(number))
    now = SystemClock().now() - timedelta(seconds=chance.randrange(80_000))
    text = " ".join(chance.choice(("charged", "twice", "order", "broken", "door", "late")) for _ in range(60))
    return Approval(
        id=f"{number:012x}", intent=f"{number:032x}", decision=f"d{number}", policy=policy,
        cell=f"crm/{policy}/ticket/update/{field}", pins="offline:x", content=str(number), ref=ref,
        action=UpdateField(ref=ref, field=field, value=f"value-{number % 8}"),
        bases={field: FieldBase(value=None), FieldName("subject"): FieldBase(value=text[:60])},
        rule=ConflictRule.HUMAN_WINS, on_overwrite=OnOverwrite.ASK, confidence=0.9, rationale=text, reasons=(),
        citations=({"quote": text, "source": "ticket.description", "origin": "outsider"},), after=None, run=None,
        state=ApprovalState.PENDING, owner="leads", asked_at=now, expires_at=now + timedelta(days=3),
    )


def main() -> None:
    chance, settings = random.Random(1), WebSettings(port=8770)
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "state.db")
        prepare(store)
        with store.transaction("benchmark: asked") as tx:
            approvals.ask(tx, [question(number, chance) for number in range(WAITING)])
        house = House(
            store=store, clock=SystemClock(), chance=secret_random(), journal=Journal(chance), adapters={},
            policies=lambda: PolicySet([]), log=Silent(),
        )
        entered = house.access.sign_in("ada", house.access.add("ada", Role.APPROVER, by="root"), address="")
        assert isinstance(entered, SignedIn)
        pattern = question(1, chance).pattern
        # Entered, it keeps its threads, and they their connections, as the server does.
        with TestClient(pages_app(house, settings), base_url=f"http://127.0.0.1:{settings.port}") as client:
            client.cookies.set("connector_session", entered.secret)
            for path in ("/", "/?page=400", f"/?pattern={pattern}", "/?policy=policy-1", "/history"):
                print(f"{path:34} {_measured(client, path)}")
        store.close()


def _measured(client: TestClient, path: str) -> str:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200
    return f"median {statistics.median(took):6.1f} ms   95th {sorted(took)[int(ROUNDS * 0.95)]:6.1f} ms"


if __name__ == "__main__":
    main()

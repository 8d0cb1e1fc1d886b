"""A HubSpot sandbox as a conformance world: what a person does there, in HubSpot's own names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any, ClassVar

from adapters.conformance import Mishap
from adapters.hubspot.adapter import LANES, connect
from adapters.sandbox.clock import OrgClock
from adapters.sandbox.hubspot import build_hubspot
from adapters.sandbox.hubspot.links import default_kind, inverse_kind
from adapters.sandbox.rows import Row, RowKey
from adapters.sandbox.wire import WireRequest
from connector.adapter import Adapter, FieldValue, ObjectType, RecordRef
from tests.conformance.sandbox_world import SandboxWorld

BASE_URL = "https://api.hubapi.com"
NO_STAMP = (
    "HubSpot's search finds records by the time a property changed; nothing public says that a new association alone"
    " moves it. Such a change is seen by the next sweep, whose records show their associations."
)


class HubSpotWorld(SandboxWorld):
    """One portal."""

    page = 200
    lag = timedelta(minutes=3)
    exemptions: Mapping[str, str] = {"a_change_of_associations_alone_is_seen": NO_STAMP}
    objects: ClassVar[Mapping[ObjectType, str]] = {
        ObjectType.CONTACT: "contacts",
        ObjectType.ACCOUNT: "companies",
        ObjectType.OPPORTUNITY: "deals",
        ObjectType.TICKET: "tickets",
        ObjectType.TASK: "tasks",
        ObjectType.NOTE: "notes",
    }
    natives: ClassVar[Mapping[str, str]] = {
        "last_name": "lastname", "title": "jobtitle", "name": "name", "amount": "amount", "close_date": "closedate",
        "stage": "dealstage", "subject": "subject", "description": "content", "status": "hs_pipeline_stage",
        "priority": "hs_ticket_priority", "due": "hs_timestamp", "body": "hs_note_body",
    }  # fmt: skip
    by_object: ClassVar[Mapping[tuple[ObjectType, str], str]] = {
        (ObjectType.OPPORTUNITY, "name"): "dealname",
        (ObjectType.TASK, "subject"): "hs_task_subject",
        (ObjectType.TASK, "description"): "hs_task_body",
    }
    options: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "hs_ticket_priority": {"low": "LOW", "normal": "MEDIUM", "high": "HIGH"},
        "hs_pipeline_stage": {"new": "1", "waiting": "2", "open": "3", "closed": "4"},
    }
    faults: ClassVar[Mapping[Mishap, str]] = {
        Mishap.LOST_BEFORE: "reset_before_apply",
        Mishap.LOST_AFTER: "reset_after_apply",
        Mishap.SILENT_AFTER: "timeout_after_apply",
        Mishap.TOKEN_REFUSED: "http_401",
        Mishap.RATE_LIMITED: "burst_429",
        Mishap.UNAVAILABLE: "http_503",
        Mishap.HTML: "html_body",
        Mishap.CUT_JSON: "truncated_json",
        Mishap.LATE_COMMIT: "late_commit",
        Mishap.STALE_INDEX: "search_lag",
        Mishap.REP_BETWEEN: "write_between_read_and_patch",
        Mishap.IGNORED: "write_ignored",
        Mishap.REPEATED_ROW: "duplicated_page",
        Mishap.EMPTY_PAGE: "search_empty",
        Mishap.LIST_RESTART: "cursor_restart",
    }
    defaults: ClassVar[Mapping[ObjectType, Mapping[str, object]]] = {
        ObjectType.OPPORTUNITY: {"dealstage": "appointmentscheduled", "pipeline": "default"},
        ObjectType.TICKET: {"hs_pipeline_stage": "1", "hs_pipeline": "0"},
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.sandbox = build_hubspot(clock=OrgClock.following(self.clock.now), seed=7)
        self.org, self.rep = self.sandbox.org, self.sandbox.rep
        self.environment = self.given(
            self.sandbox.face,
            BASE_URL,
            settings={"system": "hubspot", **(settings or {})},
            lanes=LANES,
            access_token=self.sandbox.token,
        )

    def adapter(self) -> Adapter:
        return connect(self.environment)

    def is_write(self, request: WireRequest) -> bool:
        return request.method == "PATCH" or request.path.endswith(("/batch/update", "/batch/create"))

    def merge(self, winner: RecordRef, loser: RecordRef) -> RecordRef:
        body = {"primaryObjectId": winner.id, "objectIdToMerge": loser.id}
        answer = self.sandbox.call("POST", f"/crm/v3/objects/{self.objects[winner.object]}/merge", body)
        row = self.org.resolve(self.objects[winner.object], winner.id)
        assert answer.status == 200, answer.body
        assert row is not None
        return RecordRef(self.connection, winner.object, row.id)

    def associate(self, ref: RecordRef, other: RecordRef) -> None:
        origin, target = RowKey(self.objects[ref.object], ref.id), RowKey(self.objects[other.object], other.id)
        kind = default_kind(self.sandbox.portal, origin.object, target.object)
        back = inverse_kind(self.sandbox.portal, target.object, origin.object, kind)
        self.org.associate(origin, target, kind, inverse=back, actor=self.rep)

    def hanging(self, parent: RecordRef, object: ObjectType) -> tuple[Mapping[str, FieldValue], ...]:
        links = self.org.associations.of(RowKey(self.objects[parent.object], parent.id), self.objects[object])
        rows = [self.org.find(*target) for target, _ in links]
        return tuple(self.shared(object, row) for row in rows if row is not None and row.deleted is None)

    def absent(self, object: ObjectType) -> RecordRef:
        return RecordRef(self.connection, object, "999999999999")

    def shared(self, object: ObjectType, row: Row) -> Mapping[str, FieldValue]:
        seen = dict(super().shared(object, row))
        if seen["body"]:  # a note is rich text: this is what its reader sees
            seen["body"] = unescape(str(seen["body"]).replace("<br>", "\n"))
        return seen

    def text(self, native: str, value: FieldValue) -> object:
        if value is None:
            return ""
        if isinstance(value, date) and not isinstance(value, datetime):
            return f"{value.isoformat()}T00:00:00Z"
        return super().text(native, value)

"""One connected Salesforce org, put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from adapters.salesforce.catalog import Catalog
from adapters.salesforce.changes import SETTLE, SalesforceChanges
from adapters.salesforce.check import findings
from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.contact_roles import ContactRoles
from adapters.salesforce.correspondents import Correspondents
from adapters.salesforce.creates import CREATE_BATCH, DRAFTS_ON, Creates
from adapters.salesforce.field_history import FieldHistory
from adapters.salesforce.flows import Flows
from adapters.salesforce.hindsight import Hindsight
from adapters.salesforce.mapping import DEFAULT_MARKER_FIELD, object_maps
from adapters.salesforce.reads import READ_BATCH, SalesforceReader
from adapters.salesforce.resolution import Resolutions
from adapters.salesforce.stage_history import StageRows
from adapters.salesforce.sweep import Sweep
from adapters.salesforce.updates import UPDATE_BATCH, Updates
from adapters.salesforce.writes import SalesforceWriter
from connector.adapter import (
    Capabilities,
    DeliveryResult,
    Dispatch,
    Environment,
    Finding,
    GuardKind,
    ObjectType,
    RecordRef,
    Stay,
    readable,
)
from connector.errors import ConnectorError

DEFAULT_OVERLAP = 300
SETTINGS = frozenset({
    "system", "auth", "login_url", "instance_url", "client_id", "username", "audience", "api_version", "marker_field",
    "objects", "fields", "overlap_seconds", "bulk_above", "bulk_page",
})  # fmt: skip
"""The keys this adapter knows in its block of connector.yaml."""


class SalesforceAdapter:
    """The adapter port; building it makes no call."""

    def __init__(self, environment: Environment) -> None:
        settings = environment.settings
        self._connection = environment.connection
        self._marker_field = str(settings.get("marker_field") or DEFAULT_MARKER_FIELD)
        self._client = SalesforceClient(environment)
        maps = object_maps(settings, connection=environment.connection)
        self._catalog = Catalog(environment, self._client, maps)
        self._flows = Flows(self._client)
        self._stages = StageRows(self._client, self._catalog)
        roles = ContactRoles(self._client, environment.log)
        self._records = SalesforceReader(
            environment.connection, self._client, self._catalog, roles=roles,
            correspondents=Correspondents(self._client, self._catalog, environment.log),
        )
        overlap = timedelta(seconds=float(settings.get("overlap_seconds", DEFAULT_OVERLAP)))
        self._changes = SalesforceChanges(
            environment.connection,
            self._client,
            self._catalog,
            Sweep(environment, self._client, self._catalog),
            roles=roles,
            overlap=overlap,
            log=environment.log,
        )
        creates = Creates(environment.connection, self._client, self._catalog, marker_field=self._marker_field)
        history = FieldHistory(self._client, self._catalog, reach=overlap)
        self._writes = SalesforceWriter(
            self._client,
            self._records,
            Updates(self._client, self._catalog, self._records, Hindsight(self._client, history)),
            creates,
            Resolutions(self._client, self._catalog, self._records, creates, history),
        )

    @readable
    def workflows(self) -> tuple[str, ...]:
        return self._flows.names()

    def start_workflow(self, dispatch: Dispatch) -> DeliveryResult:
        return self._flows.start(dispatch)

    @readable
    def stays(self, refs: Sequence[RecordRef]) -> Mapping[RecordRef, tuple[Stay, ...]]:
        return self._stages.stays(refs)

    @readable
    def own_user(self) -> str:
        return self._client.user_id()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            system="Salesforce",
            guard=GuardKind.CONDITIONAL,
            objects=self._catalog.objects,
            field_stamps=False,
            read_batch=READ_BATCH,
            update_batch=UPDATE_BATCH,
            create_batch=CREATE_BATCH,
            settle=SETTLE,
            marker_field=self._has_marker_field(),
            links_stamped=True,
            drafts_on=DRAFTS_ON,
        )

    @property
    def changes(self) -> SalesforceChanges:
        return self._changes

    @property
    def records(self) -> SalesforceReader:
        return self._records

    @property
    def writes(self) -> SalesforceWriter:
        return self._writes

    @readable
    def check(self) -> tuple[Finding, ...]:
        return findings(self._client, self._catalog, connection=self._connection, marker_field=self._marker_field)

    def _has_marker_field(self) -> bool:
        try:
            return self._marker_field in self._catalog.describe(ObjectType.TASK).external_ids
        except ConnectorError:
            return False


def connect(environment: Environment) -> SalesforceAdapter:
    """The entry point of this adapter."""
    return SalesforceAdapter(environment)

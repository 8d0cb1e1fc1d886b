"""The HubSpot adapter: one portal with its changes, records and writes, and the check of its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from adapters.hubspot.changes import HubSpotChanges
from adapters.hubspot.client import BURST, SEARCH
from adapters.hubspot.creates import BATCH as CREATE_BATCH
from adapters.hubspot.mapping import OBJECTS, field_mappings
from adapters.hubspot.portal import Portal
from adapters.hubspot.records import HISTORY_BATCH, HubSpotRecords
from adapters.hubspot.stage_history import stays
from adapters.hubspot.writes import BATCH as UPDATE_BATCH
from adapters.hubspot.writes import HubSpotWrites
from connector.adapter import (
    Capabilities,
    Environment,
    Finding,
    GuardKind,
    Lane,
    ObjectType,
    RecordRef,
    Stay,
    readable,
)
from connector.errors import AccessDeniedError, ConnectorError, CredentialsError, SettingsError

LANES = {
    BURST: Lane(calls=90, window=timedelta(seconds=10)),  # 100 on the free tier, until an answer's headers say more
    SEARCH: Lane(calls=5, window=timedelta(milliseconds=1100)),  # 5 a second per account; a call may travel 100 ms longer
}
"""The rate budget an account needs when nothing better is known; `budget:` in the settings fixes it."""
SETTINGS = frozenset({
    "system", "base_url", "api_version", "auth", "client_id", "app_id", "fields", "overlap_seconds",
})  # fmt: skip
"""The keys this adapter knows in its block of connector.yaml."""


class HubSpotAdapter:
    """One connected HubSpot portal."""

    def __init__(self, environment: Environment) -> None:
        self._portal = Portal(environment)
        self._records = HubSpotRecords(self._portal)
        self._changes = HubSpotChanges(self._portal, self._records)
        self._writes = HubSpotWrites(self._portal, self._records)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            system="HubSpot",
            guard=GuardKind.VERIFIED,
            objects=frozenset(OBJECTS),
            field_stamps=True,
            read_batch=HISTORY_BATCH,
            update_batch=UPDATE_BATCH,
            create_batch=CREATE_BATCH,
            settle=timedelta(0),
            marker_field=False,
            links_stamped=False,
            interface_sources=frozenset({"CRM_UI"}),
        )

    @property
    def changes(self) -> HubSpotChanges:
        return self._changes

    @property
    def records(self) -> HubSpotRecords:
        return self._records

    @property
    def writes(self) -> HubSpotWrites:
        return self._writes

    @readable
    def stays(self, refs: Sequence[RecordRef]) -> Mapping[RecordRef, tuple[Stay, ...]]:
        return stays(self._records, refs)

    @readable
    def check(self) -> tuple[Finding, ...]:
        """Credentials first; then every object's permissions, mapped fields and options."""
        try:
            self._portal.users()
        except CredentialsError as error:
            return (Finding(subject="credentials", problem=error.message, fix="set a valid token for this connection"),)
        except AccessDeniedError as error:
            return (*self._owner_finding(error), *self._object_findings())
        except SettingsError as error:
            return (Finding(subject="credentials", problem=error.message, fix=error.hint),)
        except ConnectorError as error:
            return (Finding(subject="connection", problem=error.message, fix="check base_url and the network"),)
        return tuple(self._object_findings())

    def _owner_finding(self, error: AccessDeniedError) -> Iterator[Finding]:
        yield Finding(subject="owners", problem=error.message, fix="grant the scope crm.objects.owners.read")

    def _object_findings(self) -> Iterator[Finding]:
        for object, native in OBJECTS.items():
            try:
                yield from self._findings_of(object)
            except AccessDeniedError as error:
                yield Finding(
                    subject=str(object),
                    problem=error.message,
                    fix=f"grant crm.objects.{native}.read and .write, or use no policy on {object}",
                    fatal=False,
                    object=object,
                )
            except ConnectorError as error:
                problem = error.message
                yield Finding(subject=str(object), problem=problem, fix=error.hint, fatal=False, object=object)

    def _findings_of(self, object: ObjectType) -> Iterator[Finding]:
        live = self._portal.live(object)
        for name, mapping in field_mappings(object, self._portal.settings).items():
            if mapping.from_user and name not in live.fields:
                yield Finding(
                    subject=f"{object}.{name}",
                    problem=f"HubSpot has no property {' or '.join(mapping.natives)} on {OBJECTS[object]}",
                    fix=f"correct fields.{object}.{name} in connector.yaml, or grant access to the property",
                )
        for field in live.schema.fields.values():
            if field.unmapped_options:
                options = ", ".join(field.unmapped_options)
                yield Finding(
                    subject=f"{object}.{field.name}",
                    problem=f"these options have no shared name: {options}",
                    fix=f"name them under fields.{object}.{field.name}.options in connector.yaml",
                    fatal=False,
                    object=object,
                )


def connect(environment: Environment) -> HubSpotAdapter:
    """The entry point: cheap, nothing is asked of HubSpot before the first use."""
    return HubSpotAdapter(environment)

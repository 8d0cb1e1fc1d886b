"""The writing side: guarded updates, marked creates, lost answers, and taking back what we created."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.salesforce.client import SalesforceClient
from adapters.salesforce.creates import Creates
from adapters.salesforce.mapping import CREATABLE
from adapters.salesforce.reads import SalesforceReader
from adapters.salesforce.resolution import Resolutions
from adapters.salesforce.rows import version_of
from adapters.salesforce.updates import Updates, lost
from connector.adapter import (
    CreateResult,
    FieldName,
    GuardedWrite,
    MarkedCreate,
    Merged,
    Missed,
    Record,
    RecordRef,
    Refused,
    Resolution,
    UnknownWrite,
    WriteResult,
    Written,
    readable,
)
from connector.errors import ConnectorError, CredentialsError, RecordGoneError

_CREATED_BY = FieldName("CreatedById")


class SalesforceWriter:
    """The writer port."""

    def __init__(
        self,
        client: SalesforceClient,
        reader: SalesforceReader,
        updates: Updates,
        creates: Creates,
        resolutions: Resolutions,
    ) -> None:
        self._client = client
        self._reader = reader
        self._updates = updates
        self._creates = creates
        self._resolutions = resolutions

    def update(self, writes: Sequence[GuardedWrite]) -> tuple[WriteResult, ...]:
        return self._updates.send(writes)

    def create(self, creates: Sequence[MarkedCreate]) -> tuple[CreateResult, ...]:
        return self._creates.send(creates)

    @readable
    def resolve(self, unknown: Sequence[UnknownWrite]) -> tuple[Resolution, ...]:
        return self._resolutions.find_out(unknown)

    def delete_created(self, ref: RecordRef) -> WriteResult:
        if ref.object not in CREATABLE:
            return Refused(code="NOT_OURS", reason=f"a {ref.object} is never deleted")
        now = self._reader.read([ref], [_CREATED_BY])[ref]
        match now:
            case Merged(into=into):
                return Missed(into=into)
            case Record() if now.fields[_CREATED_BY] != self._client.user_id():
                return Refused(code="NOT_OURS", reason="somebody else created this record")
            case Record():
                return self._delete(now)
            case _:
                return Missed()

    def _delete(self, now: Record) -> WriteResult:
        try:
            answer = self._client.delete(self._reader.schema(now.ref.object).native, now.ref.id)
        except RecordGoneError:
            return Missed()
        except CredentialsError:
            raise
        except ConnectorError as error:
            return lost(error)
        return Written(version=version_of(answer.at.strftime("%Y-%m-%dT%H:%M:%SZ")), before={}, after={})

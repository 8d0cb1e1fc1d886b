"""Every HTTP call to HubSpot: the official client library builds the requests, our transport carries them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.hubspot.answers import Answer, allowed_calls, failure, server_time
from adapters.hubspot.paths import DATED, check_version, is_record_id
from adapters.hubspot.seam import RAW, RefusedCallError, Reply, open_library
from adapters.hubspot.tokens import fetch_token, token_store
from connector.adapter import Environment, HttpResponse
from connector.adapter.retry import Operation, Retries
from connector.adapter.tokens import TokenKeeper
from connector.errors import OutcomeUnknownError, RateLimitedError, UnavailableError, UnsafeReferenceError

BASE_URL = "https://api.hubapi.com"
BURST, SEARCH = "burst", "search"  # the lanes of the account's rate budget


class HubSpotClient:
    """The calls this adapter makes, each once per method; api objects are made when first used and then held."""

    def __init__(self, environment: Environment) -> None:
        settings = environment.settings
        self.base_url = str(settings.get("base_url") or BASE_URL).rstrip("/")
        self.version = check_version(str(settings.get("api_version") or DATED))
        self._environment = environment
        self._retries = Retries(environment.clock, environment.random)
        self._keeper = TokenKeeper(
            store=token_store(environment),
            fetch=lambda token: fetch_token(environment, self.base_url, self.version, token),
            transport=environment.transport,
            clock=environment.clock,
        )
        self._apis: dict[str, Any] = {}
        self._server_now: datetime | None = None

    def page(
        self, object: str, *, limit: int, after: str | None = None, archived: bool = False, properties: Sequence[str] = ()
    ) -> Answer:
        """One page of the list of records, in id order; `after` is opaque."""
        options: dict[str, Any] = {"limit": limit, "archived": archived}
        if properties:
            options["properties"] = list(properties)
        if after is not None:
            options["after"] = after
        return self._call(Operation.READ, BURST, lambda: self._basic.get_page(object, **options, **RAW))

    def find(self, object: str, record_id: str, *, properties: Sequence[str] = (), archived: bool = False) -> Answer:
        """One record by id; a merged id answers with the survivor. Raises RecordGoneError."""
        check_ids([record_id])
        options = {"properties": list(properties), "archived": archived}
        return self._call(Operation.READ, BURST, lambda: self._basic.get_by_id(object, record_id, **options, **RAW))

    def search(self, object: str, body: Mapping[str, Any]) -> Answer:
        """One page of a search: its own lane, because searches have a limit of their own."""
        return self._call(Operation.READ, SEARCH, lambda: self._search.do_search(object, dict(body), **RAW))

    def batch_read(self, object: str, ids: Sequence[str], properties: Sequence[str], history: Sequence[str]) -> Answer:
        """Records by id with property values and, for some, every earlier value."""
        check_ids(ids)
        body = {
            "inputs": [{"id": each} for each in ids],
            "properties": list(properties),
            "propertiesWithHistory": list(history),
        }
        return self._call(Operation.READ, BURST, lambda: self._batch.read(object, body, **RAW), whole=True)

    def batch_update(self, object: str, inputs: Sequence[Mapping[str, Any]]) -> Answer:
        """Up to 100 updates; not repeated once the answer may have been lost."""
        check_ids([str(each["id"]) for each in inputs])
        body = {"inputs": [dict(each) for each in inputs]}
        return self._call(Operation.GUARDED, BURST, lambda: self._batch.update(object, body, **RAW))

    def batch_create(self, object: str, inputs: Sequence[Mapping[str, Any]]) -> Answer:
        """Up to 100 creates with their associations; never repeated when anything may have arrived."""
        body = {"inputs": [dict(each) for each in inputs]}
        return self._call(Operation.CREATE, BURST, lambda: self._batch.create(object, body, **RAW))

    def archive(self, object: str, record_id: str) -> Answer:
        """Move one record to the recycle bin; doing so twice is the same as once."""
        check_ids([record_id])
        return self._call(Operation.UPSERT, BURST, lambda: self._basic.archive(object, record_id, **RAW))

    def associated(self, origin: str, target: str, inputs: Sequence[Mapping[str, str]]) -> Answer:
        """The ids of one object that hang on records of another."""
        check_ids([each["id"] for each in inputs])
        body = {"inputs": [dict(each) for each in inputs]}
        return self._call(Operation.READ, BURST, lambda: self._associations.get_page(origin, target, body, **RAW))

    def association_types(self, origin: str, target: str) -> Answer:
        """The kinds of link there are between two objects."""
        return self._call(Operation.READ, BURST, lambda: self._labels.get_all(origin, target, **RAW))

    def properties(self, object: str) -> Answer:
        return self._call(Operation.READ, BURST, lambda: self._properties.get_all(object, **RAW))

    def pipelines(self, object: str) -> Answer:
        return self._call(Operation.READ, BURST, lambda: self._pipelines.get_all(object, **RAW))

    def owners(self, after: str | None) -> Answer:
        options: dict[str, Any] = {"limit": 100} if after is None else {"limit": 100, "after": after}
        return self._call(Operation.READ, BURST, lambda: self._owners.get_page(**options, **RAW))

    def server_now(self) -> datetime | None:
        """The server's time as the latest answer told it."""
        return self._server_now

    # The api objects of the library, one each for the life of the adapter.

    @property
    def _basic(self) -> Any:
        return self._held("basic", lambda crm: crm.objects.basic_api)

    @property
    def _batch(self) -> Any:
        return self._held("batch", lambda crm: crm.objects.batch_api)

    @property
    def _search(self) -> Any:
        return self._held("search", lambda crm: crm.objects.search_api)

    @property
    def _associations(self) -> Any:
        return self._held("associations", lambda crm: crm.associations.v4.batch_api)

    @property
    def _labels(self) -> Any:
        return self._held("labels", lambda crm: crm.associations.v4.schema.definitions_api)

    @property
    def _properties(self) -> Any:
        return self._held("properties", lambda crm: crm.properties.core_api)

    @property
    def _pipelines(self) -> Any:
        return self._held("pipelines", lambda crm: crm.pipelines.pipelines_api)

    @property
    def _owners(self) -> Any:
        return self._held("owners", lambda crm: crm.owners.owners_api)

    def _held(self, name: str, choose: Callable[[Any], Any]) -> Any:
        if name not in self._apis:
            library = open_library(self.base_url, self.version, self._keeper.send, user_agent=self._environment.client)
            self._apis[name] = choose(library.crm)
        return self._apis[name]

    def _call(self, operation: Operation, lane: str, send: Callable[[], Reply], *, whole: bool = False) -> Answer:
        try:
            return self._retries.call(operation, lambda: self._once(operation, lane, send, whole=whole))
        except OutcomeUnknownError as error:
            if operation is not Operation.READ:
                raise
            raise UnavailableError(error.message) from error  # a lost answer to a read has no outcome to find out

    def _once(self, operation: Operation, lane: str, send: Callable[[], Reply], *, whole: bool) -> Answer:
        self._environment.budget.acquire(lane)
        try:
            response = send().response
        except RefusedCallError as refused:
            raise self._refusal(refused.response, operation, lane) from None
        answer = Answer(response)
        self._observe(response, lane)
        if operation is Operation.READ:
            answer.json()  # HTML or half a body is a failed read, and a read may be repeated
        if whole:
            answer.check_whole()
        return answer

    def _refusal(self, response: HttpResponse, operation: Operation, lane: str) -> Exception:
        error = failure(response, operation)
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            self._environment.budget.close(lane, error.retry_after)
        self._observe(response, lane)
        return error

    def _observe(self, response: HttpResponse, lane: str) -> None:
        self._server_now = server_time(response) or self._server_now
        if (said := allowed_calls(response)) is not None:
            self._environment.budget.observe(lane, said)
        # Every rate header is optional; the Daily pair never comes with OAuth (recorded).
        allowed = response.header("X-HubSpot-RateLimit-Daily")
        left = response.header("X-HubSpot-RateLimit-Daily-Remaining")
        if allowed is not None and left is not None and allowed.isdigit() and left.isdigit():
            self._environment.budget.observe_daily(used=int(allowed) - int(left), allowed=int(allowed))


def check_ids(ids: Sequence[str]) -> None:
    """Refuse anything but digits before it can become part of a request."""
    for each in ids:
        if not is_record_id(each):
            raise UnsafeReferenceError("a HubSpot record id consists of digits")

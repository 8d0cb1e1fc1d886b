"""One fixed call into a system of yours: the address, the method and what goes along are settings, never an answer's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from adapters.channels.failures import failed
from connector.adapter import (
    ActionKind,
    Channel,
    ChannelEnvironment,
    Delivered,
    DeliveryResult,
    Dispatch,
    FieldName,
    Finding,
    HttpRequest,
    Lacking,
    Plain,
    Postponed,
    Purpose,
    Refused,
    Unknown,
    filled,
    needs_of,
    read_parameters,
)
from connector.errors import ConnectorError, SettingsError

_METHODS = ("POST", "PUT", "PATCH", "DELETE")


class Endpoint:
    """One endpoint of connector.yaml."""

    def __init__(self, environment: ChannelEnvironment) -> None:
        options = environment.options
        self._url = options.text("url")
        self._method = options.word("method", _METHODS, "POST")
        self._auth = options.word("auth", ("none", "bearer"), "none")
        self._seconds = options.whole("timeout", 10, low=1, high=120)
        self._parameters = read_parameters(options, "parameters")
        if any(parameter.field is not None and "." in parameter.field for parameter in self._parameters):
            options.wrong("parameters", "an endpoint takes fields of the record itself, not of its relatives")
        options.close()
        try:
            self._transport = environment.transport_to(self._url)
        except SettingsError as error:
            options.wrong("url", error.problems[0])
        if options.problems:
            raise SettingsError(options.problems)
        self._secrets = environment.secrets

    @property
    def kinds(self) -> frozenset[ActionKind]:
        return frozenset({ActionKind.CALL_ENDPOINT})

    @property
    def needs(self) -> frozenset[FieldName]:
        return needs_of(self._parameters)

    def deliver(self, dispatch: Dispatch) -> DeliveryResult:
        """Call it once. The intent goes along as `Idempotency-Key`, for systems that tell a repetition by it."""
        given = filled(self._parameters, dispatch.fields)
        if isinstance(given, Lacking):
            return Refused(code="parameters", reason=given.why)
        try:
            request = self._request(dispatch, given)
        except SettingsError as error:
            return Postponed(reason=error.message)
        try:
            answer = self._transport.send(request)
        except ConnectorError as error:
            return failed(error)
        return _read(answer.status, answer.header("retry-after"))

    def check(self) -> tuple[Finding, ...]:
        if self._auth == "bearer" and self._secrets.find("token") is None:
            return (Finding(subject="secret", problem="the secret token is not set", fix="set it as docs/channels.md says"),)
        return ()

    def _request(self, dispatch: Dispatch, given: Mapping[str, Plain]) -> HttpRequest:
        headers = {"Content-Type": "application/json", "Idempotency-Key": dispatch.intent}
        if self._auth == "bearer":
            headers["Authorization"] = f"Bearer {self._secrets.get('token')}"
        return HttpRequest(
            method=self._method, url=self._url, headers=headers, body=json.dumps(given).encode(), purpose=Purpose.CHANNEL,
            read=float(self._seconds),
        )


def _read(status: int, retry_after: str | None) -> DeliveryResult:
    if 200 <= status < 300:
        return Delivered(reference=f"answered {status}")
    if status == 429:
        wait = timedelta(seconds=min(int(retry_after), 3_600)) if retry_after and retry_after.isdigit() else None
        return Postponed(reason="the endpoint asks for patience", wait=wait)
    if status >= 500:  # it may have done its work and failed to say so
        return Unknown(reason=f"the endpoint answered {status}")
    return Refused(code=str(status), reason=f"the endpoint answered {status}{', a redirect' if status < 400 else ''}")


def connect(environment: ChannelEnvironment) -> Channel:
    """The endpoint of one block under `endpoints`."""
    return Endpoint(environment)

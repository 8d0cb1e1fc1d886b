"""One model behind the Messages protocol: the real client, its retries off and ours on, failures as our own errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from connector.adapter import NoAnswerError, Transport
from connector.adapter.retry import Operation, Retries
from connector.decision.decision import Usage
from connector.decision.reasoners.breaker import Breaker
from connector.decision.reasoners.prices import Price, cost
from connector.errors import (
    ConnectorError,
    CredentialsError,
    DecisionError,
    InvalidResponseError,
    RateLimitedError,
    RetryableError,
    UnavailableError,
)
from connector.policy import Tier

if TYPE_CHECKING:
    from anthropic import Anthropic, APIStatusError

_Answer = TypeVar("_Answer")
_HINT = "crm-connector check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What the server behind a base URL can do. Local servers speak a subset of the protocol."""

    structured: bool = True  # output_config with a JSON schema
    caching: bool = True
    thinking_off: bool = True  # the parameter that turns thinking off is known
    effort: str | None = None


LOCAL_FEATURES = Features(structured=False, caching=False, thinking_off=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Which model serves a tier, where, and how long its answers may be. `base_url` is given without /v1."""

    tier: Tier
    model: str
    price: Price
    base_url: str = "https://api.anthropic.com"
    features: Features = field(default_factory=Features)
    max_tokens: int = 4_096
    larger: int = 16_384  # for the one retry after an answer was cut off
    connect: float = 5.0
    read: float = 120.0
    parallel: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of the model. `usage` None: the server did not say what it counted."""

    stop_reason: str
    text: str
    usage: Usage | None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReply:
    """What a batch says of one request; `reply` None where it expired, failed or was cancelled."""

    reply: Reply | None


Paying: TypeAlias = Callable[[Callable[[], Reply]], Reply]
"""Sends one request with its money set aside, and settles what it cost or may have cost."""


class PausedError(ConnectorError):
    """The breaker is open: the endpoint failed several times in a row and is left alone for a while."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"the model endpoint is left alone for {wait.total_seconds():.0f} s after repeated failures")
        self.wait = wait


class Endpoint:
    """Sends one conversation and returns the reply. Shared by threads.

    Raises RetryableError or NoAnswerError after our retries, PausedError while the breaker is open, CredentialsError
    when only a person can mend it (key, model name, the account's money), DecisionError when the request is refused.
    """

    def __init__(
        self, settings: ModelSettings, transport: Transport, retries: Retries, breaker: Breaker, *, key: str
    ) -> None:
        self.settings = settings
        self._transport = transport
        self._retries = retries
        self._breaker = breaker
        self._key = key

    def ask(
        self, *, system: Sequence[str], messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any],
        max_tokens: int, paying: Paying,
    ) -> Reply:
        """The model's reply. Each request we send, repeats included, goes through `paying`."""
        parameters = self.parameters(system, messages, schema, max_tokens)

        def once() -> Reply:
            if (wait := self._breaker.wait()) is not None:
                raise PausedError(wait)
            return paying(lambda: self._watched(parameters))

        return self._retries.call(Operation.READ, once)

    def _watched(self, parameters: Mapping[str, Any]) -> Reply:
        try:
            reply = self._send(parameters)
        except (NoAnswerError, UnavailableError):
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return reply

    def parameters(
        self, system: Sequence[str], messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], max_tokens: int
    ) -> dict[str, Any]:
        """One request as the protocol takes it."""
        settings, features = self.settings, self.settings.features
        blocks: list[dict[str, Any]] = [{"type": "text", "text": text} for text in system]
        if features.caching:
            blocks[-1]["cache_control"] = {"type": "ephemeral"}
        parameters: dict[str, Any] = {
            "model": settings.model, "max_tokens": max_tokens, "system": blocks, "messages": list(messages),
        }
        output: dict[str, Any] = {"effort": features.effort} if features.effort else {}
        if features.structured:
            output["format"] = {"type": "json_schema", "schema": dict(schema)}
        if output:
            parameters["output_config"] = output
        if features.thinking_off:
            parameters["thinking"] = {"type": "disabled"}
        return parameters

    def submit(self, requests: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
        """Put named requests into one batch; its id. Sent once: there is no way to tell a repetition."""
        batch = self._called(
            lambda client: client.messages.batches.create(
                requests=[{"custom_id": name, "params": dict(parameters)} for name, parameters in requests]  # type: ignore[typeddict-item]
            )
        )
        if not isinstance(getattr(batch, "id", None), str):
            raise InvalidResponseError("the model endpoint took a batch and did not name it")
        return str(batch.id)

    def collect(self, batch: str) -> Mapping[str, BatchReply] | None:
        """The replies of a batch by request, or None while it is still worked on."""
        stands = self._called(lambda client: client.messages.batches.retrieve(batch))
        if getattr(stands, "processing_status", None) != "ended":
            return None
        found = self._called(lambda client: list(client.messages.batches.results(batch)))
        return {str(one.custom_id): BatchReply(reply=self._batch_reply(one.result)) for one in found}

    def _batch_reply(self, result: Any) -> Reply | None:
        if getattr(result, "type", None) != "succeeded":
            return None
        try:
            return _reply(result.message, self.settings.price)
        except InvalidResponseError:
            return None

    def _send(self, parameters: Mapping[str, Any]) -> Reply:
        message = self._called(lambda client: client.messages.create(**parameters))
        return _reply(message, self.settings.price)

    def _called(self, call: Callable[[Anthropic], _Answer]) -> _Answer:
        """One call of the real client, its failures as our own."""
        import anthropic

        try:
            return call(self._client)
        except anthropic.APIStatusError as error:
            raise _refusal(error) from None  # the client's error holds the prompt
        except anthropic.APIConnectionError as error:
            cause = error.__cause__
            if isinstance(cause, ConnectorError):
                raise cause from None
            raise NoAnswerError(f"the model endpoint gave no answer: {type(cause or error).__name__}") from None
        except (anthropic.AnthropicError, ValueError) as error:
            raise InvalidResponseError(f"the model endpoint answered something else: {type(error).__name__}") from None

    @cached_property
    def _client(self) -> Anthropic:
        import anthropic
        import httpx2

        from connector.decision.reasoners.sdk_transport import SdkTransport

        transport = SdkTransport(self._transport, connect=self.settings.connect, read=self.settings.read)
        return anthropic.Anthropic(
            api_key=self._key,
            base_url=self.settings.base_url,
            max_retries=0,
            timeout=self.settings.read,
            http_client=httpx2.Client(transport=transport, trust_env=False, follow_redirects=False),
        )


def _reply(message: Any, price: Price) -> Reply:
    """The reply behind what the client parsed leniently: any part of it may be absent or of another type."""
    stop_reason, blocks = getattr(message, "stop_reason", None), getattr(message, "content", None)
    if not isinstance(stop_reason, str) or not isinstance(blocks, list):
        raise InvalidResponseError("the model endpoint's answer has no stop reason or no content")
    texts = [getattr(block, "text", None) for block in blocks if getattr(block, "type", None) == "text"]
    details = getattr(message, "stop_details", None)
    category = getattr(details, "category", None)
    return Reply(
        stop_reason=stop_reason, text="".join(text for text in texts if isinstance(text, str)),
        usage=_usage(getattr(message, "usage", None), price), detail=category if isinstance(category, str) else "",
    )


def _usage(usage: Any, price: Price) -> Usage | None:
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    counts = [getattr(usage, name, None) for name in names]
    plain, written, read, output = (count if isinstance(count, int) and count > 0 else 0 for count in counts)
    if not isinstance(counts[0], int) or not isinstance(counts[3], int):
        return None
    return cost(price, plain=plain, written=written, read=read, output=output)


def _refusal(error: APIStatusError) -> ConnectorError:
    """The failure as what to do next. Overload is told by type as well: it also comes with other statuses."""
    kind, status = str(error.type or ""), error.status_code
    what = f"the model endpoint answered {status} {error.error_code or kind}".rstrip()
    if status == 429 or kind == "rate_limit_error":
        return RateLimitedError(what, retry_after=_retry_after(error))
    if status >= 500 or status in (408, 409) or kind == "overloaded_error":
        return UnavailableError(what, retry_after=_retry_after(error))
    if status in (401, 402, 403, 404) or kind == "billing_error":
        return CredentialsError(what, hint=_HINT)
    return DecisionError(what, hint=_HINT)


def _retry_after(error: APIStatusError) -> timedelta | None:
    """Seconds only: a date would have to be compared with a clock that is not ours."""
    written = error.response.headers.get("retry-after", "")
    return timedelta(seconds=min(float(written), 86_400.0)) if written.replace(".", "", 1).isdigit() else None


def wait_of(error: RetryableError | PausedError | NoAnswerError) -> timedelta:
    """How long a case should wait after this error."""
    match error:
        case PausedError(wait=wait):
            return wait
        case RetryableError(retry_after=timedelta() as wait):
            return wait
        case _:
            return timedelta(minutes=1)

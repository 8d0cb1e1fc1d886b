"""What models cost: a dated table that settings may override. A model without a price is refused, never free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.decision.decision import Usage
from connector.errors import SettingsError

_MILLION = Decimal(1_000_000)
# Source: platform.claude.com, pricing. A five-minute cache write costs 1.25 times, a cache read 0.1 times the input.
PRICES_AS_OF = "2026-11"
_WRITE, _READ = Decimal("1.25"), Decimal("0.1")
# No tokenizer is at hand before the call. Two bytes a token is more than any text we measured needs.
_BYTES_A_TOKEN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Dollars per million tokens."""

    input: Decimal
    output: Decimal

    @property
    def is_free(self) -> bool:
        return not self.input and not self.output


FREE = Price(input=Decimal(0), output=Decimal(0))
PRICES: Mapping[str, Price] = {
    "claude-haiku-5-5": Price(input=Decimal("0.10"), output=Decimal("0.50")),
    "claude-sonnet-5-5": Price(input=Decimal(2), output=Decimal(10)),
    "claude-opus-5-5": Price(input=Decimal(4), output=Decimal(20)),
    "claude-fable-5-1": Price(input=Decimal(10), output=Decimal(50)),
}


def price_of(model: str, prices: Mapping[str, Price] = PRICES) -> Price:
    """The price of a model; raises SettingsError rather than counting an unknown one as free."""
    price = prices.get(model)
    if price is None:
        raise SettingsError([f"models: {model!r} has no price; name its dollars per million input and output tokens"])
    return price


def cost(price: Price, *, plain: int, written: int, read: int, output: int) -> Usage:
    """Tokens by kind as usage with its dollars: `written` went into the cache, `read` came from it."""
    usd = (price.input * (plain + written * _WRITE + read * _READ) + price.output * output) / _MILLION
    return Usage(input_tokens=plain + written + read, cached_tokens=read, output_tokens=output, usd=usd)


def most(price: Price, *, sent: int, max_tokens: int) -> Decimal:
    """What a call that sends so many bytes can cost at most."""
    tokens = Decimal(sent) / _BYTES_A_TOKEN
    return (price.input * tokens * _WRITE + price.output * max_tokens) / _MILLION

"""The pipeline: every open deal green, amber or red, why, and what to do next; by owner, and all of it together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from connector.decision import decisions
from connector.errors import ConnectorError
from connector.journal import newest_seq
from connector.record import ConnectionName, FieldName, FieldValue, ObjectType, Record, RecordRef, display
from connector.report.deals import WORST_FIRST, DealStanding, standings
from connector.report.names import name_of
from connector.web.house import House
from connector.web.page import Answer, Asked, BadRequestError, Page, Shown, Way

_LOOKED_AT = timedelta(days=30)
_MOST = 500
_NAME, _OWNER, _AMOUNT, _STAGE, _CLOSE = (FieldName(name) for name in ("name", "owner", "amount", "stage", "close_date"))
_FIELDS = (_NAME, _OWNER, _AMOUNT, _STAGE, _CLOSE)
NOBODY = "no owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealView:
    """One deal as its owner would want to see it. What the CRM did not tell is empty."""

    stands: DealStanding
    name: str
    owner: str
    amount: Decimal | None
    currency: str | None
    facts: str

    @property
    def worth(self) -> str:
        return _worth([self])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """How many deals stand like this, and what they are worth together, each currency by itself."""

    health: str
    count: int
    worth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllDeals:
    """Every deal that was judged lately; `trouble` says which CRM could not be asked."""

    views: tuple[DealView, ...]
    trouble: tuple[str, ...]
    left_off: int


def show(house: House, asked: Asked) -> Answer:
    """The deals judged lately, the worst first; the CRM is asked for their names, owners and amounts."""
    health, owner = asked.query.get("health") or None, asked.query.get("owner") or None
    if health not in (None, *WORST_FIRST):
        raise BadRequestError(f"a deal is {', '.join(WORST_FIRST)}")
    with house.store.snapshot() as tx:
        mark = (newest_seq(tx), house.policies().version)
    all_deals = house.kept.get("deals", mark, house.clock.now(), lambda: _looked_at(house))
    every, trouble = all_deals.views, all_deals.trouble
    mine = [one for one in every if owner in (None, one.owner)]
    shown = [one for one in mine if health in (None, one.stands.health)]
    values = {
        "deals": shown, "sums": _sums(mine), "total": len(mine), "worth": _worth(mine),
        "owners": sorted({one.owner for one in every}), "owner": owner, "health": health, "trouble": trouble,
        "left_off": all_deals.left_off, "judging": [one.name for one in house.policies() if one.agent.name == "pipeline"],
    }
    return Shown(template="deals.html", values=values)


def _looked_at(house: House) -> AllDeals:
    with house.store.snapshot() as tx:
        found = standings(decisions.since(tx, house.clock.now() - _LOOKED_AT))
    views, trouble = _views(house, found[:_MOST])
    return AllDeals(views=tuple(views), trouble=trouble, left_off=len(found) - len(views))


def _sums(deals: Sequence[DealView]) -> list[Sum]:
    alike = {health: [one for one in deals if one.stands.health == health] for health in WORST_FIRST}
    return [Sum(health=health, count=len(those), worth=_worth(those)) for health, those in alike.items()]


def _worth(deals: Sequence[DealView]) -> str:
    """What deals are worth together, the largest sum first: sums of two currencies do not add up."""
    sums: dict[str, Decimal] = {}
    for one in deals:
        if one.amount:
            sums[one.currency or ""] = sums.get(one.currency or "", Decimal(0)) + one.amount
    largest = sorted(sums.items(), key=lambda told: -told[1])
    return " + ".join(f"{amount:,.0f} {currency}".rstrip() for currency, amount in largest)


def _views(house: House, found: Sequence[DealStanding]) -> tuple[list[DealView], tuple[str, ...]]:
    records: dict[RecordRef, Record] = {}
    people: dict[str, str] = {}
    stages: dict[tuple[ConnectionName, str], str] = {}
    trouble: list[str] = []
    for connection in dict.fromkeys(one.ref.connection for one in found):
        refs = [one.ref for one in found if one.ref.connection == connection]
        try:
            records |= _read(house, connection, refs)
            people |= {user.owner_id: user.name for user in house.adapters[connection].records.users()}
            stages |= _stages(house, connection)
        except ConnectorError as error:
            trouble.append(error.message)
        except KeyError:
            trouble.append(f"no connection {connection} any more")
    hidden = _hidden(house)
    return [_view(one, records.get(one.ref), people, stages, hidden) for one in found], tuple(trouble)


def _stages(house: House, connection: ConnectionName) -> dict[tuple[ConnectionName, str], str]:
    """What the CRM's own people call each stage."""
    stage = house.adapters[connection].records.schema(ObjectType.OPPORTUNITY).fields.get(_STAGE)
    return {(connection, option.key): option.label for option in stage.options} if stage is not None else {}


def _read(house: House, connection: ConnectionName, refs: Sequence[RecordRef]) -> dict[RecordRef, Record]:
    reader = house.adapters[connection].records
    known = reader.schema(ObjectType.OPPORTUNITY).fields
    read = reader.read(refs, [name for name in _FIELDS if name in known])
    return {ref: record for ref, record in read.items() if isinstance(record, Record)}


def _hidden(house: House) -> Mapping[str, frozenset[str]]:
    """What each policy keeps private, which the page keeps back too."""
    return {policy.name: frozenset({*policy.context.never, *policy.context.mask}) for policy in house.policies()}


def _view(
    stands: DealStanding, record: Record | None, people: Mapping[str, str], stages: Mapping[tuple[ConnectionName, str], str],
    hidden: Mapping[str, frozenset[str]],
) -> DealView:
    kept_back = hidden.get(stands.policy, frozenset())
    fields: dict[FieldName, FieldValue] = {
        name: value for name, value in (record.fields.items() if record is not None else ()) if name not in kept_back
    }
    owner, amount = fields.get(_OWNER), fields.get(_AMOUNT)
    stage = display(fields[_STAGE]) if fields.get(_STAGE) else ""
    facts = [stages.get((stands.ref.connection, stage), stage)] if stage else []
    facts += [f"closes {display(fields[_CLOSE])}"] if fields.get(_CLOSE) else []
    return DealView(
        stands=stands, name=name_of(stands.ref, fields), owner=people.get(str(owner), str(owner)) if owner else NOBODY,
        amount=amount if isinstance(amount, Decimal) else None, currency=record.currency if record is not None else None,
        facts=" · ".join(facts),
    )


PAGE = Page(label="Pipeline", home="/pipeline", ways=(Way(path="/pipeline", answer=show),))

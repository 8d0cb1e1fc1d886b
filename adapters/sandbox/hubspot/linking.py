"""Association calls: read, create, remove, and the labels links can carry."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.sandbox.associations import LinkKind
from adapters.sandbox.rows import Row, RowKey

from .association_types import AssociationType
from .batch import Result, in_any_order, times
from .definition import ObjectDefinition as Table
from .errors import bad_request, id_in, not_found, objects_in
from .links import inverse_kind, kind_between, kinds_between
from .portal import Answer, Call
from .writes import associate_default

_PAGE = 500


def _described(kind: LinkKind) -> dict[str, object]:
    return {"category": kind.category, "typeId": kind.type_id, "label": kind.label}


def _targets(call: Call, row: Row, other: Table) -> list[Result]:
    links = call.portal.org.associations.of(row.key, other.name)
    return [
        {"toObjectId": int(target.id), "associationTypes": [_described(kind) for kind in kinds]}
        for target, kinds in links
        if (found := call.portal.org.find(*target)) is not None and found.deleted is None
    ]


def list_links(call: Call) -> Answer:
    """GET of one record's links; the numbered paths only."""
    other = call.portal.table(call.route.path["to"])
    row = call.portal.row(call.table, call.route.path["id"])
    if row is None:
        raise not_found()
    start, limit = call.query.number("after", 0), call.query.number("limit", _PAGE)
    targets = _targets(call, row, other)
    body: Result = {"results": targets[start : start + limit]}
    if start + limit < len(targets):
        body["paging"] = {"next": {"after": str(start + limit), "link": f"{call.url}?after={start + limit}"}}
    return Answer(status=200, body=body)


def _ends(call: Call) -> tuple[Table, Table]:
    return call.portal.table(call.route.path["from"]), call.portal.table(call.route.path["to"])


def _id(source: Mapping[str, object], key: str) -> str:
    return id_in(source.get(key))


def batch(call: Call) -> Answer:
    """The batch calls between two objects."""
    match call.route.path["batch"]:
        case "read":
            return _read(call)
        case "create":
            return _create(call, default=False)
        case "archive":
            return _archive(call)
        case _:
            raise not_found()


def batch_default(call: Call) -> Answer:
    """Many unlabelled links at once."""
    return _create(call, default=True)


def _read(call: Call) -> Answer:
    origin, other = _ends(call)
    started, results, errors = call.portal.org.clock.stamp(), list[Result](), list[Result]()
    for source in call.inputs():
        row = call.portal.row(origin, str(source.get("id")))
        targets = [] if row is None else _targets(call, row, other)
        if targets and row is not None:
            results.append({"from": {"id": row.id}, "to": targets})
            continue
        # A record without links is an error of the batch, not an empty list [mem].
        message = f"No {other.singular} is associated with {origin.singular} {source.get('id')}."
        context = {"fromObjectId": [str(source.get("id"))]}
        errors.append(
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                "message": message,
                "context": context,
            }
        )
    return _answer(call, results, errors, 200, started)


def _answer(call: Call, results: list[Result], errors: list[Result], status: int, started: int) -> Answer:
    body: Result = {"status": "COMPLETE", "results": in_any_order(call, results)}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Answer(status=207 if errors else status, body=body | times(call.portal.org.clock, started))


def _invalid(table: Table, row_id: str) -> Result:
    """The 207 entry of a link to a record that is not there (recorded)."""
    message = f"{table.singular.upper()}={row_id} is not valid"
    return {"status": "error", "category": "VALIDATION_ERROR", "message": message}


def _create(call: Call, *, default: bool) -> Answer:
    origin, other = _ends(call)
    started, results, errors = call.portal.org.clock.stamp(), list[Result](), list[Result]()
    for source in call.inputs():
        start, end = (call.portal.row(table, _id(source, key)) for table, key in ((origin, "from"), (other, "to")))
        if start is None or end is None:
            errors.append(
                _invalid(origin, _id(source, "from")) if start is None else _invalid(other, _id(source, "to"))
            )
            continue
        kinds = [associate_default(call, start.key, end.key)] if default else _associate(call, start, end, source)
        results.append(_linked(origin, other, start, end, kinds))
    return _answer(call, results, errors, 201, started)


def _linked(origin: Table, other: Table, start: Row, end: Row, kinds: list[LinkKind]) -> Result:
    return {
        "fromObjectTypeId": origin.type_id,
        "fromObjectId": int(start.id),
        "toObjectTypeId": other.type_id,
        "toObjectId": int(end.id),
        "labels": [kind.label for kind in kinds if kind.label],
    }


def _associate(call: Call, start: Row, end: Row, source: Mapping[str, object]) -> list[LinkKind]:
    types = objects_in(source.get("types"), "types")
    if not types:
        raise bad_request("types: at least one association type is required")
    return [_associate_one(call, start.key, end.key, kind.get("associationTypeId")) for kind in types]


def _associate_one(call: Call, start: RowKey, end: RowKey, number: object) -> LinkKind:
    kind = kind_between(call.portal, start.object, end.object, number)
    if kind is None:
        raise bad_request(f"No association type with id {number} from {start.object} to {end.object}")
    inverse = inverse_kind(call.portal, end.object, start.object, kind)
    call.portal.org.associate(start, end, kind, inverse=inverse, actor=call.actor, request=call.request)
    return kind


def _archive(call: Call) -> Answer:
    """204 always, also for ids that are not valid (recorded)."""
    origin, other = _ends(call)
    for source in call.inputs():
        start, ends = call.portal.row(origin, _id(source, "from")), source.get("to")
        for each in ends if isinstance(ends, list) else [ends]:
            end = call.portal.row(other, id_in(each))
            if start is not None and end is not None:
                _unlink(call, start, end)
    return Answer(status=204)


def _unlink(call: Call, start: Row, end: Row, kind: LinkKind | None = None) -> None:
    inverse = None if kind is None else inverse_kind(call.portal, end.object, start.object, kind)
    call.portal.org.dissociate(start.key, end.key, kind, inverse=inverse, actor=call.actor, request=call.request)


def batch_unlabel(call: Call) -> Answer:
    """Remove single types of links and keep the rest."""
    origin, other = _ends(call)
    for source in call.inputs():
        start, end = call.portal.row(origin, _id(source, "from")), call.portal.row(other, _id(source, "to"))
        for each in objects_in(source.get("types"), "types"):
            kind = kind_between(call.portal, origin.name, other.name, each.get("associationTypeId"))
            if start is not None and end is not None and kind is not None:
                _unlink(call, start, end, kind)
    return Answer(status=204)


def _pair(call: Call) -> tuple[Table, Row, Table, Row]:
    origin, other = call.table, call.portal.table(call.route.path["to"])
    start, end = call.portal.row(origin, call.route.path["id"]), call.portal.row(other, call.route.path["to_id"])
    if start is None or end is None:
        missing = (origin, call.route.path["id"]) if start is None else (other, call.route.path["to_id"])
        raise bad_request(str(_invalid(*missing)["message"]))
    return origin, start, other, end


def put_default(call: Call) -> Answer:
    """PUT of one unlabelled link: answers both directions."""
    _, start, _, end = _pair(call)
    started = call.portal.org.clock.stamp()
    there = associate_default(call, start.key, end.key)
    back = inverse_kind(call.portal, end.object, start.object, there)
    results: list[Result] = [
        {
            "from": {"id": one.id},
            "to": {"id": two.id},
            "associationSpec": {"associationCategory": kind.category, "associationTypeId": kind.type_id},
        }
        for one, two, kind in ((start, end, there), (end, start, back))
    ]
    return _answer(call, results, [], 200, started)


def put(call: Call) -> Answer:
    """PUT of one link with its types; the body is a bare list."""
    origin, start, other, end = _pair(call)
    kinds = [_associate_one(call, start.key, end.key, each.get("associationTypeId")) for each in call.listed()]
    return Answer(status=201, body=_linked(origin, other, start, end, kinds))


def delete(call: Call) -> Answer:
    """DELETE of every link between two records."""
    start = call.portal.row(call.table, call.route.path["id"])
    end = call.portal.row(call.portal.table(call.route.path["to"]), call.route.path["to_id"])
    if start is not None and end is not None:
        _unlink(call, start, end)
    return Answer(status=204)


def list_labels(call: Call) -> Answer:
    """The types there are between two objects."""
    origin, other = _ends(call)
    results = [kind.described() for kind in kinds_between(call.portal, origin.name, other.name)]
    return Answer(status=200, body={"results": results})


def create_label(call: Call) -> Answer:
    """A label of the account's own, in both directions."""
    origin, other = _ends(call)
    body, labels = call.body(), call.portal.labels
    number = 1 + 2 * sum(len(kinds) for kinds in labels.values())
    there = AssociationType(category="USER_DEFINED", id=number, label=str(body.get("label")))
    back = AssociationType(category="USER_DEFINED", id=number, label=str(body.get("inverseLabel") or body.get("label")))
    labels[origin.name, other.name] = (*labels.get((origin.name, other.name), ()), there)
    if origin.name != other.name:
        labels[other.name, origin.name] = (*labels.get((other.name, origin.name), ()), back)
    return Answer(status=201, body={"results": [there.described(), back.described()]})

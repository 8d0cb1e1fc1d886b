"""Association types of one account: HubSpot's own and the labels its users made."""

from __future__ import annotations

from adapters.sandbox.associations import LinkKind

from .association_types import DEFINED, AssociationType, inverse_of
from .errors import bad_request
from .portal import Portal


def kinds_between(portal: Portal, origin: str, target: str) -> tuple[AssociationType, ...]:
    """Every type from one object to another, unlabelled first."""
    return (*DEFINED.get((origin, target), ()), *portal.labels.get((origin, target), ()))


def _link(kind: AssociationType) -> LinkKind:
    return LinkKind(kind.category, kind.id, kind.label)


def default_kind(portal: Portal, origin: str, target: str) -> LinkKind:
    """The unlabelled type between two objects."""
    found = kinds_between(portal, origin, target)
    if not found:
        raise bad_request(f"No association types exist between {origin} and {target}")
    return _link(found[0])


def kind_named(portal: Portal, origin: str, number: object) -> tuple[str, LinkKind] | None:
    """The target object and link of a type number, seen from one object."""
    for start, target in (*DEFINED, *portal.labels):
        if start == origin:
            for kind in kinds_between(portal, start, target):
                if str(kind.id) == str(number):
                    return target, _link(kind)
    return None


def kind_between(portal: Portal, origin: str, target: str, number: object) -> LinkKind | None:
    """The link of a type number between two given objects."""
    found = (kind for kind in kinds_between(portal, origin, target) if str(kind.id) == str(number))
    kind = next(found, None)
    return None if kind is None else _link(kind)


def inverse_kind(portal: Portal, origin: str, target: str, kind: LinkKind) -> LinkKind:
    """The same link seen from the other side: `origin` is the far object here."""
    wanted = kind.type_id if kind.category == "USER_DEFINED" else inverse_of(kind.type_id)
    return kind_between(portal, origin, target, wanted) or LinkKind(kind.category, wanted, kind.label)

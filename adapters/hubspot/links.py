"""Which records hang together: association reads in batches, primary companies first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.hubspot.mapping import OBJECTS
from adapters.hubspot.portal import Portal
from connector.adapter import ObjectType
from connector.errors import InvalidResponseError

_BATCH = 100
_PAGES = 200


class LinkReader:
    """Reads the ids of one object that are associated with records of another."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def read(self, origin: ObjectType, target: ObjectType, ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Associated ids by record id; a record without any has an empty tuple."""
        found: dict[str, list[tuple[bool, str]]] = {each: [] for each in ids}
        for start in range(0, len(ids), _BATCH):
            inputs: list[dict[str, str]] = [{"id": each} for each in ids[start : start + _BATCH]]
            for _ in range(_PAGES):
                inputs = self._page(origin, target, inputs, found)
                if not inputs:
                    break
            else:
                raise InvalidResponseError("HubSpot's list of associations does not end")
        return {each: _ordered(pairs) for each, pairs in found.items()}

    def _page(
        self,
        origin: ObjectType,
        target: ObjectType,
        inputs: Sequence[Mapping[str, str]],
        found: dict[str, list[tuple[bool, str]]],
    ) -> list[dict[str, str]]:
        """Read one page for several records; what is left to ask for the next one."""
        rest: list[dict[str, str]] = []
        for result in self._portal.client.associated(OBJECTS[origin], OBJECTS[target], inputs).results():
            origin_id = str((result.get("from") or {}).get("id"))
            if origin_id in found:
                found[origin_id].extend(_linked(each) for each in result.get("to") or [])
                after = ((result.get("paging") or {}).get("next") or {}).get("after")
                if after is not None:
                    rest.append({"id": origin_id, "after": str(after)})
        return rest


def _linked(each: Mapping[str, Any]) -> tuple[bool, str]:
    types = each.get("associationTypes") or []
    primary = any("primary" in str(kind.get("label") or "").lower() for kind in types)
    return (not primary, str(each.get("toObjectId")))


def _ordered(pairs: Sequence[tuple[bool, str]]) -> tuple[str, ...]:
    return tuple(linked for _, linked in sorted(set(pairs), key=lambda pair: (pair[0], int(pair[1]))))

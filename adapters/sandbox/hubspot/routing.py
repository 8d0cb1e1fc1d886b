"""Which HubSpot call a method and path mean, whatever path family it was written in.

The numbered family (`/crm/v3/...`, `/crm/v4/...`) and the dated family
(`/crm/objects/2026-09/...`) are rewritten into one `Route`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from urllib.parse import unquote

DATED = "2026-09"


class Family(Enum):
    """The two ways HubSpot writes its paths; some rules are enforced in one of them only."""

    NUMBERED = "v3/v4"
    DATED = DATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A recognised call: its name and the words taken from the path."""

    call: str
    family: Family
    path: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The call with its batch word, e.g. `objects.batch.read`."""
        word = self.path.get("batch")
        return f"{self.call}.{word}" if word else self.call


_OBJECT_CALLS = (
    ("GET", "{type}", "objects.list"),
    ("POST", "{type}", "objects.create"),
    ("POST", "{type}/search", "objects.search"),
    ("POST", "{type}/merge", "objects.merge"),
    ("POST", "{type}/gdpr-delete", "objects.erase"),
    ("POST", "{type}/batch/{batch}", "objects.batch"),
    ("GET", "{type}/{id}", "objects.get"),
    ("PATCH", "{type}/{id}", "objects.update"),
    ("DELETE", "{type}/{id}", "objects.archive"),
    ("GET", "{type}/{id}/associations/{to}", "associations.list"),
    ("PUT", "{type}/{id}/associations/default/{to}/{to_id}", "associations.put_default"),
    ("PUT", "{type}/{id}/associations/{to}/{to_id}", "associations.put"),
    ("DELETE", "{type}/{id}/associations/{to}/{to_id}", "associations.delete"),
)
_ASSOCIATION_CALLS = (
    ("POST", "{from}/{to}/batch/associate/default", "associations.batch_default"),
    ("POST", "{from}/{to}/batch/labels/archive", "associations.batch_unlabel"),
    ("POST", "{from}/{to}/batch/{batch}", "associations.batch"),
    ("GET", "{from}/{to}/labels", "labels.list"),
    ("POST", "{from}/{to}/labels", "labels.create"),
)
_PROPERTY_CALLS = (
    ("GET", "{type}", "properties.list"),
    ("POST", "{type}", "properties.create"),
    ("GET", "{type}/{name}", "properties.get"),
    ("PATCH", "{type}/{name}", "properties.update"),
)
_PIPELINE_CALLS = (
    ("GET", "{type}", "pipelines.list"),
    ("GET", "{type}/{id}", "pipelines.get"),
    ("GET", "{type}/{id}/stages", "pipelines.stages"),
)
_OWNER_CALLS = (("GET", "", "owners.list"), ("GET", "{id}", "owners.get"))
_VALIDATION_CALLS = (("GET", "{type}", "validations.list"), ("GET", "{type}/{name}", "validations.get"))
_TOKEN_CALLS = (("POST", "token", "oauth.token"), ("POST", "token/introspect", "oauth.introspect"))

# (area in the path, numbered versions it exists under, its calls)
_AREAS: Mapping[str, tuple[frozenset[str], tuple[tuple[str, str, str], ...]]] = {
    "crm/objects": (frozenset({"v3", "v4"}), _OBJECT_CALLS),
    "crm/associations": (frozenset({"v4"}), _ASSOCIATION_CALLS),
    "crm/properties": (frozenset({"v3"}), _PROPERTY_CALLS),
    "crm/pipelines": (frozenset({"v3"}), _PIPELINE_CALLS),
    "crm/owners": (frozenset({"v3"}), _OWNER_CALLS),
    "crm/property-validations": (frozenset({"v3"}), _VALIDATION_CALLS),
    "oauth": (frozenset({"v1", "v3"}), _TOKEN_CALLS),
    "account-info": (frozenset({"v3"}), (("GET", "details", "account.details"),)),
}
# Only the v4 family of numbered paths knows associations under an object; v3 has none here.
_ONLY_V4 = frozenset({"associations.list", "associations.put", "associations.put_default", "associations.delete"})
# GET of an association list is in 2026-09-beta but not in the 2026-09 general release.
_NOT_DATED = frozenset({"associations.list"})


def _split_version(segments: list[str]) -> tuple[str, str, list[str]] | None:
    """Return (area, version, rest), or nothing when no version word is where one belongs."""
    match segments:
        case ["crm", ("v3" | "v4") as version, area, *rest]:
            return f"crm/{area}", version, rest
        case ["crm", area, version, *rest] if version == DATED:
            return f"crm/{area}", version, rest
        case [("oauth" | "account-info") as area, version, *rest]:
            return area, version, rest
        case _:
            return None


def _match(template: str, rest: list[str]) -> dict[str, str] | None:
    words = template.split("/") if template else []
    if len(words) != len(rest):
        return None
    found: dict[str, str] = {}
    for word, segment in zip(words, rest, strict=True):
        if word.startswith("{"):
            found[word[1:-1]] = unquote(segment)
        elif word != segment:
            return None
    return found


@lru_cache(maxsize=1024)
def find_route(method: str, path: str) -> Route | None:
    """The call a request means, or nothing when HubSpot has no such address."""
    split = _split_version([segment for segment in path.split("/") if segment])
    if split is None or split[0] not in _AREAS:
        return None
    area, version, rest = split
    numbered, calls = _AREAS[area]
    family = Family.DATED if version == DATED else Family.NUMBERED
    if family is Family.NUMBERED and version not in numbered:
        return None
    for verb, template, call in calls:
        words = _match(template, rest) if verb == method else None
        if words is None:
            continue
        absent = call in _NOT_DATED if family is Family.DATED else call in _ONLY_V4 and version != "v4"
        return None if absent else Route(call=call, family=family, path=words)
    return None

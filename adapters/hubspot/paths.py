"""The two spellings of HubSpot's paths: the numbered one the client library speaks, and the dated one."""

from __future__ import annotations

import re

from connector.errors import SettingsError

NUMBERED = "v3"
DATED = "2026-09"
_NUMBERED_PATH = re.compile(r"/crm/v[34]/(?P<area>objects|associations|properties|pipelines|owners)(?P<rest>/.*|\Z)")
_NUMBERED_TOKEN = re.compile(r"/oauth/v1/(?P<rest>.+)")
_RECORD_ID = re.compile(r"[0-9]{1,20}\Z")


def check_version(version: str) -> str:
    """The api_version setting; raises SettingsError for one this adapter does not know."""
    if version == NUMBERED or re.fullmatch(r"20[0-9]{2}-[0-9]{2}", version):
        return version
    raise SettingsError([f"api_version: {version!r} is not {DATED!r} or {NUMBERED!r}"])


def rewrite(path: str, version: str) -> str:
    """A path of the library in the configured spelling: /crm/v3/objects/X is /crm/objects/2026-09/X there."""
    if version == NUMBERED:
        return path
    if found := _NUMBERED_PATH.match(path):
        return f"/crm/{found['area']}/{version}{found['rest'].rstrip('/')}"
    if found := _NUMBERED_TOKEN.match(path):
        return f"/oauth/{version}/{found['rest']}"
    return path


def is_record_id(text: str) -> bool:
    """Whether a text may stand in a path as a HubSpot record id."""
    return _RECORD_ID.match(text) is not None and text.isascii()

"""Where somebody's day begins: a time zone from the phone prefix, the state or the country, as far as one follows.

Countries come from the zone table that Python's own time zones are made of; phone prefixes from `phonenumbers`, where it
is installed. A country with several zones and no further hint has none here: the policy's own zone stands in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Where states decide: the zone most of a state's people live in.
_STATES: Mapping[str, Mapping[str, str]] = {
    "US": {
        "America/New_York": "CT CONNECTICUT DE DELAWARE DC FL FLORIDA GA GEORGIA IN INDIANA KY KENTUCKY ME MAINE MD MARYLAND"
        " MA MASSACHUSETTS MI MICHIGAN NH NEW_HAMPSHIRE NJ NEW_JERSEY NY NEW_YORK NC NORTH_CAROLINA OH OHIO PA PENNSYLVANIA"
        " RI RHODE_ISLAND SC SOUTH_CAROLINA VT VERMONT VA VIRGINIA WV WEST_VIRGINIA",
        "America/Chicago": "AL ALABAMA AR ARKANSAS IL ILLINOIS IA IOWA KS KANSAS LA LOUISIANA MN MINNESOTA MS MISSISSIPPI"
        " MO MISSOURI NE NEBRASKA ND NORTH_DAKOTA OK OKLAHOMA SD SOUTH_DAKOTA TN TENNESSEE TX TEXAS WI WISCONSIN",
        "America/Denver": "CO COLORADO ID IDAHO MT MONTANA NM NEW_MEXICO UT UTAH WY WYOMING",
        "America/Phoenix": "AZ ARIZONA",
        "America/Los_Angeles": "CA CALIFORNIA NV NEVADA OR OREGON WA WASHINGTON",
        "America/Anchorage": "AK ALASKA",
        "Pacific/Honolulu": "HI HAWAII",
    },
    "CA": {
        "America/Toronto": "ON ONTARIO QC QUEBEC",
        "America/Winnipeg": "MB MANITOBA",
        "America/Regina": "SK SASKATCHEWAN",
        "America/Edmonton": "AB ALBERTA",
        "America/Vancouver": "BC BRITISH_COLUMBIA",
        "America/Halifax": "NS NOVA_SCOTIA NB NEW_BRUNSWICK PE PRINCE_EDWARD_ISLAND",
        "America/St_Johns": "NL NEWFOUNDLAND_AND_LABRADOR",
    },
    "AU": {
        "Australia/Sydney": "NSW NEW_SOUTH_WALES ACT",
        "Australia/Melbourne": "VIC VICTORIA",
        "Australia/Brisbane": "QLD QUEENSLAND",
        "Australia/Adelaide": "SA SOUTH_AUSTRALIA",
        "Australia/Perth": "WA WESTERN_AUSTRALIA",
        "Australia/Hobart": "TAS TASMANIA",
        "Australia/Darwin": "NT NORTHERN_TERRITORY",
    },
}
# What people write where the table has another name or none.
_ALSO = {
    "usa": "US", "united states": "US", "united states of america": "US", "vereinigte staaten": "US", "uk": "GB",
    "united kingdom": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "deutschland": "DE",
    "österreich": "AT", "schweiz": "CH", "suisse": "CH", "frankreich": "FR", "italien": "IT", "italia": "IT",
    "spanien": "ES", "españa": "ES", "niederlande": "NL", "the netherlands": "NL", "belgien": "BE", "polen": "PL",
    "polska": "PL", "tschechien": "CZ", "czechia": "CZ", "dänemark": "DK", "schweden": "SE", "norwegen": "NO",
}  # fmt: skip
# One clock for the whole mainland: the table lists islands and exclaves beside it.
_MAINLAND = {
    "DE": "Europe/Berlin", "ES": "Europe/Madrid", "PT": "Europe/Lisbon", "NZ": "Pacific/Auckland", "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia", "MY": "Asia/Kuala_Lumpur", "UA": "Europe/Kyiv", "CL": "America/Santiago",
}  # fmt: skip


def zone_of(*, country: str = "", state: str = "", phone: str = "") -> ZoneInfo | None:
    """The zone that state and country name together, else the phone's, else the country's; None where none follows."""
    code = country_code(country)
    by_state = _by_state(code, state) if code is not None else None
    name = by_state or _by_phone(phone, code) or (_by_country(code) if code is not None else None)
    try:
        return ZoneInfo(name) if name is not None else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def country_code(country: str) -> str | None:
    """The two letters of a country written in English, in German or as those letters."""
    written = " ".join(country.split())
    if len(written) == 2 and written.isalpha():
        return written.upper() if written.upper() in _zones() else _ALSO.get(written.casefold())
    return _ALSO.get(written.casefold()) or _names().get(written.casefold())


def _by_state(code: str, state: str) -> str | None:
    wanted = "_".join(state.upper().split())
    zones = _STATES.get(code, {})
    return next((zone for zone, states in zones.items() if wanted and wanted in states.split()), None)


def _by_country(code: str) -> str | None:
    zones = _zones().get(code, ())
    return _MAINLAND.get(code) or (zones[0] if len(zones) == 1 else None)


def _by_phone(phone: str, code: str | None) -> str | None:
    """The zone of a phone number, where all of its prefix lies in one."""
    if not phone.strip():
        return None
    try:
        import phonenumbers
        from phonenumbers import timezone
    except ImportError:
        return None
    try:
        number = phonenumbers.parse(phone, code)
    except phonenumbers.NumberParseException:
        return None
    zones = [str(name) for name in timezone.time_zones_for_number(number)]
    return zones[0] if len(zones) == 1 and "/" in zones[0] and not zones[0].startswith("Etc/") else None


@lru_cache(maxsize=1)
def _zones() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for code, _, zone, *_ in _rows("zone.tab"):
        found[code].append(zone)
    return {code: tuple(zones) for code, zones in found.items()}


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    return {name.casefold(): code for code, name, *_ in _rows("iso3166.tab")}


def _rows(table: str) -> list[list[str]]:
    text = (resources.files("tzdata.zoneinfo") / table).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]

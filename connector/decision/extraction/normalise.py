"""One way to write what people write in many: phone numbers, countries, states, names, options.

Phones and places need the extra `normalise`; without it the text is kept as written and the answer says so.
"""

from __future__ import annotations

import gettext
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import TypeAlias

from connector.record import Option

_MISSING = "not normalised: {} is not installed (pip install 'crm-connector[normalise]')"
_NEAR_OPTION, _NEAR_COUNTRY = 92.0, 88.0
_LANGUAGES = ("de", "fr", "es", "it", "nl", "pt", "pl")
_USUAL = {"uk": "GB", "england": "GB", "scotland": "GB", "usa": "US", "u s a": "US", "u s": "US", "uae": "AE", "korea": "KR"}
_SHORTEST_COUNTRY = 4  # two and three letters are codes, and every other word


@dataclass(frozen=True, slots=True)
class Normal:
    """The value in its one form."""

    value: str


@dataclass(frozen=True, slots=True)
class NotNormalised:
    """The value stays as it was written, and why."""

    reason: str


Normalised: TypeAlias = Normal | NotNormalised


@lru_cache(maxsize=8)
def has_library(name: str) -> bool:
    return find_spec(name) is not None


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in international form. `region` is the country it belongs to; `mobile` is known of some countries only."""

    value: str
    region: str | None
    mobile: bool


def phone(text: str, region: str | None = None) -> Phone | NotNormalised:
    """A number that exists in its country's plan; `region` is where a number without a country's code is dialled."""
    if not has_library("phonenumbers"):
        return NotNormalised(_MISSING.format("phonenumbers"))
    import phonenumbers

    try:
        number = phonenumbers.parse(text[:40], region)
    except phonenumbers.NumberParseException:
        return NotNormalised("not normalised: the country of the number is not known")
    if not phonenumbers.is_valid_number(number):
        return NotNormalised("not normalised: no such number in its country's plan")
    return Phone(
        value=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
        region=phonenumbers.region_code_for_number(number),
        mobile=phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE,
    )


def country(text: str) -> Normalised:
    """The English short name of a country, from its name in several languages, its code, or a slip of the pen."""
    code = country_code(text)
    if isinstance(code, NotNormalised):
        return code
    import pycountry

    known = pycountry.countries.get(alpha_2=code)
    return Normal(getattr(known, "common_name", known.name) if known is not None else code)


def country_code(text: str) -> str | NotNormalised:
    """The two letters of a country."""
    if not has_library("pycountry"):
        return NotNormalised(_MISSING.format("pycountry"))
    key, names = plain(text[:80]), known_countries()
    if key in names:
        return names[key]
    if len(key) > _SHORTEST_COUNTRY:
        from rapidfuzz import fuzz, process

        near = process.extract(key, names.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR_COUNTRY, limit=5)
        codes = {names[name] for name, score, _ in near if score == near[0][1]}
        if len(codes) == 1:
            return codes.pop()
    return NotNormalised("not normalised: not a country")


@lru_cache(maxsize=1)
def known_countries() -> Mapping[str, str]:
    """Country codes by plain name, in English and the larger languages of Europe; empty without the library."""
    if not has_library("pycountry"):
        return {}
    import pycountry

    names: dict[str, str] = {}
    tongues = [
        gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True)
        for language in _LANGUAGES
    ]
    for known in pycountry.countries:
        spoken = {known.name, getattr(known, "common_name", known.name), getattr(known, "official_name", known.name)}
        spoken |= {tongue.gettext(known.name) for tongue in tongues}
        spoken |= {known.alpha_2, known.alpha_3}
        for name in spoken:
            names.setdefault(plain(name), known.alpha_2)
    return names | _USUAL


def state(text: str, country_name: str | None) -> Normalised:
    """The name of a state or province of a known country, from its name or code."""
    if not country_name:
        return NotNormalised("not normalised: the country of the state is not known")
    code = country_code(country_name)
    if isinstance(code, NotNormalised):
        return code
    import pycountry

    key = plain(text[:80])
    for part in (one for one in pycountry.subdivisions if one.country_code == code):
        if key in (plain(part.name), plain(part.code.partition("-")[2])):
            return Normal(part.name)
    return NotNormalised(f"not normalised: not a state of {country_name}")


def person_name(text: str) -> str:
    """A name with its usual capitals, where it has none or nothing else: McDonald and van der Berg stay as they are."""
    words = " ".join(text.split())
    if not (words.islower() or (words.isupper() and len(words) > 2)):
        return words
    return re.sub(r"[^\W\d_]+", lambda word: word.group().capitalize(), words)


def option(text: str, options: Sequence[Option]) -> str | None:
    """The key of the one live option that a text means; None where none or several come near."""
    from rapidfuzz import fuzz

    said = plain(text[:200])
    if not said:
        return None
    scores: dict[str, float] = {}
    for known in options:
        if known.active:
            spoken = {plain(known.key), plain(known.label), plain(known.native)} - {""}
            scores[known.key] = max((100.0 if name == said else fuzz.ratio(name, said) for name in spoken), default=0.0)
    best = sorted(scores.items(), key=lambda pair: -pair[1])[:2]
    if not best or best[0][1] < _NEAR_OPTION or (len(best) > 1 and best[1][1] == best[0][1]):
        return None
    return best[0][0]


def plain(text: str) -> str:
    """A text without case, accents and punctuation, its words one space apart."""
    bare = unicodedata.normalize("NFKD", text)
    letters = "".join(character for character in bare if not unicodedata.combining(character)).casefold()
    return " ".join(re.findall(r"[^\W_]+", letters))

"""Values off their list: the live list where a CRM has one, else other spellings, countries, and words nobody writes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from connector.decision.extraction.normalise import NotNormalised, country, has_library, known_countries, plain
from connector.decision.learners.match_fields import folded, same_name
from connector.evaluation.assess.columns import filled
from connector.evaluation.assess.tables import AuditTable, ColumnProfile, Defect, DefectKind, Example, Shape

if TYPE_CHECKING:
    from spellchecker import SpellChecker

_RARER = 5  # the wrong spelling is at least so many times rarer than the right one
_MOST_COMPARED = 400
_COUNTRIES, _IN_DICTIONARY = 0.6, 0.7
_FEWEST_VALUES = 3
_SHORTEST_WORD = 5
_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl")
_SHOWN = 8


def off_lists(table: AuditTable, profiles: Sequence[ColumnProfile], references: frozenset[str]) -> Iterator[Defect]:
    """Per column, the values that are off its list. Columns that name records of other tables are looked at there."""
    for one in profiles:
        counts = filled(table.columns[one.column])
        if one.column in table.options:
            wrong = tuple(_off_live_list(counts, table.options[one.column]))
            yield from _defect(table, one.column, wrong, "not on the list of its field")
        elif one.shape is Shape.CATEGORY and one.column not in references:
            suspects = (*_words(counts), *_countries(counts), *_spellings(counts))
            wrong = tuple({each.value: each for each in suspects}.values())
            yield from _defect(table, one.column, wrong, "written in another way than its neighbours or its language")


def _defect(table: AuditTable, column: str, wrong: Sequence[Example], what: str) -> Iterator[Defect]:
    if wrong:
        records = sum(one.records for one in wrong)
        shown = tuple(sorted(wrong, key=lambda one: -one.records)[:_SHOWN])
        words = f"{len(wrong)} {'value' if len(wrong) == 1 else 'values'} {what}"
        yield Defect(
            table=table.name, column=column, kind=DefectKind.OFF_LIST, records=records, problem=words, examples=shown
        )


def _off_live_list(counts: Counter[str], options: frozenset[str]) -> Iterator[Example]:
    for value, count in counts.items():
        if value not in options:
            yield Example(value=value, records=count, suggestion=nearest(value, options))


def nearest(value: str, known: frozenset[str] | Sequence[str]) -> str | None:
    """The one known value that differs by case, spaces or a slip of the pen."""
    mine = folded(value)
    same = [other for other in known if other != value and _same(mine, folded(other))]
    return same[0] if len(same) == 1 else None


def _same(one: str, other: str) -> bool:
    digits = re.sub(r"\D", "", one) == re.sub(r"\D", "", other)
    return bool(one and other) and digits and same_name(one, other)


def _spellings(counts: Counter[str]) -> Iterator[Example]:
    """The rarer of two spellings of one value."""
    values = [value for value, _ in counts.most_common(_MOST_COMPARED)]
    for place, value in enumerate(values):
        for better in values[:place]:
            apart_in_form_only = plain(better).replace(" ", "") == plain(value).replace(" ", "")
            rarer = counts[value] * _RARER <= counts[better]
            if (apart_in_form_only or rarer) and _same(folded(value), folded(better)):
                yield Example(value=value, records=counts[value], suggestion=better)
                break


def _countries(counts: Counter[str]) -> Iterator[Example]:
    """In a column of countries, the values that are one with a slip of the pen, and those that are none."""
    if len(counts) < _FEWEST_VALUES:
        return
    known = known_countries()
    exact = {value for value in counts if plain(value) in known}
    if len(exact) < _COUNTRIES * len(counts):
        return
    for value in counts.keys() - exact:
        read = country(value)
        meant = None if isinstance(read, NotNormalised) else read.value
        yield Example(value=value, records=counts[value], suggestion=meant)


def _words(counts: Counter[str]) -> Iterator[Example]:
    """In a column of ordinary words, the ones that no dictionary has and that are one slip from one it has."""
    spelled = {value: _ordinary(value) for value in counts}
    if len(counts) < _FEWEST_VALUES or not all(spelled.values()) or not has_library("spellchecker"):
        return
    for language in _LANGUAGES:
        dictionary = _dictionary(language)
        unknown = {value: dictionary.unknown(words) for value, words in spelled.items()}
        if sum(not words for words in unknown.values()) < _IN_DICTIONARY * len(counts):
            continue
        for value, words in unknown.items():
            meant = {word: dictionary.correction(word) for word in words if len(word) >= _SHORTEST_WORD}
            if len(words) == 1 and len(meant) == 1 and (right := next(iter(meant.values()))) and right not in words:
                yield Example(value=value, records=counts[value], suggestion=value.lower().replace(next(iter(words)), right))
        return


@lru_cache(maxsize=len(_LANGUAGES))
def _dictionary(language: str) -> SpellChecker:
    from spellchecker import SpellChecker

    return SpellChecker(language=language, distance=1)


def _ordinary(value: str) -> list[str]:
    """The words of a value; none where it holds figures or inner capitals, as brands and codes do."""
    if re.search(r"\d|[a-z][A-Z]|[_/\\@]", value):
        return []
    return re.findall(r"[^\W\d_]+", value.casefold())

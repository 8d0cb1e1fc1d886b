"""All examinations over all tables, the defects that concern most records first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connector.evaluation.assess.columns import incomplete, profile
from connector.evaluation.assess.forms import contradictory, duplicates, free_text, mixed_formats
from connector.evaluation.assess.lists import off_lists
from connector.evaluation.assess.references import mismatches, references_of
from connector.evaluation.assess.tables import Audit, AuditTable, Defect

Progress = Callable[[str], None]


def audit(tables: Sequence[AuditTable], progress: Progress) -> Audit:
    """Look through every table; `progress` is told what is looked at."""
    profiles = tuple(one for table in tables for one in profile(table))
    references = references_of(tables, profiles)
    defects: list[Defect] = list(mismatches(references))
    for table in tables:
        progress(table.name)
        own = tuple(one for one in profiles if one.table == table.name)
        named = frozenset(one.column for one in references if one.table.name == table.name)
        defects += incomplete(table, own)
        defects += off_lists(table, own, named)
        defects += mixed_formats(table, own)
        defects += contradictory(table, own)
        defects += free_text(table, own)
        defects += duplicates(table, own)
    order = sorted(defects, key=lambda one: (-one.records, one.table, one.column or ""))
    return Audit(columns=profiles, defects=tuple(order))

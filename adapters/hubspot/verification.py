"""From what each field's history proves to the answer about the whole write. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from adapters.hubspot.history import Entry, Landed, NotThere, OurMark, TooShort, judge
from adapters.hubspot.records import Row
from connector.adapter import FieldName, FieldValue, Unknown, Written, same_value

Baselines: TypeAlias = Mapping[FieldName, Entry | None]
Verdicts: TypeAlias = Mapping[FieldName, Landed | NotThere | TooShort]


def verdicts_on(values: Mapping[FieldName, FieldValue], baselines: Baselines, row: Row, mark: OurMark) -> Verdicts:
    """What the history says about each field that was to change; `baselines` names them."""
    return {
        name: judge(name, values[name], baseline, row.histories.get(name) or (), mark)
        for name, baseline in baselines.items()
    }


def any_landed(verdicts: Verdicts) -> bool:
    return any(isinstance(verdict, Landed) for verdict in verdicts.values())


def app_id_in(verdicts: Verdicts) -> str | None:
    """The app id our entries carry."""
    return next((verdict.app_id for verdict in verdicts.values() if isinstance(verdict, Landed)), None)


def concluded(
    row: Row, values: Mapping[FieldName, FieldValue], baselines: Baselines, verdicts: Verdicts
) -> Written | Unknown:
    """The write as it stands in the CRM; Unknown when a history is too short to show what was replaced."""
    if any(isinstance(verdict, TooShort) for verdict in verdicts.values()):
        return Unknown(reason="the field's history is too short to show what was replaced")
    landed = {name: verdict for name, verdict in verdicts.items() if isinstance(verdict, Landed)}
    absent = {name: verdict for name, verdict in verdicts.items() if isinstance(verdict, NotThere)}
    # Somebody may have written the very same value first; then ours left no entry, replaced nothing, and was not ignored.
    ignored = sorted(name for name, verdict in absent.items() if not same_value(verdict.current, values[name]))
    unwritten = {name: baseline.value if (baseline := baselines[name]) else None for name in ignored}
    return Written(
        version=row.version,
        before={**values, **unwritten, **{name: verdict.before for name, verdict in landed.items()}},
        after={**values, **{name: _after(verdict) for name, verdict in (landed | absent).items()}},
        overwritten=tuple(verdict.overwritten for verdict in landed.values() if verdict.overwritten),
        changed_by_crm=tuple(sorted(name for name, verdict in landed.items() if verdict.changed_by_crm)),
        ignored=tuple(ignored),
    )


def _after(verdict: Landed | NotThere) -> FieldValue:
    return verdict.after if isinstance(verdict, Landed) else verdict.current

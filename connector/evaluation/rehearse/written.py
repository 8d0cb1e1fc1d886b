"""What a rehearsal leaves in files: a row for each incoming record, and the CRM's own log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from connector.errors import SettingsError
from connector.evaluation.outputs import write_rows
from connector.evaluation.rehearse.crm import RehearsalCrm
from connector.evaluation.rehearse.progress import Settled
from connector.record import FieldName

DECISIONS, CRM_LOG = "--decisions", "--crm-log"


def write_decisions(
    path: Path, records: Sequence[str], settled: Settled, field: FieldName, overruled: Collection[str]
) -> None:
    """A row per record. What a person edited after our write, `overruled`, is no more `auto` than it counts as applied."""
    rows = (
        (place, field, *_proposed(settled, record, overruled=record in overruled)) for place, record in enumerate(records)
    )
    write_rows(path, ("id", "field", "value", "disposition", "confidence"), rows, option=DECISIONS)


def _proposed(settled: Settled, record: str, *, overruled: bool) -> tuple[str, str, str]:
    """Value, disposition and confidence of one record."""
    value, confidence = settled.proposals.get(record, ("", ""))
    disposition = settled.dispositions.get(record, "none")
    return value, "none" if overruled and disposition == "auto" else disposition, confidence


def write_log(path: Path, crm: RehearsalCrm) -> None:
    """The sandbox's own log, one JSON object a line. Raises SettingsError where the file cannot be written."""
    try:
        crm.org.log.export(path)
    except OSError as error:
        problem = f"{path}: cannot be written: {error.strerror}"
        raise SettingsError([problem], hint=f"choose another file for {CRM_LOG}") from error

"""`crm-connector assess`: the data audit before any agent, on a connected CRM or on CSV files; reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile
from connector.cli.output import emit, heading, note, say, side_console, table

if TYPE_CHECKING:
    from connector.evaluation.assess.audit import Progress
    from connector.evaluation.assess.readiness import Readiness
    from connector.evaluation.assess.tables import Audit, AuditTable, Defect, Shape

app = typer.Typer(add_completion=False)

MOST = 5_000
_STANDINGS = {
    "enough": "enough to begin, supervised", "clean_first": "enough, clean first", "not_enough": "not enough yet",
    "no_signal": "abstains", "not_seen": "nothing to judge by",
}  # fmt: skip


@app.command(epilog="Example: crm-connector assess --html audit.html   or: crm-connector assess --csv exports/")
def assess(
    *,
    csv: Annotated[
        list[Path] | None,
        typer.Option(exists=True, help="A CSV file or a folder of them; more than once for more. Else the connected CRM."),
    ] = None,
    connection: Annotated[str | None, typer.Option(help="Only this connection of connector.yaml.")] = None,
    limit: Annotated[int, typer.Option(min=100, help="Records read of each object at most.")] = MOST,
    html: Annotated[Path | None, typer.Option(dir_okay=False, help="Also write one self-contained page.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Look at the data before any agent does: what is empty, off its list, mixed, contradictory or doubled.

    Says per agent whether this organisation's history is enough for it to act and what to clean first. Nothing is
    written to the CRM and nothing leaves the machine.
    """
    from connector.evaluation.outputs import check_outputs

    check_outputs({"--html": html}, inputs=csv or ())
    with _shown_progress() as progress:
        tables, own, denied = _from_csv(csv) if csv else _from_crm(config, connection, limit, progress)
        found, ready = _looked_at(tables, own, progress)
    document = _document(tables, found, ready, denied)
    if html is not None:
        from connector.cli.assess_page import page

        html.write_text(page(document), encoding="utf-8")
    if as_json:
        emit(document)
        return
    _show(tables, found, ready, denied)
    if html is not None:
        note(f"the page stands in {html}")


def _looked_at(
    tables: Sequence[AuditTable], own: Sequence[Defect], progress: Progress
) -> tuple[Audit, Sequence[Readiness]]:
    """What the tables hold and what is wrong with it, with the `own` findings of a CRM; and what agents could do with it."""
    from dataclasses import replace

    from connector.evaluation.assess.audit import audit
    from connector.evaluation.assess.readiness import readiness

    found = audit(tables, progress)
    defects = sorted((*found.defects, *own), key=lambda one: (-one.records, one.table, one.column or ""))
    found = replace(found, defects=tuple(defects))
    progress("what agents could learn from it")
    return found, readiness(tables, found)


@contextmanager
def _shown_progress() -> Iterator[Progress]:
    """A bar on stderr that names what is being looked at; silent where nobody watches."""
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    with Bar(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=side_console(), transient=True
    ) as bar:
        step = bar.add_task("reading", total=None)

        def progress(what: str) -> None:
            bar.update(step, description=f"looking at {what.replace('_', ' ')}", advance=1)

        yield progress


def _from_csv(paths: Sequence[Path]) -> tuple[list[AuditTable], tuple[Defect, ...], tuple[str, ...]]:
    from connector.errors import SettingsError
    from connector.evaluation.assess.tables import AuditTable
    from connector.evaluation.datasets import read_dataset

    files = [file for path in paths for file in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    if not files:
        raise SettingsError([f"{paths[0]}: no .csv file in this folder"], hint="crm-connector assess --help")
    read = [(file, read_dataset(file, hint="crm-connector assess --help")) for file in files]
    tables = [
        AuditTable(name=file.stem, columns={name: known.column(name) for name in known.columns}) for file, known in read
    ]
    return tables, (), ()


def _from_crm(
    config: Path, wanted: str | None, limit: int, progress: Progress
) -> tuple[list[AuditTable], tuple[Defect, ...], tuple[str, ...]]:
    from dataclasses import replace

    from connector.cli.log import Quiet
    from connector.cli.opening import open_connections
    from connector.clock import SystemClock
    from connector.evaluation.assess.live import read_live
    from connector.settings import load_settings

    settings = load_settings(config)
    connected = open_connections(settings, Quiet()).adapters
    chosen = {name: adapter for name, adapter in connected.items() if wanted in (None, name)}
    if not chosen:
        raise typer.BadParameter(f"there is no connection {wanted!r}", param_hint="--connection")
    tables: list[AuditTable] = []
    defects: list[Defect] = []
    denied: list[str] = []
    for name, adapter in chosen.items():
        live = read_live(
            adapter, most=limit, now=SystemClock().now(), progress=progress, never=settings.privacy.never
        )
        at = f"{name}:" if len(chosen) > 1 else ""
        tables += [replace(one, name=f"{at}{one.name}") for one in live.tables]
        defects += [replace(one, table=f"{at}{one.table}") for one in live.defects]
        denied += [f"{at}{text}" for text in live.denied]
    return tables, tuple(defects), tuple(denied)


def _document(
    tables: Sequence[AuditTable], found: Audit, ready: Sequence[Readiness], denied: Sequence[str]
) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "tables": [
            {
                "name": one.name, "rows": one.rows, "total": one.total,
                "columns": [
                    {
                        "name": column.column, "shape": column.shape.value, "filled": column.filled, "share": column.share,
                        "distinct": column.distinct, "belongs_to": column.belongs_to,
                    }
                    for column in found.columns
                    if column.table == one.name
                ],
            }
            for one in tables
        ],
        "defects": [asdict(one) | {"kind": one.kind.value} for one in found.defects],
        "readiness": [asdict(one) | {"standing": one.standing.value} for one in ready],
        "denied": list(denied),
    }  # fmt: skip


def _show(
    tables: Sequence[AuditTable], found: Audit, ready: Sequence[Readiness], denied: Sequence[str]
) -> None:
    for one in tables:
        read = f"{one.rows:,} records" + (f" of {one.total:,}" if one.total and one.total > one.rows else "")
        heading(f"{one.name} · {read}")
        table("", ("column", "filled", "", "holds", "different"), [
            (
                column.column, "–" if column.share is None else f"{column.share:.0%}", bar(column.share),
                f"{_held(column.shape)}{f'; belongs to {column.belongs_to}' if column.belongs_to else ''}",
                f"{column.distinct:,}",
            )
            for column in found.columns
            if column.table == one.name
        ], whole=("column", "filled", ""))  # fmt: skip
    heading(f"What is wrong · {len(found.defects)} findings" if found.defects else "Nothing wrong was found")
    if found.defects:
        columns = ("where", "what", "records", "finding", "such as")
        table("", columns, [_row(one) for one in found.defects], whole=("records",))
    heading("What agents could do with it")
    table("", ("agent", "history", "why", "clean first"), [
        (one.agent, _STANDINGS[one.standing.value], one.why, "; ".join(one.clean_first)) for one in ready
    ], whole=("agent",), readable=32)  # fmt: skip
    for text in denied:
        say(f"! not read: {text}", style="yellow")


_HOLDS = {"name": "short texts", "text": "long texts", "category": "a few values"}


def _held(shape: Shape) -> str:
    return _HOLDS.get(shape.value, shape.value)


def bar(share: float | None, width: int = 12) -> str:
    """A share as a bar of blocks."""
    full = round((share or 0.0) * width)
    return "█" * full + "░" * (width - full)


def _row(one: Defect) -> tuple[str, ...]:
    shown: list[str] = []
    for example in one.examples[:3]:
        meant = f" → {example.suggestion}" if example.suggestion else ""
        shown.append(f"{example.value[:60]}{meant} ({example.records:,})")
    where = f"{one.table}.{one.column}" if one.column else one.table
    return where, one.kind.value.replace("_", " "), f"{one.records:,}", one.problem, "; ".join(shown)



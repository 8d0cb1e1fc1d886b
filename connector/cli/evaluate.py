"""`crm-connector evaluate`: how good the offline tier is on your own CSV files, with figures anyone can compute again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.columns import ids_of, mind_unknown, text_columns, texts_in
from connector.cli.options import CSV, AsJson, LabelColumn, Learned, Learning, TextColumn
from connector.cli.output import emit, note, say, table

if TYPE_CHECKING:
    from connector.decision.learners import NothingToLearn
    from connector.evaluation.routing import RoutingEvaluation

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def _evaluate() -> None:
    """Measure the offline tier on your own CSV files.

    Row order is time. What cannot be computed is null. Nothing is written but the file named by --predictions.
    """


_PREDICTIONS = "--predictions"
Predictions = Annotated[
    Path | None, typer.Option(_PREDICTIONS, dir_okay=False, help="Write one line per answer to this CSV.")
]
Seed = Annotated[int, typer.Option(help="Repeats the same evaluation.")]


@app.command(
    epilog="Example: crm-connector evaluate routing --train closed.csv --valid judged.csv --test new.csv --target 0.98"
)
def routing(
    train: Annotated[Path, typer.Option(help="CSV: what people have dealt with; the learner sees these alone.", **CSV)],
    valid: Annotated[Path, typer.Option(help="CSV: judged rows that set the threshold.", **CSV)],
    test: Annotated[Path, typer.Option(help="CSV: later rows, only counted.", **CSV)],
    oos_valid: Annotated[
        Path | None, typer.Option(help="CSV: judged texts of no known value; they teach the out-of-scope flag.", **CSV)
    ] = None,
    oos_test: Annotated[Path | None, typer.Option(help="CSV: texts of no known value.", **CSV)] = None,
    text: TextColumn = "text",
    label: LabelColumn = "label",
    target: Annotated[float, typer.Option(min=0.5, max=0.9999, help="The precision to promise.")] = 0.98,
    redraws: Annotated[int, typer.Option(min=0, help="How often verdicts and test rows are drawn anew.")] = 20,
    oos_rate: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of known texts the out-of-scope flag may catch.")
    ] = 0.08,
    learning: Learning = Learned.FULL,
    predictions: Predictions = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Which value a text calls for: accuracy, and how much could be automated at a promised precision."""
    from connector.decision.learners import Effort
    from connector.evaluation.routing import RoutingTrial, evaluate_routing

    _check(predictions, train, valid, test, oos_valid, oos_test)
    tested = texts_in(test, text, label, labelled=False)
    done = evaluate_routing(
        RoutingTrial(target=target, redraws=redraws, oos_rate=oos_rate, seed=seed, effort=Effort(learning.value)),
        train=texts_in(train, text, label, labelled=True), verdicts=texts_in(valid, text, label, labelled=True),
        test=tested, strangers=texts_in(oos_valid, text, label, labelled=False) if oos_valid else (),
        out_of_scope=texts_in(oos_test, text, label, labelled=False) if oos_test else (),
    )
    lines, figures, why = _routed(done, train, len(tested))
    _write(predictions, ("row", "value", "confidence", "disposition", "flagged"), lines)
    _show("Routing", figures, why, as_json=as_json)


def _routed(
    done: RoutingEvaluation | NothingToLearn, train: Path, tested: int
) -> tuple[Sequence[Sequence[object]], Mapping[str, Any], str | None]:
    """A line for each text, the figures, and why nothing would be automated; where nothing was learned, none is."""
    from connector.decision.learners import NothingToLearn
    from connector.evaluation.routing import RoutingFigures

    if isinstance(done, NothingToLearn):
        escalated = [(row, None, None, "escalated", None) for row in range(tested)]
        return escalated, dict.fromkeys(RoutingFigures.__dataclass_fields__), f"{train}: {done}"
    lines = [
        (row.row, row.value, row.confidence, "automated" if row.automated else "escalated", row.flagged)
        for row in done.rows
    ]
    return lines, asdict(done.figures), None if done.unearned is None else f"nothing would be automated: {done.unearned}"


@app.command(epilog="Example: crm-connector evaluate scoring --train closed.csv --test later.csv --target converted")
def scoring(
    train: Annotated[Path, typer.Option(help="CSV: records in the order they came in, with their outcome.", **CSV)],
    test: Annotated[Path, typer.Option(help="CSV: later records.", **CSV)],
    target: Annotated[str, typer.Option(help="The column with the outcome: 1 or 0; empty while open.")] = "converted",
    stream: Annotated[
        int | None, typer.Option(min=1, help="Score in batches of so many rows; labels arrive one batch late.")
    ] = None,
    predictions: Predictions = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """How likely an outcome is: ranking, honesty of the chances, and whether a score may be shown at all."""
    from connector.evaluation.datasets import outcomes, read_dataset
    from connector.evaluation.scoring import evaluate_scoring

    _check(predictions, train, test)
    taught, tested = read_dataset(train), read_dataset(test)
    settled = outcomes(taught, target)
    truth = outcomes(tested, target) if target in tested.columns else (None,) * len(tested)
    if absent := [name for name in taught.columns if name not in tested.columns and name != target]:
        note(f"{test}: counts as empty, for it is not there: {', '.join(absent)}")
    done = evaluate_scoring(
        taught.without(target), settled, tested.without(target), truth, stream=stream, seed=seed
    )
    disposition = "abstained" if done.figures.abstained else "scored"
    lines = [
        (row, None if score is None else int(score >= 0.5), score, disposition) for row, score in enumerate(done.scores)
    ]
    _write(predictions, ("row", "value", "score", "disposition"), lines)
    _show("Scoring", asdict(done.figures), done.why and f"{train}: {done.why}", as_json=as_json)
    if not as_json:
        for refused in done.refused:
            say(f"refused: {refused}")


@app.command(epilog="Example: crm-connector evaluate retrieval --passages kb.csv --queries asked.csv --qrels right.csv")
def retrieval(
    passages: Annotated[Path, typer.Option(help="CSV: id and any text columns, the title first.", **CSV)],
    queries: Annotated[Path, typer.Option(help="CSV: id and text.", **CSV)],
    qrels: Annotated[Path, typer.Option(help="CSV: query_id and passage_id, the right answers.", **CSV)],
    predictions: Predictions = None,
    as_json: AsJson = False,
) -> None:
    """How well the local index finds passages, in the setting every corpus gets."""
    from tempfile import TemporaryDirectory
    from time import perf_counter

    from connector.context.lance_index import LanceIndex
    from connector.evaluation.datasets import grades_of, read_dataset
    from connector.evaluation.retrieval import evaluate_retrieval

    _check(predictions, passages, queries, qrels)
    known, asked, right = read_dataset(passages), read_dataset(queries), read_dataset(qrels)
    asked.require("id")
    right.require("query_id", "passage_id")
    texts = dict(zip(ids_of(known), zip(*text_columns(known), strict=True), strict=True))
    grades = grades_of(right)
    mind_unknown(right, "passage_id", known.column("id"), known)
    mind_unknown(right, "query_id", asked.column("id"), asked)
    words = asked.column("text") if "text" in asked.columns else text_columns(asked)[0]
    with TemporaryDirectory(prefix="evaluate-") as folder:
        done = evaluate_retrieval(
            texts, zip(ids_of(asked), words, strict=True),
            zip(right.column("query_id"), right.column("passage_id"), grades, strict=True),
            index=LanceIndex(Path(folder) / "index"), seconds=perf_counter,
        )
    lines = [
        (row, found.query, passage, score, rank, "found")
        for row, found in enumerate(done.found)
        for rank, (passage, score) in enumerate(zip(found.passages, found.scores, strict=True), start=1)
    ]
    _write(predictions, ("row", "query", "value", "score", "rank", "disposition"), lines)
    _show("Retrieval", asdict(done.figures), None, as_json=as_json)


@app.command(epilog="Example: crm-connector evaluate duplicates --records contacts.csv --truth pairs.csv")
def duplicates(
    records: Annotated[Path, typer.Option(help="CSV: id and any columns.", **CSV)],
    truth: Annotated[Path, typer.Option(help="CSV: id_a and id_b, the pairs people know; only counted.", **CSV)],
    predictions: Predictions = None,
    as_json: AsJson = False,
) -> None:
    """Which records are probably one and the same: proposals for review, learned from the records alone."""
    from connector.evaluation.datasets import read_dataset
    from connector.evaluation.duplicates import evaluate_duplicates

    _check(predictions, records, truth)
    known, pairs = read_dataset(records), read_dataset(truth)
    pairs.require("id_a", "id_b")
    for side in ("id_a", "id_b"):
        mind_unknown(pairs, side, known.column("id"), known)
    done = evaluate_duplicates(
        ids_of(known), known.without("id"), zip(pairs.column("id_a"), pairs.column("id_b"), strict=True)
    )
    lines = [(row, *one.pair, one.confidence, "proposed") for row, one in enumerate(done.proposals)]
    _write(predictions, ("row", "value", "other", "confidence", "disposition"), lines)
    _show("Duplicates", asdict(done.figures), done.why and f"{records}: {done.why}", as_json=as_json)


@app.command(epilog="Example: crm-connector evaluate requests --train judged.csv --test other.csv --label request")
def requests(
    train: Annotated[Path, typer.Option(help="CSV: judged sentences.", **CSV)],
    test: Annotated[Path, typer.Option(help="CSV: other sentences, only counted.", **CSV)],
    text: Annotated[str, typer.Option(help="The column with the sentence.")] = "text",
    label: Annotated[str, typer.Option(help="The column that says 1 for a request, 0 for none.")] = "request",
    predictions: Predictions = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Which sentences ask or propose something."""
    from connector.evaluation.datasets import outcomes, read_dataset
    from connector.evaluation.requests import evaluate_requests

    _check(predictions, train, test)
    taught, tested = read_dataset(train), read_dataset(test)
    taught.require(text, label)
    truth = outcomes(tested, label) if label in tested.columns else (None,) * len(tested)
    done = evaluate_requests(taught.column(text), outcomes(taught, label), tested.column(text), truth, seed=seed)
    lines = [
        (row, int(call), chance, "request" if call else "none")
        for row, (call, chance) in enumerate(zip(done.called, done.chances, strict=True))
    ]
    _write(predictions, ("row", "value", "confidence", "disposition"), lines)
    _show("Requests", asdict(done.figures), done.why and f"{train}: {done.why}", as_json=as_json)


def _check(predictions: Path | None, *inputs: Path | None) -> None:
    """Before minutes of work: whether the answers can be written where they are wanted."""
    from connector.evaluation.outputs import check_outputs

    check_outputs({_PREDICTIONS: predictions}, inputs=inputs)


def _write(path: Path | None, columns: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    from connector.evaluation.outputs import write_rows

    if path is not None:
        write_rows(path, columns, lines, option=_PREDICTIONS)


def _show(title: str, figures: Mapping[str, Any], why: str | None, *, as_json: bool) -> None:
    if as_json:
        emit({**figures, "why": why})
        return
    table(title, ("figure", "value"), [(name.replace("_", " "), _worded(value)) for name, value in figures.items()])
    if why is not None:
        say(why)


def _worded(value: object) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4f}" if abs(value) < 10 else f"{value:.1f}"
        case list() | tuple():
            return ", ".join(map(str, value)) or "none"
        case _:
            return str(value)

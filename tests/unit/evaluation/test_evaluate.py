"""`evaluate` on made-up files: every key is always there, and the predictions file gives the figures back."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from itertools import count

import pytest
from typer.testing import CliRunner

from connector.calibration import area_under_curve
from connector.cli.evaluate import app
from connector.context.memory_index import MemoryIndex
from connector.errors import SettingsError
from connector.evaluation.duplicates import evaluate_duplicates
from connector.evaluation.retrieval import evaluate_retrieval

SCORING = {
    "auc", "auc_low", "auc_high", "brier", "ece", "precision_at_10pct", "auc_within", "abstained", "stale", "leaks", "why",
}


@pytest.fixture
def evaluate(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str):
        done = CliRunner().invoke(app, [*arguments, "--json"])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return run


def write(name: str, columns: str, rows: list[list[object]]) -> None:
    with open(name, "w", newline="", encoding="utf-8") as file:  # noqa: PTH123
        writer = csv.writer(file)
        writer.writerow(columns.split(","))
        writer.writerows(rows)


def read(name: str) -> list[dict[str, str]]:
    with open(name, newline="", encoding="utf-8") as file:  # noqa: PTH123
        return list(csv.DictReader(file))


def leads(rows: int, seed: int) -> list[list[object]]:
    chance = random.Random(seed)
    made = []
    for _ in range(rows):
        visits = chance.randrange(20)
        won = int(chance.random() < visits / 20)
        made.append([visits, chance.choice(["web", "fair", ""]), f"{won * 100}", won])
    return made


def test_scoring_names_leaks_and_can_be_scored_again(evaluate):
    write("train.csv", "visits,source,paid,won", leads(300, 1))
    write("test.csv", "visits,source,paid,won", test := leads(150, 2))
    document = evaluate("scoring", "--train", "train.csv", "--test", "test.csv", "--target", "won", "--predictions", "p.csv")
    assert set(document) == SCORING
    assert document["leaks"] == ["paid"]
    assert document["auc_within"] is None
    assert not document["abstained"]
    again = area_under_curve([float(row["score"]) for row in read("p.csv")], [bool(row[-1]) for row in test])
    assert again is not None
    assert again.area == pytest.approx(document["auc"])
    assert document["auc_low"] < document["auc"] < document["auc_high"]


def test_a_stream_also_ranks_within_slices(evaluate):
    write("train.csv", "visits,source,paid,won", leads(300, 3))
    write("test.csv", "visits,source,paid,won", leads(120, 4))
    document = evaluate("scoring", "--train", "train.csv", "--test", "test.csv", "--target", "won", "--stream", "60")
    assert document["auc_within"] == pytest.approx(document["auc"])


def test_unlabelled_test_rows_are_scored_and_not_counted(evaluate):
    write("train.csv", "visits,source,paid,won", leads(300, 5))
    write("test.csv", "visits,source", [row[:2] for row in leads(20, 6)])
    document = evaluate("scoring", "--train", "train.csv", "--test", "test.csv", "--target", "won", "--predictions", "p.csv")
    assert document["auc"] is None
    assert len(read("p.csv")) == 20


def test_one_outcome_only_is_said_and_abstains(evaluate):
    write("train.csv", "visits,won", [[1, 1]] * 60)
    document = evaluate("scoring", "--train", "train.csv", "--test", "train.csv", "--target", "won")
    assert set(document) == SCORING
    assert document["abstained"]
    assert "ended alike" in document["why"]


def test_a_missing_column_is_an_error_for_people(evaluate):
    write("train.csv", "visits,won", [[1, 1]])
    with pytest.raises(SettingsError, match="no column 'converted'"):
        evaluate("scoring", "--train", "train.csv", "--test", "train.csv")


def test_routing_writes_a_line_per_test_row(evaluate):
    chance = random.Random(7)
    words = {"refund": "money back charged", "login": "password locked code"}
    rows = [[f"{chance.choice(words[label].split())} {place}", label] for place in range(60) for label in words]
    write("train.csv", "text,label", rows[:60])
    write("valid.csv", "text,label", rows[60:90])
    write("test.csv", "text,label", [*rows[90:], ["", "refund"]])
    files = ["--train", "train.csv", "--valid", "valid.csv", "--test", "test.csv", "--oos-test", "valid.csv"]
    document = evaluate("routing", *files, "--learning", "quick", "--redraws", "2", "--predictions", "p.csv")
    keys = {"accuracy", "coverage", "precision", "worst_value", "ece", "coverage_mean", "coverage_low", "broke_promise"}
    assert keys | {"oos_recall", "in_scope_escalated", "why"} <= set(document)
    assert document["why"] == "nothing would be automated: 30 judged so far; 0.98 takes at least 149"
    lines = read("p.csv")
    assert len(lines) == 31
    assert lines[-1]["flagged"] == "1"
    right = sum(line["value"] == label for line, (_, label) in zip(lines, [*rows[90:], ["", "refund"]], strict=True))
    assert right / 31 == pytest.approx(document["accuracy"])


def test_outputs_that_cannot_be_are_said_before_the_work(evaluate):
    write("rows.csv", "text,label", [["a", "refund"], ["b", "login"]])
    files = ["--train", "rows.csv", "--valid", "rows.csv", "--test", "rows.csv", "--learning", "quick"]
    with pytest.raises(SettingsError, match="there is no folder none"):
        evaluate("routing", *files, "--predictions", "none/p.csv")
    with pytest.raises(SettingsError, match="one of the files to read"):
        evaluate("routing", *files, "--predictions", "rows.csv")


def test_nothing_to_route_by_is_said(evaluate):
    write("rows.csv", "text,label", [])
    document = evaluate("routing", "--train", "rows.csv", "--valid", "rows.csv", "--test", "rows.csv")
    assert document["accuracy"] is None
    assert document["why"].startswith("rows.csv: ")
    assert "nothing to learn" in document["why"]


def test_requests_are_measured_on_other_sentences(evaluate):
    rows = [[f"please send item {place}", 1] if place % 2 else [f"we got item {place}", 0] for place in range(80)]
    write("train.csv", "text,request", rows[:60])
    write("test.csv", "text,request", rows[60:])
    document = evaluate("requests", "--train", "train.csv", "--test", "test.csv")
    assert document == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "auc": 1.0, "why": None}


def test_duplicates_learn_nothing_from_the_truth():
    ids, cells = ["a", "b", "c"], {"name": ["Orion", "Orion", "Vega"], "phone": ["5550100", "555 01 00", "5559999"]}
    done = evaluate_duplicates(ids, cells, [("b", "a"), ("a", "c")])
    assert (done.figures.proposed, done.figures.precision, done.figures.recall) == (1, 1.0, 0.5)
    unknown = evaluate_duplicates(ids, cells, [])
    assert [one.pair for one in unknown.proposals] == [("a", "b")]
    assert unknown.figures.f1 is None


def test_why_nothing_is_proposed_is_said():
    one = evaluate_duplicates(["a", "b"], {"name": ["Orion", "Vega"], "kind": ["firm", "firm"]}, [("a", "b")])
    assert one.why == "only 'name' can be compared: at least 2 columns that differ between records are needed"
    two = evaluate_duplicates(["a", "b"], {"name": ["Orion", "Vega"], "town": ["Bonn", "Kiel"]}, [("a", "b")])
    assert two.why == "no two records agree in enough of what tells records apart"
    assert evaluate_duplicates(["a"], {"name": ["Orion"]}, []).why == "there are not two records to compare"


def test_a_repeated_id_is_refused(evaluate):
    write("records.csv", "id,name", [["a", "x"], ["a", "y"]])
    write("truth.csv", "id_a,id_b", [])
    with pytest.raises(SettingsError, match="an id of its own"):
        evaluate("duplicates", "--records", "records.csv", "--truth", "truth.csv")


def test_known_pairs_of_records_that_are_not_there_are_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("records.csv", "id,name,phone", [["a", "Orion", "5550100"], ["b", "Orion", "5550100"], ["c", "Vega", "5559999"]])
    write("truth.csv", "id_a,id_b", [["a", "b"], ["a", "z"]])
    done = CliRunner().invoke(app, ["duplicates", "--records", "records.csv", "--truth", "truth.csv", "--json"])
    assert json.loads(done.stdout)["recall"] == 0.5
    told = " ".join(done.stderr.split())
    assert "truth.csv: 1 of 2 rows name under 'id_b' an id that records.csv does not hold (first 'z')" in told


def test_retrieval_counts_rank_and_grade():
    passages = {"p1": ("Reset a password", "Open the sign-in page."), "p2": ("Refunds", "Money returns within days.")}
    ticks = count()
    done = evaluate_retrieval(
        passages, [("q1", "password reset"), ("q2", "refunds"), ("q3", "nothing known")],
        [("q1", "p1", 1.0), ("q2", "p1", 1.0), ("q2", "p2", 0.0)], index=MemoryIndex(), seconds=lambda: float(next(ticks)),
    )
    assert done.found[0].passages[0] == "p1"
    assert done.figures.mrr is not None
    assert 0.5 <= done.figures.mrr < 1.0
    assert (done.figures.p50_ms, done.figures.build_s) == (1000.0, 1.0)


def test_retrieval_without_known_answers_is_undefined():
    done = evaluate_retrieval({}, [], [], index=MemoryIndex(), seconds=lambda: 0.0)
    assert (done.figures.ndcg_at_10, done.figures.p50_ms) == (None, None)


def test_help_loads_no_numerical_library():
    asked = "import sys, connector.cli.evaluate; sys.exit(bool({'numpy', 'sklearn', 'lancedb'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0

"""Every error speaks to a person: what happened, and the next command to type, which exists."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from connector import errors
from connector.errors import ConnectorError
from tests.support.tree import product, texts, tracked

SENTENCE = "ticket crm:ticket/7 could not be read"

ERRORS: dict[str, Callable[[type[ConnectorError]], ConnectorError]] = {
    "RejectedError": lambda kind: kind(SENTENCE, code="FIELD_INTEGRITY", fields=("priority",)),
    "RateLimitedError": lambda kind: kind(SENTENCE, retry_after=timedelta(seconds=9), daily=True),
    "ProblemsError": lambda kind: kind([SENTENCE, "a second problem"]),
    "PolicyError": lambda kind: kind([SENTENCE, "a second problem"]),
    "SettingsError": lambda kind: kind([SENTENCE, "a second problem"]),
}
"""How the errors that need more than a sentence are raised; every other one takes a sentence alone."""

INTERNAL = {
    "PausedError": "says how long an endpoint is left alone; the reasoner turns it into a deferred answer",
    "OutOfMoneyError": "the account behind an endpoint is empty; the reasoner turns it into a declined answer",
}
"""Errors that never leave the module that raises them."""


def kinds() -> list[type[ConnectorError]]:
    """Every error class of the product, wherever it is defined."""
    for path in _defining():
        importlib.import_module(path.removesuffix(".py").replace("/", "."))
    found: list[type[ConnectorError]] = [ConnectorError]
    for kind in found:
        found.extend(sub for sub in kind.__subclasses__() if sub not in found)
    return [
        kind
        for kind in found
        if kind.__module__.split(".")[0] in ("connector", "adapters") and kind.__name__ not in INTERNAL
    ]


def _defining() -> Iterator[str]:
    """The modules with an error class of their own; by their text, for every worker comes by here before its first test."""
    for path, text in texts("connector", "adapters"):
        if not path.startswith(("adapters/sandbox", "adapters/conformance")) and re.search(r"class\s+\w+Error\b", text):
            yield path


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_an_error_says_what_happened_and_what_to_type_next(kind):
    error = ERRORS.get(kind.__name__, lambda one: one(SENTENCE))(kind)
    assert SENTENCE in str(error)
    assert SENTENCE in error.message
    assert re.match(r"crm-connector [a-z]+", error.hint)
    assert (kind.__doc__ or "").strip()


def test_all_problems_of_a_file_are_in_one_message():
    error = errors.PolicyError(["x.yaml:1: one", "x.yaml:2: two"])
    assert str(error) == "x.yaml:1: one\nx.yaml:2: two"
    assert error.problems == ("x.yaml:1: one", "x.yaml:2: two")


def test_every_class_answers_one_question():
    """Try again, set aside, read first, stop until mended: an error is of exactly one of these kinds."""
    answers = (
        errors.RetryableError,
        errors.PermanentError,
        errors.OutcomeUnknownError,
        errors.CredentialsError,
        errors.ProblemsError,
        errors.StateError,
        errors.DecisionError,
    )
    fitting = {kind.__name__: sum(issubclass(kind, answer) for answer in answers) for kind in kinds()}
    assert {name: count for name, count in fitting.items() if count != 1} == {"ConnectorError": 0}


@pytest.mark.skipif("connector/cli/main.py" not in tracked(), reason="the command line is not part of this tree yet")
def test_every_command_an_error_or_page_names_exists():
    from connector.cli.main import COMMANDS

    pages = [(name, _text(name)) for name in tracked() if name.endswith(".md") and not name.startswith("tests/")]
    sources = [(module.path, _strings(module.tree)) for module in product()]
    called = re.compile(r"crm-connector ([a-z][a-z-]*)")
    named = {(path, command) for path, text in pages + sources for command in called.findall(text)}
    prose = {"is", "and", "on", "the", "in", "from", "with", "reads", "works", "needs", "runs", "can"}
    assert {(path, command) for path, command in named if command not in COMMANDS and command not in prose} == set()


def _strings(tree: ast.Module) -> str:
    return "\n".join(node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _text(name: str) -> str:
    from tests.support.tree import ROOT

    return (ROOT / name).read_text(encoding="utf-8")

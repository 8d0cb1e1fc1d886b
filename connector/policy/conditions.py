"""The condition `where`: a CEL expression compiled once and asked about one record. An error is no match, and is said.

Null and missing differ: a field the CRM left empty is null, a field that was not read does not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.policy.expression import (
    CHANGED,
    ReferencedNames,
    canonical,
    literal_calls,
    nesting,
    referenced_names,
    tokens,
)
from connector.policy.facts import Facts, functions, variables
from connector.policy.reading import Section
from connector.policy.scalars import did_you_mean

if TYPE_CHECKING:
    from cel import Program

MAX_LENGTH = 2_000
MAX_NESTING = 24
_SIGNS = {"and": "&&", "or": "||", "not": "!"}
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")
_FUNCTIONS = frozenset({
    "bytes", "contains", "date", "days", "double", "duration", "dyn", "endsWith", "getDate", "getDayOfMonth",
    "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours", "getMilliseconds", "getMinutes", "getMonth",
    "getSeconds", "int", "lower", "matches", "size", "startsWith", "string", "timestamp", "type", "uint",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Matched:
    """The condition holds."""


@dataclass(frozen=True, slots=True)
class NotMatched:
    """The condition does not hold."""


@dataclass(frozen=True, slots=True)
class EvaluationFailed:
    """The condition could not be evaluated: no match, and the reason goes to the journal. Holds no field values."""

    reason: str


Match = Matched | NotMatched | EvaluationFailed


class ConditionError(ValueError):
    """The text is not a condition; `line` and `column` count from 1 inside the text."""

    def __init__(self, reason: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. Two conditions are equal when their text differs only in white space."""

    source: str
    names: ReferencedNames = field(compare=False, repr=False)
    _program: Program = field(compare=False, repr=False)

    def __hash__(self) -> int:
        return hash(self.source)

    def evaluate(self, facts: Facts) -> Match:
        """Whether the condition holds for these facts; anything but true or false is a failure, never a match."""
        try:
            answer = self._program.execute({**functions(), **variables(self.names, facts)})
        except Exception as error:
            # The library reports through KeyError, RuntimeError, TypeError, OverflowError and more; all mean no match.
            return EvaluationFailed(_reason(error))
        if answer is True:
            return Matched()
        if answer is False:
            return NotMatched()
        return EvaluationFailed("the condition gives neither true nor false")


def compile_condition(text: str) -> Condition:
    """The condition in `text`; raises ConditionError with the place of the first mistake."""
    import cel  # loaded with the first condition: it costs half a second

    if len(text) > MAX_LENGTH or nesting(text) > MAX_NESTING:
        raise ConditionError(f"a condition has at most {MAX_LENGTH} characters and {MAX_NESTING} levels of brackets")
    try:
        program = cel.compile(text)
    except Exception as error:
        raise _syntax_error(str(error), text) from error
    _check_functions(program)
    _check_literals(text)
    names = referenced_names(text)
    _check_changed(text)
    return Condition(canonical(text), names, program)


def read_condition(section: Section, key: str) -> Condition | None:
    """The condition under `key`; a mistake is reported with its line and column in the file."""
    scalar = section.scalar(key)
    if scalar is None:
        return None
    if scalar.plain and scalar.text in ("true", "false"):
        section.wrong(key, "a condition must depend on the record; leave `where` out to match every record")
        return None
    try:
        return compile_condition(scalar.text)
    except ConditionError as error:
        at = scalar.mark_of(error.line, error.column)
        section.problems.add(at, section.at(key), f"column {at.column}: {error.reason}")
        return None


def _syntax_error(message: str, text: str) -> ConditionError:
    found = _ERROR.search(message)
    if found is None:
        return ConditionError("not a CEL expression")
    line, column, reason = int(found[1]), int(found[2]), found[3].partition(" expecting ")[0]
    row = text.splitlines()[line - 1 : line] or [""]
    if "token recognition" in reason and row[0][column - 1 : column] == "=":
        reason = "one `=` is no comparison, write `==`"
    elif word := next((word for word in _SIGNS if f"input '{word}'" in reason), None):
        reason = f"write `{_SIGNS[word]}` for `{word}`"
    elif "'<EOF>'" in reason:
        reason = "the expression ends too early"
    return ConditionError(reason, line=line, column=column)


def _check_functions(program: Program) -> None:
    for name in program.functions():
        if name[0].isalpha() and name not in _FUNCTIONS:
            raise ConditionError(f"unknown function `{name}`{did_you_mean(name, _FUNCTIONS)}")


def _check_literals(text: str) -> None:
    import cel

    for function, literal in literal_calls(text):
        call = f"''.matches({literal})" if function == "matches" else f"{function}({literal})"
        try:
            answer = cel.evaluate(call, functions())
        except Exception as error:
            raise ConditionError(f"`{function}({literal})` is not valid") from error
        if function == "date" and answer is None:
            raise ConditionError(f"`date({literal})` is not a date: write it like date('2026-01-31')")


def _check_changed(text: str) -> None:
    row = [token.text for token in tokens(text) if token.kind != "text"]
    for position, word in enumerate(row):
        if word != CHANGED or (position and row[position - 1] == "."):
            continue
        if row[position + 1 : position + 3] not in ([".", "from"], [".", "to"]):
            raise ConditionError("`changed` is used as `changed.from.<field>` or `changed.to.<field>`")


def _reason(error: Exception) -> str:
    """Why an evaluation failed, in our words: the library's own text can quote field values."""
    undefined = re.match(r"Undefined variable or function: '(\w+)'", str(error))
    match error:
        case RuntimeError() if undefined:
            return (
                f"`{undefined[1]}` does not exist here: the record has no such field, "
                "or something other than text stands before the dot"
            )
        case KeyError():
            return f"`{error.args[0]}` is missing: it was not read or the CRM does not have it"
        case TypeError():
            return "values of different kinds meet: a null where a number is needed, or 1 where 1.0 is needed"
        case IndexError():
            return "the list is shorter than the place asked for"
        case ArithmeticError():
            return "the calculation has no result (too large, or divided by zero)"
        case _:
            return "a function was given a value it cannot read"

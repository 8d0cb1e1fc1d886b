"""Reads the subset of SOQL a connector needs; anything else is refused, never guessed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from adapters.sandbox.salesforce.errors import malformed_query
from adapters.sandbox.salesforce.soql.ast import (
    All,
    Comparison,
    Condition,
    Either,
    Literal,
    Membership,
    Not,
    Order,
    Path,
    Query,
)
from adapters.sandbox.salesforce.stamps import parse_date, parse_datetime


class Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKENS = re.compile(
    r"""\s*(?:
        (?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))
      | (?P<date>\d{4}-\d{2}-\d{2})
      | (?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))
      | (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_RESERVED = frozenset(
    """SELECT FROM WHERE AND OR NOT IN LIKE NULL TRUE FALSE ORDER BY ASC DESC NULLS FIRST LAST LIMIT OFFSET
    INCLUDES EXCLUDES GROUP HAVING FOR USING WITH TYPEOF UPDATE""".split()  # noqa: SIM905 - reads as a sentence
)


@lru_cache(maxsize=1024)
def parse(text: str) -> Query:
    """The query; raises ApiError 400 MALFORMED_QUERY."""
    return _Parser(text).query()


def _tokens(text: str) -> list[Token]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKENS.match(text, at)
        if match is None or match.lastgroup is None:
            raise malformed_query(f"line 1:{at} no viable alternative at character '{text[at : at + 1]}'")
        found.append(Token(match.lastgroup, match.group(match.lastgroup), match.start(match.lastgroup)))
        at = match.end()
    return found


def unescape(quoted: str) -> str:
    """The text inside a quoted literal; an escape SOQL does not know is refused."""

    def one(match: re.Match[str]) -> str:
        if match.group(1) not in _ESCAPES:
            raise malformed_query(f"Invalid string literal: illegal escape \\{match.group(1)}")
        return _ESCAPES[match.group(1)]

    return re.sub(r"\\(.)", one, quoted[1:-1], flags=re.DOTALL)


class _Parser:
    """Recursive descent over the tokens; each method reads one rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    def query(self) -> Query:
        self._expect("SELECT")
        fields = self._fields()
        self._expect("FROM")
        name = self._name()
        where = self._condition() if self._take("WHERE") else None
        order = self._order() if self._take("ORDER") else ()
        limit = self._whole_number() if self._take("LIMIT") else None
        offset = self._whole_number() if self._take("OFFSET") else 0
        if self._at < len(self._tokens):
            raise self._unexpected()
        if not fields and order:
            raise malformed_query("a count query cannot be ordered")
        return Query(fields=fields, object=name, where=where, order=order, limit=limit, offset=offset)

    def _fields(self) -> tuple[Path, ...]:
        fields = [self._path()]
        if fields[0][0].lower() == "count" and self._take("("):
            self._expect(")")
            return ()
        while self._take(","):
            fields.append(self._path())
        lowered = [tuple(part.lower() for part in field) for field in fields]
        for place, field in enumerate(lowered):
            if field in lowered[:place]:
                raise malformed_query(f"duplicate field selected: {'.'.join(fields[place])}")
        return tuple(fields)

    def _condition(self) -> Condition:
        if self._take("NOT"):
            return Not(self._simple())
        first = self._simple()
        for word, joined in (("AND", All), ("OR", Either)):
            conditions = [first]
            while self._take(word):
                conditions.append(self._simple())
            if len(conditions) > 1:
                if self._peek("AND") or self._peek("OR"):
                    raise self._unexpected()  # SOQL does not rank AND and OR: mixing them needs parentheses
                return joined(tuple(conditions))
        return first

    def _simple(self) -> Condition:
        if self._take("("):
            condition = self._condition()
            self._expect(")")
            return condition
        field = self._path()
        if self._take("NOT"):
            self._expect("IN")
            return Membership(field, True, self._list())
        if self._take("IN"):
            return Membership(field, False, self._list())
        if self._take("LIKE"):
            return Comparison(field, "LIKE", self._literal())
        token = self._next()
        if token.kind != "sign" or token.text in ("(", ")", ","):
            raise self._unexpected(token)
        return Comparison(field, token.text.replace("<>", "!="), self._literal())

    def _list(self) -> tuple[Literal, ...]:
        self._expect("(")
        literals = [self._literal()]
        while self._take(","):
            literals.append(self._literal())
        self._expect(")")
        return tuple(literals)

    def _literal(self) -> Literal:
        token = self._next()
        found = _literal_of(token)
        if found is None:
            raise self._unexpected(token)
        return found

    def _order(self) -> tuple[Order, ...]:
        self._expect("BY")
        orders = [self._one_order()]
        while self._take(","):
            orders.append(self._one_order())
        return tuple(orders)

    def _one_order(self) -> Order:
        field = self._path()
        descending = self._take("DESC")
        if not descending:
            self._take("ASC")
        nulls_last = False
        if self._take("NULLS"):
            nulls_last = self._take("LAST")
            if not nulls_last:
                self._expect("FIRST")
        return Order(field, descending, nulls_last)

    def _path(self) -> Path:
        path = tuple(self._word().split("."))
        if len(path) > 2:
            raise malformed_query(f"relationship path is too deep here: {'.'.join(path)}")
        return path

    def _name(self) -> str:
        token = self._next()
        if token.kind != "word" or "." in token.text:
            raise self._unexpected(token)
        return token.text  # Order and Group are objects although their names are words of the language

    def _word(self) -> str:
        token = self._next()
        if token.kind != "word" or token.text.upper() in _RESERVED:
            raise self._unexpected(token)
        return token.text

    def _whole_number(self) -> int:
        token = self._next()
        if token.kind != "number" or not token.text.isdigit():
            raise self._unexpected(token)
        return int(token.text)

    def _peek(self, word: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].text.upper() == word

    def _take(self, word: str) -> bool:
        if not self._peek(word) or self._tokens[self._at].kind == "string":
            return False
        self._at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._unexpected()

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            raise malformed_query("unexpected token: '<EOF>'")
        self._at += 1
        return self._tokens[self._at - 1]

    def _unexpected(self, token: Token | None = None) -> Exception:
        if token is None:
            if self._at >= len(self._tokens):
                return malformed_query("unexpected token: '<EOF>'")
            token = self._tokens[self._at]
        return malformed_query(f"unexpected token: '{token.text}' at Row:1:Column:{token.at + 1}")


def _literal_of(token: Token) -> Literal | None:
    if token.kind == "string":
        return Literal("string", unescape(token.text))
    if token.kind == "number":
        return Literal("number", float(token.text) if "." in token.text else int(token.text))
    if token.kind == "date":
        return _timed("date", parse_date(token.text))
    if token.kind == "datetime":
        return _timed("datetime", parse_datetime(token.text))
    words = {"TRUE": Literal("boolean", True), "FALSE": Literal("boolean", False), "NULL": Literal("null", None)}
    return words.get(token.text.upper())


def _timed(kind: str, value: str | None) -> Literal:
    if value is None:
        raise malformed_query("invalid date or date-time literal")
    return Literal("date" if kind == "date" else "datetime", value)

"""What a CEL expression talks about: the fields, relations, compared words and literal arguments in its text.

The CEL library gives no syntax tree, so this reads tokens; it runs only on text the library has accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<text>[rR]?(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
      | (?P<name>[A-Za-z_]\w*)
      | (?P<number>\d[\w.]*)
      | (?P<mark>&&|\|\||[=!<>]=|.)""",
    re.VERBOSE | re.DOTALL,
)
_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_CONSTANTS = frozenset({"true", "false", "null", "in"})
_CLOSING = {")", "]", "}"}
_OPENING = {"(", "[", "{"}
_LITERAL_CALLS = frozenset({"duration", "timestamp", "date", "matches"})
NOW, RECORD, CHANGED = "now", "record", "changed"
RESERVED = frozenset({NOW, RECORD, CHANGED})


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencedNames:
    """What must be read before a condition can be evaluated.

    `fields` are the record's own. `related` maps a relation to the fields read of it. `changed` are the fields whose
    old or new value is asked for. `compared` maps a dotted name to the words it is compared with.
    """

    fields: frozenset[str] = frozenset()
    related: Mapping[str, frozenset[str]]
    changed: frozenset[str] = frozenset()
    compared: Mapping[str, frozenset[str]]
    roots: frozenset[str] = frozenset()  # the first part of every name, `now`, `record` and `changed` among them


def tokens(expression: str) -> tuple[Token, ...]:
    """The tokens of an expression without white space and comments."""
    found = (Token(match.lastgroup or "mark", match.group()) for match in _TOKEN.finditer(expression))
    return tuple(token for token in found if token.kind != "space")


def canonical(expression: str) -> str:
    """The expression with one blank between tokens: white space and comments are not part of its meaning."""
    return " ".join(token.text for token in tokens(expression))


def nesting(expression: str) -> int:
    """The deepest level of brackets."""
    depth = deepest = 0
    for token in tokens(expression):
        depth += (token.text in _OPENING) - (token.text in _CLOSING) if token.kind == "mark" else 0
        deepest = max(deepest, depth)
    return deepest


def literal_calls(expression: str) -> Iterator[tuple[str, str]]:
    """Calls such as `duration('5h')` whose argument is fixed: the function and the literal as written."""
    row = tokens(expression)
    for name, opening, literal, closing in zip(row, row[1:], row[2:], row[3:], strict=False):
        if name.text in _LITERAL_CALLS and opening.text == "(" and literal.kind == "text" and closing.text == ")":
            yield name.text, literal.text


def referenced_names(expression: str) -> ReferencedNames:
    """The fields, relations and compared words of an expression the library has accepted."""
    chains = tuple(_Chains(tokens(expression)).found())
    related: dict[str, set[str]] = {}
    plain: set[str] = set()
    changed: set[str] = set()
    for path, _ in chains:
        match path:
            case ("changed", ("from" | "to"), name, *_):
                changed.add(name)
            case ("record", name, *_):
                plain.add(name)
            case (("now" | "record" | "changed"), *_):
                continue
            case (root, name, *rest):
                related.setdefault(root, set()).add(".".join((name, *rest)))
            case (root,):
                plain.add(root)
    return ReferencedNames(
        fields=frozenset(plain - related.keys()),
        related={root: frozenset(names) for root, names in related.items()},
        changed=frozenset(changed),
        compared=_compared(chains),
        roots=frozenset(path[0] for path, _ in chains),
    )


Path = tuple[str, ...]


def _compared(chains: Sequence[tuple[Path, tuple[str, ...]]]) -> Mapping[str, frozenset[str]]:
    compared: dict[str, set[str]] = {}
    for path, words in chains:
        own = path[2:] if path[0] == CHANGED else path[1:] if path[0] == RECORD else path
        if words and own:
            compared.setdefault(".".join(own), set()).update(words)
    return {name: frozenset(words) for name, words in compared.items()}


class _Chains:
    """Walks the tokens and yields every dotted name with the words it is compared with."""

    def __init__(self, row: tuple[Token, ...]) -> None:
        self._row = row
        # Per open bracket: the name a macro binds there and what it stands for (nothing, for a list written out).
        self._open: list[tuple[str, Path] | None] = []
        self._closed: Path = ()  # what the bracket closed last went through, for `tasks.filter(...).exists(...)`

    def found(self) -> Iterator[tuple[Path, tuple[str, ...]]]:
        position = 0
        while position < len(self._row):
            token = self._row[position]
            if token.kind == "mark" and token.text in _OPENING:
                self._open.append(None)
            elif token.kind == "mark" and token.text in _CLOSING and self._open:
                bound = self._open.pop()
                self._closed = bound[1] if bound is not None else ()
            elif self._binds(position):
                position = self._bind(position, self._closed if self._text(position - 2) == ")" else ())
                continue
            elif self._starts_chain(position):
                path, position = self._chain(position)
                if path:
                    yield path, self._words_after(position)
                continue
            position += 1

    def _text(self, position: int) -> str:
        return self._row[position].text if 0 <= position < len(self._row) and self._row[position].kind != "text" else ""

    def _starts_chain(self, position: int) -> bool:
        token = self._row[position]
        if token.kind != "name" or token.text in _CONSTANTS or self._text(position - 1) == ".":
            return False
        return self._text(position + 1) != "("

    def _chain(self, position: int) -> tuple[Path, int]:
        """The dotted name that starts here and the position after it; a macro behind it binds its variable."""
        path, position = [self._row[position].text], position + 1
        while True:
            if self._text(position) == "." and self._text(position + 2) != "(":
                path.append(self._text(position + 1))
                position += 2
            elif self._text(position) == "[" and self._is_text(position + 1) and self._text(position + 2) == "]":
                path.append(literal_text(self._row[position + 1].text))
                position += 3
            else:
                break
        whole = self._resolved(tuple(path))
        if self._text(position) == "." and self._binds(position + 1):
            return whole, self._bind(position + 1, whole)
        return whole, position

    def _binds(self, position: int) -> bool:
        """Whether a macro such as `exists(t, ...)` stands here, behind a dot."""
        called = self._text(position - 1) == "." and self._text(position) in _MACROS
        return called and self._text(position + 1) == "(" and self._text(position + 3) == ","

    def _bind(self, position: int, over: Path) -> int:
        """Open the macro's bracket with its variable standing for `over`; the position behind the comma."""
        self._open.append((self._text(position + 2), over))
        return position + 4

    def _resolved(self, path: Path) -> Path:
        for bound in reversed(self._open):
            if bound is not None and bound[0] == path[0]:
                return (*bound[1], *path[1:]) if path[1:] and bound[1] else ()
        return path

    def _is_text(self, position: int) -> bool:
        return position < len(self._row) and self._row[position].kind == "text"

    def _words_after(self, position: int) -> tuple[str, ...]:
        """The literals of `== 'x'`, `!= 'x'` or `in ['x', 'y']` right behind a name."""
        sign = self._text(position)
        if sign in ("==", "!=") and self._is_text(position + 1):
            return (literal_text(self._row[position + 1].text),)
        if sign != "in" or self._text(position + 1) != "[":
            return ()
        words = []
        for token in self._row[position + 2 :]:
            if token.text == "]" and token.kind == "mark":
                break
            if token.kind == "text":
                words.append(literal_text(token.text))
        return tuple(words)


def literal_text(literal: str) -> str:
    """The content of a CEL string literal; escapes are kept as written."""
    body = literal.lstrip("rR")
    quote = 3 if body[:3] in ("'''", '"""') else 1
    return body[quote:-quote]

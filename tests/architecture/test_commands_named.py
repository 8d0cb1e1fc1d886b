"""Every command that a message, a help text or a page tells people to type is one the program takes, with its options."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from typing import Any

import typer

from connector.cli.main import program
from tests.support.tree import ROOT, product, tracked

BLANK = "X-blank"  # stands where a message puts a name or an id
NAMED = re.compile(r"(`?)crm-connector (?=[a-z])([^\n`;()…—]*)")
END = re.compile(
    r"  |, (?=[a-z])|: |\.?$| #| && | > | (?:again|and|at|first|for|in|on|once|or|says|tells|then|to|when|with)\b"
)
NOT_TYPED = re.compile(r"[\[\]<>|]|\.\.\.")  # a usage line names what may be left out


def of_code() -> Iterator[tuple[str, str]]:
    for module in product():
        inside = {id(part) for node in ast.walk(module.tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.JoinedStr):
                parts = (str(one.value) if isinstance(one, ast.Constant) else BLANK for one in node.values)
                yield module.path, "".join(parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
                yield module.path, node.value


def of_pages() -> Iterator[tuple[str, str]]:
    for name in tracked():
        if name.endswith(".md") and not name.startswith("tests/"):
            text = (ROOT / name).read_text(encoding="utf-8")
            for code in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
                yield from ((name, line) for line in code.replace("\\\n", " ").splitlines())
            yield from ((name, code.replace("\n", " ")) for code in re.findall(r"(?<!`)(`crm-connector [^`]+`)(?!`)", text))


def typed() -> list[tuple[str, str]]:
    """Each command with the file that names it. A name alone between backticks speaks of a command: nobody types it so."""
    found = set()
    for path, text in (*of_code(), *of_pages()):
        for quoted, rest in NAMED.findall(text):
            words = END.split(rest, maxsplit=1)[0].strip()
            if words and not NOT_TYPED.search(rest):
                found.add((path, f"{words} --help" if quoted and " " not in words else words))
    return sorted(found)


def complaint(words: str) -> str | None:
    """What the program's own parser has against a command; None when it takes it."""
    command: Any = typer.main.get_command(program)
    context, arguments = None, shlex.split(words + "'" * (words.count("'") % 2))
    while hasattr(command, "commands"):
        name, *arguments = arguments or [""]
        if name == "--help":
            return None
        if name not in command.commands:
            return None if context is not None and not name else f"no command {name!r}"
        command = command.commands[name]
        context = command.context_class(command, info_name=name, parent=context)
    if "--help" in arguments:
        return None
    try:
        given, left, _ = command.make_parser(context).parse_args(list(arguments))
    except Exception as error:  # the parser's own errors have no shared public name
        return str(error) or type(error).__name__
    missing = [one.name for one in command.params if one.required and given.get(one.name) is None]
    left = [word for word in left if word != BLANK]  # a message may fill in options there
    return f"too many words: {left}" if left else f"missing: {missing}" if missing else None


def test_what_people_are_told_to_type_is_taken():
    named = typed()
    assert len(named) > 100
    refused = {f"{path}: crm-connector {words}": why for path, words in named if (why := complaint(words)) is not None}
    assert refused == {}


def test_the_check_itself_sees_what_is_wrong():
    assert complaint("runn") == "no command 'runn'"
    assert "no-such" in (complaint("run --no-such") or "").lower()
    assert "missing" in (complaint("approvals show") or "")
    assert "too many" in (complaint("status now please") or "")
    assert complaint("status --json") is None

"""The source tree as architecture tests read it: the tracked files, their text and their syntax trees."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One Python file of the product."""

    path: str
    text: str
    tree: ast.Module

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


@cache
def tracked() -> tuple[str, ...]:
    """Every file that belongs to the project: what git tracks, or, in an unpacked source archive, what is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        folders = ("connector", "adapters", "tests", "docs", "policies", "benchmarks", "cassettes")
        names = [str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*")]
    return tuple(sorted(name for name in names if (ROOT / name).is_file() and "__pycache__" not in name))


@cache
def modules(*roots: str) -> tuple[Module, ...]:
    """The tracked Python files below these folders."""
    return tuple(Module(path=name, text=text, tree=ast.parse(text)) for name, text in texts(*roots))


def texts(*roots: str) -> Iterator[tuple[str, str]]:
    """The same files by path and text, without the seconds it takes to parse them all."""
    for name in tracked():
        if name.endswith(".py") and name.startswith(tuple(f"{root}/" for root in roots)):
            yield name, (ROOT / name).read_text(encoding="utf-8")


def product() -> tuple[Module, ...]:
    return modules("connector", "adapters")


def dotted(node: ast.AST) -> str:
    """`datetime.now` for an attribute chain of names; empty for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            before = dotted(value)
            return f"{before}.{attr}" if before else ""
        case _:
            return ""

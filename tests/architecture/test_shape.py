"""The shape of the code: small modules, small functions, everything typed, effects only at the named edges."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping

from tests.support.tree import ROOT, dotted, product

MODULE_LINES, FUNCTION_LINES = 500, 80

BROAD_EXCEPTS: Mapping[str, str] = {
    "connector/daemon/daemon.py": "the tick edge: a surprise stops the daemon with its reason",
    "connector/pipeline/decide.py": "the inbox loop: one poison record is set aside, the batch goes on",
    "connector/policy/conditions.py": "the CEL library raises what it likes; an error is no match and is reported",
    "connector/policy/document.py": "a YAML parser fed by fuzzers; every failure is a problem with its line",
    "connector/context/lance_folder.py": "the index is a cache: whatever spoiled it, it is rebuilt",
    "connector/context/lance_index.py": "the index is a cache: whatever spoiled it, it is rebuilt",
    "connector/web/edge.py": "a page's surprise is logged and answered without its text",
    "connector/cli/showing.py": "a thread's failure is raised again where the demo waits for it",
    "adapters/sandbox/org.py": "rolls back the org and raises again",
}
"""The edges where anything may be caught, each with its reason."""

EFFECTS: Mapping[str, str] = {
    "connector/clock.py": "the clock and the randomness everybody else is handed",
    "connector/daemon/heads.py": "makes the journal's key once",
    "connector/simulation/seeds.py": "says how long a run of seeds took",
    "connector/simulation/hunt.py": "says how long a hunt for planted bugs took",
    "connector/evaluation/rehearse/": "drives a real process against the wall clock",
    "connector/cli/": "the process edge",
    "adapters/sandbox/": "a server of its own, outside the product",
}
"""Where time and chance may be reached for instead of handed in."""

PLANTED = "connector/simulation/planted/"
"""Bugs made on purpose, to see whether the simulation finds them; nothing else loads them."""

_REACHES = re.compile(
    r"(datetime|date)\.(now|utcnow|today)|time\.(time|time_ns|monotonic|perf_counter|sleep)|random\.(?!Random$)\w+"
    r"|uuid\.uuid\d|uuid[14]|secrets\.(token_\w+|randbits|choice|randbelow)|os\.urandom"
    r"|requests\.(get|post|put|patch|delete|request|head)|(urllib\.request\.)?urlopen"
)


def test_no_module_outgrows_its_concept():
    assert [module.path for module in product() if module.text.count("\n") > MODULE_LINES] == []


def test_no_function_outgrows_its_verb():
    long = [
        f"{module.path}: {one.name}"
        for module in product()
        for one in module.functions()
        if (one.end_lineno or 0) - one.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_every_function_is_typed():
    untyped = [
        f"{module.path}: {one.name}({missing})"
        for module in product()
        for one in module.functions()
        for missing in _untyped(one)
    ]
    assert untyped == []


def test_every_module_says_what_it_is():
    assert [module.path for module in product() if module.text.strip() and not ast.get_docstring(module.tree)] == []


def test_anything_is_caught_only_at_the_named_edges():
    assert {path for path, _ in _broad_excepts()} == set(BROAD_EXCEPTS)


def test_time_and_chance_are_handed_in():
    reached = [
        f"{module.path}:{node.lineno} {dotted(node.func)}"
        for module in product()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and _REACHES.fullmatch(dotted(node.func))
        and not module.path.startswith(tuple(EFFECTS))
    ]
    assert reached == []


def test_randomness_is_always_seeded():
    bare = [
        f"{module.path}:{node.lineno}"
        for module in product()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and dotted(node.func) == "random.Random" and not node.args
    ]
    assert bare == []


def road():
    """The product without the bugs that the simulation plants in itself: those break rules on purpose."""
    return [module for module in product() if not module.path.startswith("connector/simulation/planted/")]


def test_only_the_gate_clears_actions():
    callers = {
        module.path
        for module in road()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and dotted(node.func).split(".")[-1] in ("clear", "ClearedAction")
        and any(keyword.arg == "intent" for keyword in node.keywords)
        and not module.path.startswith(PLANTED)
    }
    assert callers == {"connector/gate/approvals.py", "connector/gate/verdict.py"}


def test_the_gates_seal_is_its_own():
    users = {module.path for module in road() if re.search(r"\b_GATE\b|_made_by", module.text)}
    assert {path for path in users if not path.startswith(PLANTED)} == {"connector/gate/verdict.py"}


def test_planted_bugs_are_loaded_by_the_simulation_alone():
    users = {module.path for module in product() if "simulation.planted" in module.text}
    assert {path for path in users if not path.startswith("connector/simulation/")} <= {"connector/cli/simulate.py"}


def test_nothing_is_more_complex_than_twelve():
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "C901", "connector", "adapters"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_words_that_say_nothing_are_not_used_as_names():
    empty = re.compile(r"(?i)(^|_)(manager|helper|helpers|util|utils|processor)($|_)|(Manager|Helper|Util|Processor)$")
    named = {
        f"{module.path}: {node.name}"
        for module in road()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and empty.search(node.name)
    }
    assert named | {module.path for module in product() if empty.search(module.path.split("/")[-1][:-3])} == set()


def _broad_excepts() -> Iterator[tuple[str, int]]:
    for module in product():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node):
                yield module.path, node.lineno


def _untyped(one: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    arguments = [*one.args.posonlyargs, *one.args.args, *one.args.kwonlyargs]
    for extra in (one.args.vararg, one.args.kwarg):
        if extra is not None:
            arguments.append(extra)
    for place, argument in enumerate(arguments):
        if argument.annotation is None and not (place == 0 and argument.arg in ("self", "cls", "mcs")):
            yield argument.arg
    if one.returns is None:
        yield "return"


def _is_broad(caught: ast.ExceptHandler) -> bool:
    kinds = caught.type.elts if isinstance(caught.type, ast.Tuple) else [caught.type]
    return any(kind is None or dotted(kind) in ("Exception", "BaseException") for kind in kinds)

"""The layers of the design hold: the import contracts of pyproject.toml, read and checked as they stand."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.support.tree import ROOT, product


def test_every_import_contract_is_kept():
    # In a process of its own: the linter sets up logging, and with that switches off every logger that there is.
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports('pyproject.toml', no_cache=True))"
    linted = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_every_folder_with_modules_is_a_package_the_linter_can_see():
    folders = {Path(module.path).parent for module in product()}
    assert [str(folder) for folder in sorted(folders) if not (ROOT / folder / "__init__.py").is_file()] == []


def test_every_stage_stands_in_the_layers_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    named = {name.strip(" ()") for layer in layers for name in layer.split("|")}
    stages = {Path(module.path).parts[1].removesuffix(".py") for module in product() if module.path.startswith("connector/")}
    assert stages - {"__init__"} <= named


def test_package_fronts_are_short():
    fronts = [module for module in product() if module.path.endswith("__init__.py")]
    docs = {module.path: (module.tree.body and getattr(module.tree.body[0], "value", None)) for module in fronts}
    long = [path for path, doc in docs.items() if doc is not None and str(getattr(doc, "value", "")).count("\n") > 10]
    assert long == []

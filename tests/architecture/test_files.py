"""What is in the repository: documents that load, no secrets, nothing of one machine, and a program that starts fast."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.tree import ROOT, tracked

TEXTS = tuple(name for name in tracked() if not name.endswith((".png", ".ico", ".gz", ".woff2", ".parquet")))
HEAVY = (
    "lancedb", "pyarrow", "anthropic", "sklearn", "scipy", "numpy", "pandas", "simple_salesforce", "hubspot", "sqlite_utils",
    "starlette", "uvicorn", "jinja2",
)  # fmt: skip


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks() -> list[tuple[str, str]]:
    pages = [name for name in tracked() if name.endswith(".md")]
    return [(name, block) for name in pages for block in re.findall(r"```ya?ml\n(.*?)```", text(name), re.DOTALL)]


@pytest.mark.parametrize(("page", "block"), blocks())
def test_a_documented_yaml_block_loads(page, block, tmp_path):
    from ruamel.yaml import YAML

    from connector.policy import parse_policy
    from connector.settings import load_settings

    document = YAML(typ="safe", pure=True).load(block)
    assert isinstance(document, dict)
    if isinstance(document.get("connections"), dict):
        (tmp_path / "connector.yaml").write_text(block, encoding="utf-8")
        assert load_settings(tmp_path / "connector.yaml").connections
    elif {"policy", "when", "agent"} <= document.keys():
        assert parse_policy(block).name == document["policy"]


def test_every_yaml_and_json_file_parses():
    import json

    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    for name in TEXTS:
        if name.endswith((".yaml", ".yml")):
            yaml.load(text(name))
        elif name.endswith(".json"):
            json.loads(text(name))


_SECRETS = re.compile(
    r"sk-ant-[A-Za-z0-9_-]{10,}"
    r"|pat-(na|eu|ap)\d-[0-9a-f]{8}-[0-9a-f-]{20,}"
    r"|00D[A-Za-z0-9]{12,15}![A-Za-z0-9_.]{40,}"
    r"|-----BEGIN (RSA |EC )?PRIVATE KEY-----\n[A-Za-z0-9+/=]{20,}"
    r"|xox[abp]-[0-9A-Za-z-]{10,}|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{30,}"
)
_BEARER = re.compile(r"(?i)(authorization|x-api-key)\W{1,6}(bearer |basic )?(?!\W|scrubbed|redacted)[\w.~+/=!-]{16,}")
_SAFE_DOMAINS = re.compile(r"(?i)@(example\.(com|org|net|test)|[\w.-]+\.(example|test|invalid)|localhost)$")


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("cassettes/")])
def test_a_cassette_holds_only_scrubbed_traffic(name):
    content = text(name)
    assert _SECRETS.search(content) is None
    assert _BEARER.search(content) is None
    mails = set(re.findall(r"[\w.+-]+@[\w-]+\.[\w.-]+[\w]", content))
    assert {mail for mail in mails if not _SAFE_DOMAINS.search(mail)} == set()


def test_no_tracked_file_holds_a_secret():
    assert [name for name in TEXTS if _SECRETS.search(text(name))] == []


def test_no_tracked_file_names_one_machine_or_a_package_index():
    # Spelled in pieces, so that this file does not find itself.
    machine = "|".join("/" + folder + "/" for folder in ("work", "home/[a-z]+", "root", "Users/[A-Za-z]+"))
    index = "|".join(
        "".join(parts) for parts in (("python", "hosted"), ("pypi", "\\.org"), ("index-", "url"), ("jf", "rog"))
    )
    found = re.compile(f"(?<![\\w.:/-])({machine})|{index}")
    hits = [f"{name}: {match[0]}" for name in TEXTS for match in [found.search(text(name))] if match]
    assert hits == []


@pytest.mark.skipif("connector/cli/main.py" not in tracked(), reason="the command line is not part of this tree yet")
def test_help_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['crm-connector', '--help']\n"
        "from connector.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set({HEAVY!r}) & sys.modules.keys()), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Usage" in ran.stdout
    assert ran.stderr.strip().splitlines()[-1] == "[]"


def test_importing_the_daemon_loads_nothing_heavy():
    code = (
        "import sys, connector.daemon, connector.backfill, connector.revert\n"
        f"print(sorted(set({HEAVY!r}) & sys.modules.keys()))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

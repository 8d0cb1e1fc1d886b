"""What naming the parts of deciding costs."""

from __future__ import annotations

import subprocess
import sys

MODULES = (
    "connector.decision.agents, connector.decision.router, connector.decision.shelf, connector.decision.learners, "
    "connector.decision.reasoners.offline, connector.decision.reasoners.anthropic"
)


def test_naming_reasoners_and_learners_loads_neither_the_model_client_nor_numerics():
    code = f"import sys, {MODULES}; print(sorted({{'anthropic', 'httpx2', 'numpy', 'sklearn'}} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

"""A test-only entry point: `crm-connector run` in a new process per life, which may die at a named commit point.

One warm process has imported everything and forks; each child is a whole daemon with its own lock, state file, sockets and
threads. What it does differently from the command stands in `_for_tests`: it watches commits, and learns first words.

Reads one life per line from stdin, as JSON; says `{"pid": …}` when one begins and `{"ended": …}` when it is over.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import adapters.hubspot.adapter
import adapters.salesforce.adapter  # noqa: F401 - imported once, before the first fork
from connector.cli import opening, road
from connector.cli.run import run
from connector.daemon import prepare_folder
from connector.pipeline.state import prepare
from connector.settings import Settings
from connector.simulation.learner import FirstWordForm, fit
from connector.store import CommitPoint, SqliteStore

# What a life imports when it first needs it: read once, before the first fork, so that a life begins at once.
LAZY = (
    "cel", "structlog", "ruamel.yaml", "sqlite_utils", "hubspot", "hubspot.discovery.crm", "hubspot.crm.associations",
    "hubspot.crm.objects", "hubspot.crm.pipelines", "hubspot.crm.properties", "apscheduler.schedulers.background",
    "apscheduler.executors.pool", "apscheduler.triggers.interval", "tzlocal", "simple_salesforce", "rich.console",
)  # fmt: skip


class Watch:
    """Tells of every commit, and ends the process without warning at the one it was told."""

    def __init__(self, points: Path, plan: Mapping[str, Any]) -> None:
        self._points = os.open(points, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._at, self._side, self._left = plan.get("at"), plan.get("side"), plan.get("nth", 1)

    def __call__(self, name: str, point: CommitPoint) -> None:
        os.write(self._points, f"{point} {name}\n".encode())
        if self._side == point and self._at in (None, name):
            self._left -= 1
            if self._left == 0:
                os.write(self._points, f"killed {point} {name}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)  # the signal is on its way; nothing more must be done


def _for_tests(points: Path, plan: Mapping[str, Any]) -> None:
    def watched(settings: Settings) -> SqliteStore:
        prepare_folder(settings.state)
        store = SqliteStore(opening.state_file(settings), watch=Watch(points, plan))
        prepare(store)
        return store

    road.open_state = watched
    road.RouteFormat = FirstWordForm
    road.FitRoutes = lambda effort: fit


def _live(config: Path, plan: Mapping[str, Any]) -> None:
    """One life; it ends by SIGTERM with 0, by an error with 1, or by SIGKILL."""
    log = os.open(config.with_name("daemon.log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 1
    try:
        if plan:
            _for_tests(config.with_name("points"), plan)
        run(config=config, once=False, seconds=300, linger=3, as_json=False)
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(told: Mapping[str, int]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    for name in LAZY:
        importlib.import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(Path(asked["config"]), asked["plan"])
        _say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _say({"ended": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    main()

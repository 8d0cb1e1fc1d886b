"""The service over a long time: memory, descriptors, files and rows must not grow with the hours.

    python -m tests.sweeps.soak real --minutes 30        # the real daemon over loopback HTTP, somebody acts all the time
    python -m tests.sweeps.soak simulated --days 72      # the same road in held time, somebody acts every hour
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import linear_regression
from typing import Any

from adapters.sandbox.server import serve
from connector.daemon import journal_key, kept_heads
from connector.journal import verify
from connector.record import ConnectionName
from connector.simulation.checker import check
from connector.simulation.crm import BUILDERS
from connector.simulation.policies import simple_policy
from connector.simulation.staff import Staff, write_history
from connector.store import SqliteStore
from tests.property.quiet_road import QuietRoad
from tests.sweeps.killed import WorldTime, lay_out, warm

POLICY = simple_policy(reason={"tier": "offline", "searches": 2})


def process_figures(pid: int, folder: Path) -> dict[str, float]:
    """What the kernel says of a process and its folder."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        "rss_mb": pages * resource.getpagesize() / 1e6, "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "threads": len(list(Path(f"/proc/{pid}/task").iterdir())), "files": len(files),
        "index_files": sum("index" in path.parts for path in files),
        "state_mb": sum(path.stat().st_size for path in folder.glob("state.db*")) / 1e6,
    }  # fmt: skip


def real(minutes: float, rate: float) -> dict[str, Any]:
    """A daemon on a HubSpot sandbox while people act `rate` times a second."""
    chance = random.Random(1)
    crm = BUILDERS["hubspot"](ConnectionName("crm"), WorldTime(), 1)  # type: ignore[arg-type]
    write_history(crm, 4)
    staff = Staff(crm, WorldTime(), lambda line: None)  # type: ignore[arg-type]
    seen: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as name, serve(crm.face) as url, warm() as lives:
        folder = Path(name) / "w"
        config = lay_out(folder, crm, url, [POLICY])
        time.sleep(2.5)
        pid = lives.begin(config, {"side": "never"})
        began = time.monotonic()
        while (now := time.monotonic() - began) < minutes * 60:
            with crm.org.lock:
                staff.act(chance)
            time.sleep(1 / rate)
            if len(seen) <= now / 10:
                seen.append({"at": now, **process_figures(pid, folder / "state")})
        os.kill(pid, signal.SIGTERM)
        code = lives.end(120)
        with closing(SqliteStore(folder / "state" / "state.db")) as store, store.snapshot() as tx:
            problems = verify(tx, journal_key(folder / "state"), kept_heads(folder / "journal-heads.txt")).problems
            decisions = tx.rows("SELECT COUNT(*) AS n FROM decision_decisions")[0]["n"]
    later = [one for one in seen if one["at"] > minutes * 60 / 2]
    return {
        "minutes": minutes, "ended": code, "decisions": decisions, "problems": list(problems), "first": seen[0],
        "half": later[0], "last": seen[-1], "rss_mb_per_hour": _slope(later, "rss_mb"),
        "descriptors_per_hour": _slope(later, "descriptors"), "index_files_most": max(one["index_files"] for one in seen),
    }  # fmt: skip


def _slope(seen: Sequence[dict[str, float]], what: str) -> float:
    """Growth an hour over the second half; the first is warming up."""
    return round(linear_regression([one["at"] / 3600 for one in seen], [one[what] for one in seen]).slope, 2)


def simulated(days: int, folder: Path) -> dict[str, Any]:
    """An hour at a time: somebody does something, the daemon takes its turn; what stands in the tables each week."""
    road = QuietRoad(folder, simple_policy(), system="hubspot")
    chance, weeks = random.Random(2), []
    before = time.monotonic()
    for hour in range(days * 24):
        road.staff["crm"].act(chance)
        road._pass(1800)
        road.round()
        road._pass(1800)
        road.round()
        road.world.jump(road.world.now())
        if (hour + 1) % (7 * 24) == 0:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
            weeks.append({"day": (hour + 1) // 24, "peak_rss_mb": round(peak), **_rows(folder / "state.db")})
    found = [str(one) for one in check(road._finished())]
    return {"days": days, "weeks": weeks, "stops": road.facts["stops"], "violations": found,
            "seconds": round(time.monotonic() - before, 1)}  # fmt: skip


def _rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {name: int(database.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]) for name in names}
    return {name: count for name, count in counts.items() if count > 20} | {"state_kb": path.stat().st_size // 1000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("real", "simulated"))
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--days", type=int, default=72)
    asked = parser.parse_args()
    if asked.kind == "real":
        found = real(asked.minutes, asked.rate)
    else:
        with tempfile.TemporaryDirectory() as name:
            found = simulated(asked.days, Path(name))
    sys.stdout.write(json.dumps(found | {"load_average": os.getloadavg()[0]}, indent=1) + "\n")


if __name__ == "__main__":
    main()

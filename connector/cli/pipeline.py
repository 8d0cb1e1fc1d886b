"""`crm-connector pipeline`: how every open deal stands, as its newest decision says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer

from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile
from connector.cli.output import emit, instant, say, table
from connector.clock import SystemClock
from connector.decision import decisions
from connector.report.deals import WORST_FIRST, DealStanding, standings
from connector.settings import load_settings

app = typer.Typer(add_completion=False)

_MARKS = {"red": "● red", "amber": "● amber", "green": "● green"}


@app.command(epilog="Example: crm-connector pipeline --health red")
def pipeline(
    *,
    health: Annotated[str | None, typer.Option(help="Only red, amber or green deals.")] = None,
    days: Annotated[int, typer.Option(min=1, help="Only deals looked at in so many days.")] = 30,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Show how the open deals stand: green, amber or red, why, and what to do next."""
    if health not in (None, *WORST_FIRST):
        raise typer.BadParameter(f"choose one of {', '.join(WORST_FIRST)}", param_hint="--health")
    since = SystemClock().now() - timedelta(days=days)
    with reading_state(load_settings(config)) as store, store.snapshot() as tx:
        every = standings(decisions.since(tx, since))
    found = [one for one in every if health in (None, one.health)]
    if as_json:
        counts = Counter(one.health for one in every)
        by_health = {name: counts[name] for name in WORST_FIRST}
        emit({"counts": by_health, "total": len(found), "deals": _documents(found[:limit])})
    elif not found:
        say("no deal has been judged; a policy with `agent: pipeline` does that: docs/agents.md")
    else:
        _show(every, found[:limit], more=len(found) - limit)


def _documents(found: Sequence[DealStanding]) -> list[dict[str, Any]]:
    return [
        {
            "record": str(one.ref), "health": one.health, "reasons": list(one.reasons), "next_step": one.next_step,
            "policy": one.policy, "decision": one.decision, "at": instant(one.at),
        }
        for one in found
    ]


def _show(every: Sequence[DealStanding], found: Sequence[DealStanding], *, more: int) -> None:
    counts = Counter(one.health for one in every)
    for name, style in (("red", "bold red"), ("amber", "yellow"), ("green", "green")):
        say(f"{_MARKS[name]}: {counts[name]}", style=style)
    rows = [(one.health, str(one.ref), "; ".join(one.reasons) or "no rule is broken", one.next_step) for one in found]
    table("", ("health", "deal", "why", "next step"), rows, whole=("health", "deal"))
    if more > 0:
        say(f"… and {more} more; show them with --limit")
    say(f"next: crm-connector explain {found[0].ref}", style="green")

"""`crm-connector replay`: what another policy would have decided since a day, against what people said."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli.log import open_log
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile, day_or_span
from connector.cli.output import emit, instant, pairs, say, table
from connector.cli.road import open_road
from connector.cli.stopping import stoppable
from connector.clock import SystemClock
from connector.decision.agents import AGENTS
from connector.errors import PolicyError
from connector.pipeline.replay import Replayed, replay
from connector.policy import load_policies
from connector.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command("replay", epilog="Example: crm-connector replay --policy new/ticket-triage.yaml --since 14d")
def replay_(
    *,
    policy: Annotated[Path, typer.Option(help="The policy file to try.")],
    since: Annotated[str, typer.Option(help="A day such as 2026-03-01, or a span such as 14d.")] = "14d",
    name: Annotated[str | None, typer.Option(help="Whose questions are put again; its own otherwise.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Show at most so many differences.")] = 30,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Put the questions of the last weeks to another policy, and compare its answers with ours and with people's.

    Nothing is written. A paid tier is really asked, within the policy's budget.
    """
    settings, now = load_settings(config), SystemClock().now()
    start = day_or_span(since, now, "--since")
    policies = load_policies(policy, agents=AGENTS)
    if len(policies) != 1:
        raise PolicyError([f"{policy}: name one policy file"], hint="crm-connector replay --help")
    [tried] = policies
    with stoppable(lambda: "nothing was written"), open_road(settings, policies, open_log(verbose=False)) as road:
        found = replay(road.pipeline.deciding, road.around.store, tried, since=start, name=name)
    if as_json:
        emit(_document(found, str(tried.name), start))
    else:
        _show(found, limit)


def _document(found: Replayed, policy: str, since: datetime) -> dict[str, Any]:
    return {
        "policy": policy, "since": instant(since), "replayed": found.replayed, "unanswered": found.unanswered,
        "same": found.same, "different": found.different, "alone_before": found.alone_before,
        "alone_now": found.alone_now, "judged": found.judged, "right_before": found.right_before,
        "right_now": found.right_now, "usd_before": str(found.usd_before), "usd_now": str(found.usd_now),
        "differences": [
            {
                "record": str(one.ref), "field": one.field, "was": one.was, "now": one.now, "was_done": one.was_done,
                "now_done": one.now_done, "person": one.person,
            }
            for one in found.differences
        ],
    }  # fmt: skip


def _show(found: Replayed, limit: int) -> None:
    if not found.replayed:
        say("no question of that policy was kept since then; they are kept for 90 days, from this version on")
        return
    if found.differences:
        table("", ("record", "field", "was", "would be", "a person said"), [
            (str(one.ref), one.field, _told(one.was, one.was_done), _told(one.now, one.now_done), one.person or "")
            for one in found.differences[:limit]
        ], whole=("record",))  # fmt: skip
    if len(found.differences) > limit:
        say(f"… and {len(found.differences) - limit} more; show them with --limit")
    pairs([
        ("questions put again", f"{found.replayed}; {found.unanswered} more got no answer"),
        ("fields", f"{found.same} the same, {found.different} different"),
        ("without asking", f"{found.alone_before} then, {found.alone_now} now"),
        ("right, of those judged", _right(found)),
        ("cost", f"${found.usd_before} then, ${found.usd_now} now"),
    ])  # fmt: skip
    say("nothing was written; limits were left out", style="green")


def _right(found: Replayed) -> str:
    if not found.judged:
        return "nobody judged any of them"
    return f"{found.right_before} then, {found.right_now} now, of {found.judged}"


def _told(value: str | None, done: str) -> str:
    return "nothing" if value is None else f"{value} ({_WORDS[done]})"


_WORDS = {"alone": "alone", "asks": "asks a person", "denied": "denied", "nothing": "nothing"}


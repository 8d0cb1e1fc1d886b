"""`crm-connector explain`: why a record got its values, in plain words, from the journal."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile
from connector.cli.output import emit, heading, indented, instant, moment, pairs, say
from connector.cli.refs import parse_ref
from connector.errors import PermanentError
from connector.gate.queue import still_blind
from connector.report.story import FieldStory, Step, Story, kept_back, story_of
from connector.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: crm-connector explain crm:ticket/123 category")
def explain(
    *,
    record: Annotated[str, typer.Argument(help="The record, as CONNECTION:OBJECT/ID.")],
    field: Annotated[str | None, typer.Argument(help="Only this field.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Tell why a record got its values: who decided on what evidence, who agreed, and whose value stayed."""
    ref = parse_ref(record)
    with reading_state(load_settings(config)) as store, store.snapshot() as tx:
        story = story_of(tx, ref, field)
        hidden = still_blind(tx, [step.decision for step in story.steps if step.decision is not None])
    steps = (kept_back(step) if step.decision in hidden else step for step in story.steps)
    story = replace(story, steps=tuple(steps))
    if as_json:
        emit(document_of(story))
    elif not story.steps:
        about = f" about {field}" if field else ""
        raise PermanentError(f"{ref}: the journal holds nothing{about}", hint="crm-connector journal show")
    else:
        _show(story)


def document_of(story: Story) -> dict[str, Any]:
    """A story as JSON."""
    return {
        "record": str(story.ref),
        "fields": [
            {"field": one.field, "value": one.value, "whose": one.whose, "ours": one.ours, "entry": one.settled_by}
            for one in story.fields
        ],
        "steps": [
            {
                "entry": step.seq, "at": instant(step.at), "kind": step.kind.value, "actor": step.actor,
                "policy": step.policy, "sentence": step.sentence, "fields": list(step.fields),
                "evidence": [{"quote": e.quote, "source": e.source, "origin": e.origin} for e in step.evidence],
                "policy_line": step.policy_line, "erased": step.erased,
            }
            for step in story.steps
        ],
    }  # fmt: skip


def _show(story: Story) -> None:
    say(str(story.ref), style="bold")
    if story.fields:
        pairs([(one.field, _stands(one)) for one in story.fields], indent=2)
    else:
        say("  nothing of ours stands on this record")
    heading("How it came about")
    before: Step | None = None
    for step in story.steps:
        show_step(step, before)
        before = step


def _stands(one: FieldStory) -> str:
    value = f"“{one.value}”" if one.value is not None else "as the CRM holds it"
    ours = f"; we wanted “{one.ours}”" if one.ours is not None and one.ours != one.value else ""
    return f"{value} — {one.whose}{ours} (entry {one.settled_by})"


def show_step(step: Step, before: Step | None = None) -> None:
    """One step: when, who and what, then what it rests on, unless the step before rests on the same."""
    who = "" if step.actor == "service" else f" by {step.actor}"
    say(f"{step.seq:>5}  {moment(step.at)}  {step.kind.value.replace('_', ' ')}{who}", style="dim")
    indented(step.sentence, by=7)
    if before is None or before.evidence != step.evidence:
        for evidence in step.evidence[:3]:
            indented(f"“{_short(evidence.quote)}” — {evidence.source}, {evidence.origin}", by=7, style="italic")
    if step.policy_line:
        indented(step.policy_line, by=7, style="dim")


def _short(quote: str, longest: int = 160) -> str:
    return quote if len(quote) <= longest else f"{quote[:longest]}…"

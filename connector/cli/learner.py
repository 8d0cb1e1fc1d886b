"""`crm-connector learner`: list, pin and roll back what the offline tier has learned."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connector.cli.opening import reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile
from connector.cli.output import emit, instant, moment, say, table
from connector.cli.road import open_shelf
from connector.decision.learner import LearnerKey
from connector.decision.versions import Shelved, in_force
from connector.record import ConnectionName, FieldName, ObjectType
from connector.settings import load_settings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="List, pin and roll back what the offline tier has learned."
)
Name = Annotated[str, typer.Argument(metavar="LEARNER", help="CONNECTION/POLICY/OBJECT/FIELD, as `list` shows it.")]


@app.command("list", epilog="Example: crm-connector learner list --json")
def list_(*, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List every version of every learner and which one acts."""
    settings = load_settings(config)
    with reading_state(settings) as store:
        versions = open_shelf(settings, store).versions()
    acting = _acting(versions)
    if as_json:
        emit({"learners": [_document(one, one in acting) for one in versions]})
    elif not versions:
        say("nothing was learned yet; the service learns from your history once it has read it")
    else:
        rows = [
            (str(one.key), str(one.version), str(one.examples), moment(one.fitted_at), _stands(one, one in acting))
            for one in versions
        ]
        table("", ("learner", "version", "examples", "fitted", "stands"), rows, whole=("learner",))


@app.command(epilog="Example: crm-connector learner pin crm/ticket-triage/ticket/category 3")
def pin(
    *,
    learner: Name,
    version: Annotated[int | None, typer.Argument(min=1, help="The version; none lets the newest act again.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Keep one version acting whatever is learned later; without a version the newest acts again."""
    settings = load_settings(config)
    with reading_state(settings) as store:
        chosen = open_shelf(settings, store).pin(parse_key(learner), version)
    _tell(chosen, as_json=as_json)


@app.command(epilog="Example: crm-connector learner rollback crm/ticket-triage/ticket/category")
def rollback(*, learner: Name, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Withdraw the version that acts; the one before it acts again, and starts with what it had earned."""
    settings = load_settings(config)
    with reading_state(settings) as store:
        chosen = open_shelf(settings, store).rollback(parse_key(learner))
    _tell(chosen, as_json=as_json)


def parse_key(text: str) -> LearnerKey:
    """The learner a name stands for; anything else is misuse."""
    parts = text.split("/", 3)
    if len(parts) != 4 or not all(parts) or parts[2] not in set(ObjectType):
        example = "crm/ticket-triage/ticket/category"
        raise typer.BadParameter(f"{text!r} is not CONNECTION/POLICY/OBJECT/FIELD, for example {example}")
    connection, policy, object, field = parts
    return LearnerKey(
        connection=ConnectionName(connection), policy=policy, object=ObjectType(object), field=FieldName(field)
    )


def _acting(versions: tuple[Shelved, ...]) -> list[Shelved]:
    keys = dict.fromkeys(one.key for one in versions)
    return [chosen for key in keys if (chosen := in_force([one for one in versions if one.key == key])) is not None]


def _document(one: Shelved, acting: bool) -> dict[str, Any]:
    return {
        "learner": str(one.key), "version": one.version, "examples": one.examples, "acting": acting,
        "pinned": one.pinned, "withdrawn": one.withdrawn, "shadow": one.shadow,
        "fitted_at": instant(one.fitted_at), "sha256": one.sha256,
    }


def _stands(one: Shelved, acting: bool) -> str:
    if one.pinned:
        return "acts, pinned"
    if one.shadow and not one.withdrawn:
        return "in shadow"
    return "acts" if acting else "withdrawn" if one.withdrawn else "earlier"


def _tell(chosen: Shelved, *, as_json: bool) -> None:
    if as_json:
        emit(_document(chosen, acting=True))
    else:
        say(f"✓ {chosen.key}: version {chosen.version} acts now", style="green")

"""`crm-connector init`: write a first connector.yaml and a first policy into a new folder; never over anything."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from adapters import registry
from connector.cli.options import AsJson
from connector.cli.output import copyable, emit, say
from connector.cli.staged import secret_variable
from connector.errors import SettingsError
from connector.settings import BLOCK_NAME, load_settings

app = typer.Typer(add_completion=False)
FIRST = "ticket-triage"
_SECRETS: Mapping[tuple[str, str], str] = {
    ("hubspot", "service_key"): "access_token",
    ("hubspot", "oauth"): "client_secret",
    ("salesforce", "jwt"): "private_key",
    ("salesforce", "client_credentials"): "client_secret",
}
_ASKED: Mapping[str, Sequence[tuple[str, str]]] = {
    "salesforce": (
        ("login_url", "Your org's address, such as https://example.my.salesforce.com"),
        ("client_id", "The connected app's consumer key"),
        ("username", "The integration user's name"),
    ),
}
_USUAL_AUTH: Mapping[str, str] = {"hubspot": "service_key", "salesforce": "jwt"}


@app.command(epilog="Example: crm-connector init my-crm --system hubspot")
def init(
    *,
    folder: Annotated[Path, typer.Argument(help="The folder to write into; made if needed.")] = Path("my-crm"),
    system: Annotated[str | None, typer.Option(help="Which CRM: hubspot, salesforce or an installed adapter.")] = None,
    name: Annotated[str, typer.Option(help="What the connection is called in refs and policies.")] = "crm",
    keys: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE of the connection; repeatable.")] = None,
    policy: Annotated[str, typer.Option(help="Which shipped policy to begin with, such as lead-scoring.")] = FIRST,
    as_json: AsJson = False,
) -> None:
    """Write a first connector.yaml and a first policy into a new folder.

    It asks for what is not given when somebody is there to answer, and never overwrites a file. In a folder that has a
    connector.yaml, `--policy NAME` without `--system` adds that policy.
    """
    if not BLOCK_NAME.fullmatch(name):
        raise typer.BadParameter(f"{name!r}: a connection's name has small letters, digits and dashes", param_hint="--name")
    if (folder / "connector.yaml").exists() and not (folder / "policies" / f"{policy}.yaml").exists() and system is None:
        _add_policy(folder, policy, as_json=as_json)
        return
    system = system or _ask_system()
    if system not in registry.systems():
        raise typer.BadParameter(f"{system!r} is not one of {', '.join(registry.systems())}", param_hint="--system")
    given = dict(_pair(text) for text in keys or ())
    options = given if given or not sys.stdin.isatty() or as_json else _ask(system)
    written = _write(folder, {
        "connector.yaml": settings_text(system, name, options), **_policies(policy),
        ".gitignore": "state/\nsecrets/\njournal-heads.txt\n",
    })  # fmt: skip
    auth = options.get("auth", _USUAL_AUTH.get(system, ""))
    variable = secret_variable(name, _SECRETS.get((system, auth), "access_token"))
    if as_json:
        emit({"folder": str(folder), "written": written, "secret": variable, "next": f"cd {folder} && crm-connector check"})
        return
    for path in written:
        say(f"✓ {path}", style="green")
    say("next:")
    copyable(f"  export {variable}=…")
    copyable(f"  cd {folder} && crm-connector check")


def first_policy(name: str = FIRST) -> str:
    """A shipped policy to begin with; one that is not there is misuse, except for the usual one."""
    places = (files("connector") / "shipped" / "policies", files("connector") / ".." / "policies")
    shipped = {
        path.name.removesuffix(".yaml"): path
        for place in places if place.is_dir()
        for path in place.iterdir() if path.name.endswith(".yaml")
    }  # fmt: skip
    if name in shipped:
        return shipped[name].read_text(encoding="utf-8")
    if name != FIRST:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(sorted(shipped))}", param_hint="--policy")
    raise SettingsError([f"the shipped policy {FIRST} is not installed"], hint="reinstall crm-connector")


def _policies(name: str) -> dict[str, str]:
    """A shipped policy's file, and those of the policies it says it comes after: without them it is refused."""
    from ruamel.yaml import YAML  # slow to import, and `init` alone needs it here

    found, wanted = dict[str, str](), [name]
    while wanted:
        one = wanted.pop()
        if f"policies/{one}.yaml" not in found:
            found[f"policies/{one}.yaml"] = text = first_policy(one)
            before = YAML(typ="safe", pure=True).load(text).get("after_policy", [])
            wanted += [before] if isinstance(before, str) else before
    return found


def _add_policy(folder: Path, policy: str, *, as_json: bool) -> None:
    """One more policy beside settings that are there; a file that is there stays as it is."""
    policies = load_settings(folder / "connector.yaml").policies
    texts = {Path(path).name: text for path, text in _policies(policy).items()}
    written = _write(policies, {name: text for name, text in texts.items() if not (policies / name).exists()})
    following = f"cd {folder} && crm-connector check"
    if as_json:
        emit({"folder": str(folder), "written": written, "secret": None, "next": following})
        return
    for path in written:
        say(f"✓ {path}", style="green")
    say("next:")
    copyable(f"  {following}")


def settings_text(system: str, name: str, options: Mapping[str, str]) -> str:
    """A connector.yaml with its usual values said out loud."""
    lines = [f"    {key}: {_quoted(value)}" for key, value in options.items()]
    return "\n".join([
        "# Where things stand and which CRMs are connected. Every key is explained in docs/settings.md.",
        "schema: 1", "state: state          # the service's own database; keep it private and back it up",
        "policies: policies    # one YAML file per policy",
        "poll: 30s             # how often each CRM is asked for changes",
        "", "connections:", f"  {name}:", f"    system: {system}", *lines, "",
    ])  # fmt: skip


def _quoted(value: str) -> str:
    import json

    plain = value.replace(".", "").replace("-", "").replace("_", "")
    return value if plain.isalnum() and not plain[0].isdigit() else json.dumps(value, ensure_ascii=False)


def _write(folder: Path, contents: Mapping[str, str]) -> list[str]:
    """All files or none: nothing is written while one of them is there already."""
    taken = [str(folder / name) for name in contents if (folder / name).exists() and name != ".gitignore"]
    if taken:
        raise SettingsError(
            [f"{path}: is there already, and nothing was written" for path in taken],
            hint="crm-connector init another-folder, or to add a policy here: crm-connector init THIS-FOLDER --policy NAME",
        )
    written = []
    for name, text in contents.items():
        path = folder / name
        if path.exists():
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise SettingsError([f"{path}: {error.strerror}"], hint="choose another folder") from error
        written.append(str(path))
    return written


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier() or not value:
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="--set")
    if key == "system":
        raise typer.BadParameter("say which CRM with --system", param_hint="--set")
    return key, value


def _ask_system() -> str:
    if not sys.stdin.isatty():
        raise typer.BadParameter("say which CRM: hubspot or salesforce", param_hint="--system")
    return str(typer.prompt(f"Which CRM ({', '.join(registry.systems())})", default="hubspot"))


def _ask(system: str) -> dict[str, str]:
    return {key: str(typer.prompt(question)) for key, question in _ASKED.get(system, ())}

"""`crm-connector index`: fill, rebuild and search the local index of knowledge files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli.opening import has_state, reading_state
from connector.cli.options import DEFAULT_CONFIG, AsJson, ConfigFile
from connector.cli.output import emit, indented, instant, note, say
from connector.cli.road import open_index, open_policies
from connector.context.index import Hit, Index, IndexState, IndexStats, Reach, knowledge_scope
from connector.context.knowledge import index_knowledge, read_knowledge
from connector.errors import SettingsError
from connector.pipeline.index_keeper import knowledge_names, read_again
from connector.record import ConnectionName
from connector.settings import Settings, load_settings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Fill, rebuild and search the local index of knowledge files."
)
Name = Annotated[str | None, typer.Option(help="Only the knowledge of this name.")]


@app.command(epilog="Example: crm-connector index add support-policies")
def add(
    *,
    names: Annotated[list[str] | None, typer.Argument(help="Names below the knowledge folder; else all in use.")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Bring the index to what the knowledge files say now; what did not change is not touched."""
    settings = load_settings(config)
    index = open_index(settings)
    _tell(_fill(settings, index, tuple(names or _named(settings))), index.stats(), as_json=as_json)


@app.command(epilog="Example: crm-connector index rebuild")
def rebuild(*, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Empty the index and fill it again: from the knowledge files that policies name at once, and by the service.

    Where policies search, the service reads the records' texts again; nobody acts on that reading.
    """
    settings = load_settings(config)
    names, index = _named(settings), open_index(settings)
    index.clear()
    filled = _fill(settings, index, names)
    index.optimize()
    if not _records_wait(settings):
        index.filled()
    _tell(filled, index.stats(), as_json=as_json)


@app.command(epilog="Example: crm-connector index search 'return of opened goods' --name support-policies")
def search(
    *,
    words: Annotated[str, typer.Argument(help="What to look for.")],
    name: Name = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="At most so many passages.")] = 5,
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Search as an agent would, and show the passages with their sources."""
    index = open_index(load_settings(config))
    reach = Reach(scopes=frozenset({knowledge_scope(name)})) if name is not None else None
    hits = index.search(words, reach, limit=limit)
    if as_json:
        emit({"query": words, "hits": [_document(hit) for hit in hits]})
    elif not hits:
        say("nothing found; next: crm-connector index add")
    for hit in () if as_json else hits:
        say(f"{hit.entry.title} — {hit.entry.source} ({hit.entry.audience.value})", style="bold")
        indented(hit.entry.body[:400])
        say()


def _named(settings: Settings) -> tuple[str, ...]:
    return knowledge_names(open_policies(settings).current)


def _records_wait(settings: Settings) -> bool:
    """Have the service read again what belongs into the index; whether anything does."""
    if not has_state(settings):
        return False
    connections = [ConnectionName(one.name) for one in settings.connections]
    with reading_state(settings) as store:
        return read_again(store, open_policies(settings).current, connections) > 0


def _fill(settings: Settings, index: Index, names: tuple[str, ...]) -> list[dict[str, Any]]:
    if names and settings.knowledge is None:
        raise SettingsError([f"{settings.file.name}: knowledge: is not set, so there is no folder to read {names[0]} from"])
    filled = []
    for name in names:
        knowledge = read_knowledge(settings.knowledge or Path(), name)
        added, removed = index_knowledge(index, knowledge)
        filled.append({
            "name": name, "passages": len(knowledge.entries), "added": added, "removed": removed,
            "problems": list(knowledge.problems),
        })  # fmt: skip
    return filled


_WAITS = {
    IndexState.READY: "",
    IndexState.REBUILD: "; the running service fills in the rest",
    IndexState.UNAVAILABLE: ", but cannot be used: its folder cannot be read or written",
}


def _tell(filled: list[dict[str, Any]], stats: IndexStats, *, as_json: bool) -> None:
    if as_json:
        emit({"knowledge": filled, "entries": stats.entries, "state": stats.state.value, "reason": stats.reason or None})
        return
    if not filled:
        say("no policy names knowledge, so there is nothing to index")
    for one in filled:
        say(f"✓ {one['name']}: {one['passages']} passages, {one['added']} added, {one['removed']} removed", style="green")
        for problem in one["problems"]:
            note(f"✗ {problem}")
    say(f"the index holds {stats.entries} passages{_WAITS[stats.state]}")


def _document(hit: Hit) -> dict[str, Any]:
    entry = hit.entry
    return {
        "title": entry.title, "text": entry.body, "source": entry.source, "audience": entry.audience.value,
        "category": entry.category, "at": instant(entry.at), "score": round(hit.score, 6),
    }

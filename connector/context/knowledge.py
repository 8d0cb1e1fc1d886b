"""Knowledge files: what stands below the knowledge folder, as passages with source, title, time, category and audience.

A policy names a folder or a file below the knowledge folder: `support-policies` is `support-policies/` or
`support-policies.md`. Nothing outside the folder is ever read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from connector.context.chunking import Block, chunks_of, html_blocks, markdown_blocks, text_blocks
from connector.context.context import Audience
from connector.context.index import Index, IndexEntry, entry_key, knowledge_scope
from connector.record import Origin

_KINDS = {
    ".md": markdown_blocks, ".markdown": markdown_blocks, ".txt": text_blocks, ".htm": html_blocks,
    ".html": html_blocks,
}
_LARGEST = 5_000_000  # bytes
_AT_ONCE = 500  # passages of one commit: others that write wait no longer than for these
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_AUDIENCES = {"customer": Audience.CUSTOMER, "public": Audience.CUSTOMER, "internal": Audience.INTERNAL}
_KEYS = frozenset({"title", "category", "audience", "updated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """The passages of one knowledge name, and what could not be read of it, in words for the person who wrote it."""

    name: str
    entries: tuple[IndexEntry, ...]
    problems: tuple[str, ...]


def read_knowledge(folder: Path, name: str) -> Knowledge:
    """Every readable file of one knowledge name. Problems are returned, not raised: one bad file costs only itself."""
    root = folder.resolve()
    entries: list[IndexEntry] = []
    problems: list[str] = []
    for path in _files(root, name, problems):
        shown = path.relative_to(root).as_posix()
        try:
            entries.extend(_entries(path, shown, name, problems))
        except (OSError, ValueError) as error:
            problems.append(f"{shown}: cannot be read ({error.strerror if isinstance(error, OSError) else error})")
    if not entries and not problems:
        problems.append(f"{name}: no .md, .txt or .html file below the knowledge folder has this name")
    return Knowledge(name=name, entries=tuple(entries), problems=tuple(problems))


class FileStamp(NamedTuple):
    """What changes when a knowledge file does."""

    path: str
    size: int
    changed_ns: int


def file_stamps(folder: Path, name: str) -> tuple[FileStamp, ...]:
    """The files of one knowledge name without reading them; cheap enough to ask every minute."""
    root, stamps = folder.resolve(), []
    for path in _files(root, name, []):
        with suppress(OSError):  # gone since it was listed
            found = path.stat()
            stamps.append(FileStamp(path.as_posix(), found.st_size, found.st_mtime_ns))
    return tuple(stamps)


def index_knowledge(index: Index, knowledge: Knowledge) -> tuple[int, int]:
    """Bring the index to what the files say: how many passages were added, and how many taken out.

    Unchanged passages are not touched: their key holds a digest of their content.
    """
    wanted = {entry.key: entry for entry in knowledge.entries}
    standing = index.keys(knowledge_scope(knowledge.name))
    added = [entry for key, entry in wanted.items() if key not in standing]
    removed = standing - wanted.keys()
    for start in range(0, len(added), _AT_ONCE):
        index.upsert(added[start : start + _AT_ONCE])
    index.delete(removed)
    return len(added), len(removed)


def _files(root: Path, name: str, problems: list[str]) -> Iterator[Path]:
    if not re.fullmatch(r"[\w][\w .-]*(/[\w][\w .-]*)*", name) or ".." in name:
        problems.append(f"{name!r}: not the name of a folder or file below the knowledge folder")
        return
    base = root / name
    candidates = sorted(base.rglob("*")) if base.is_dir() else [base.with_name(base.name + kind) for kind in _KINDS]
    for path in candidates:
        inside = path.relative_to(root)
        hidden = any(part.startswith(".") for part in inside.parts)
        if hidden or path.suffix.casefold() not in _KINDS or not path.is_file():
            continue
        # A link may point anywhere; only where it ends counts.
        if not path.resolve().is_relative_to(root):
            problems.append(f"{inside.as_posix()}: leads out of the knowledge folder and is not read")
        elif path.stat().st_size > _LARGEST:
            problems.append(f"{inside.as_posix()}: is larger than {_LARGEST // 1_000_000} MB and is not read")
        else:
            yield path


def _entries(path: Path, shown: str, name: str, problems: list[str]) -> Iterator[IndexEntry]:
    text = path.read_text(encoding="utf-8-sig")
    front, body = _front_matter(text) if path.suffix.casefold() in (".md", ".markdown") else ({}, text)
    problems.extend(f"{shown}: {problem}" for problem in _front_problems(front))
    category = front.get("category") or _category(shown, name)
    audience = _audience(front, Path(shown).parts[:-1])
    updated = _updated(front) or datetime.fromtimestamp(path.stat().st_mtime, UTC)
    title = front.get("title", "")
    for chunk in chunks_of(_titled(_KINDS[path.suffix.casefold()](body), title)):
        source = f"{shown}#{chunk.anchor}" if chunk.anchor else shown
        heading = chunk.title or title or path.stem
        meaning = (name, source, heading, chunk.text, category or "", audience, updated.isoformat())
        yield IndexEntry(
            key=entry_key(*meaning), scope=knowledge_scope(name), title=heading, body=chunk.text, source=source,
            origin=Origin.FILE, audience=audience, category=category, at=updated,
        )


def _titled(blocks: Iterator[Block], title: str) -> list[Block]:
    """The blocks of a document, under its own title where it opens without a heading of the first level."""
    listed = list(blocks)
    opens = bool(listed) and listed[0].level == 1
    return listed if opens or not title or not listed else [Block(text=title, level=1), *listed]


def _front_matter(text: str) -> tuple[Mapping[str, str], str]:
    """`key: value` lines between `---` lines at the top, and what follows them."""
    found = _FRONT.match(text.replace("\r\n", "\n"))
    if found is None:
        return {}, text
    pairs = (line.partition(":") for line in found[1].splitlines() if ":" in line and not line.startswith("#"))
    front = {key.strip().casefold(): value.strip().strip("\"'") for key, _, value in pairs}
    return front, text.replace("\r\n", "\n")[found.end() :]


def _front_problems(front: Mapping[str, str]) -> Iterator[str]:
    if unknown := sorted(front.keys() - _KEYS):
        yield f"front matter {', '.join(unknown)} is not known; known are {', '.join(sorted(_KEYS))}"
    if "audience" in front and front["audience"].casefold() not in _AUDIENCES:
        yield f"audience {front['audience']!r} is neither customer nor internal; it is kept internal"
    if front.get("updated") and _updated(front) is None:
        yield f"updated {front['updated']!r} is not a date such as 2026-11-02; the file's own time is used"


def _audience(front: Mapping[str, str], folders: Collection[str]) -> Audience:
    """What the file says of itself, else a folder called customer or public; internal where nothing is said."""
    if "audience" in front:
        return _AUDIENCES.get(front["audience"].casefold(), Audience.INTERNAL)
    named = {_AUDIENCES[folder.casefold()] for folder in folders if folder.casefold() in _AUDIENCES}
    return Audience.CUSTOMER if named == {Audience.CUSTOMER} else Audience.INTERNAL


def _category(shown: str, name: str) -> str | None:
    """The first folder below the name that does not tell the audience."""
    below = Path(shown).parts[len(Path(name).parts) : -1]
    return next((part for part in below if part.casefold() not in _AUDIENCES), None)


def _updated(front: Mapping[str, str]) -> datetime | None:
    try:
        at = datetime.fromisoformat(front.get("updated", ""))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)

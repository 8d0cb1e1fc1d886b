"""A document of settings: YAML 1.2 whose typed values are read one by one, each problem kept with its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from connector.errors import SettingsError

MAX_BYTES = 256 * 1024
_SPAN = re.compile(r"(\d{1,5}) ?(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def parsed(file: Path) -> Any:
    """What the file holds, its lines known. Raises SettingsError where it is no YAML of a sane size."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if file.stat().st_size > MAX_BYTES:
        raise SettingsError([f"{file.name}: larger than {MAX_BYTES // 1024} KB"])
    yaml = YAML(typ="rt", pure=True)
    yaml.version = "1.2"
    try:
        return yaml.load(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError([f"{file.name}:1: the file is not UTF-8 text"], hint="save the file as UTF-8") from error
    except (YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        said = str(getattr(error, "problem", None) or error).splitlines()[0]
        raise SettingsError([f"{file.name}:{line}: {said}"]) from error


class Document:
    """Keeps the problems found so far; every reading gives a usable value even after one."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.problems: list[str] = []

    def only(self, block: Mapping[str, Any], path: str, known: Collection[str]) -> None:
        """Any key but the known ones is a problem."""
        for key in block:
            if key not in known:
                name = f"{path}.{key}" if path else str(key)
                self.wrong(self.line(block, key), f"{name}: unknown key{near(str(key), known)}")

    def section(self, block: Mapping[str, Any], key: str, known: Collection[str]) -> Mapping[str, Any]:
        """The block under a key, empty where it is not given."""
        section = block.get(key)
        if section is None:
            return {}
        if not isinstance(section, dict):
            self.wrong(self.line(block, key), f"{key}: must hold keys and values")
            return {}
        self.only(section, key, known)
        return section

    def path(self, block: Mapping[str, Any], key: str, default: str | None) -> Path:
        """A path, relative to the folder of the document."""
        value = block.get(key, default)
        if not isinstance(value, str) or not value or not value.isprintable():
            self.wrong(self.line(block, key), f"{key}: must be a path")
            value = default or "."
        return (self.file.absolute().parent / value).resolve()

    def span(self, block: Mapping[str, Any], key: str, default: timedelta) -> timedelta:
        """A time such as `30s`, `5m` or `1h`."""
        if key not in block:
            return default
        written = _SPAN.fullmatch(str(block[key]))
        if written is None or int(written[1]) == 0:
            self.wrong(self.line(block, key), f"{key}: write for example `30s` or `5m`")
            return default
        return timedelta(seconds=int(written[1]) * _SECONDS[written[2]])

    def whole(self, block: Mapping[str, Any], key: str, default: int, *, low: int, high: int, path: str = "") -> int:
        value = block.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.wrong(self.line(block, key), f"{path}{key}: must be a whole number from {low} to {high}")
            return default
        return value

    def word(self, block: Mapping[str, Any], key: str, default: str, words: Collection[str], path: str = "") -> str:
        value = block.get(key, default)
        if value not in words:
            self.wrong(self.line(block, key), f"{path}{key}: must be one of {', '.join(words)}")
            return default
        return str(value)

    def text(self, block: Mapping[str, Any], path: str, key: str) -> str:
        value = block.get(key)
        if not isinstance(value, str) or not value:
            self.wrong(self.line(block, key), f"{path}: must be text")
            return ""
        return value

    def texts(self, block: Mapping[str, Any], path: str, key: str) -> tuple[str, ...]:
        value = block.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.wrong(self.line(block, key), f"{path}: must be a list of names")
            return ()
        return tuple(value)

    def line(self, block: Any, key: Any) -> int:
        """The line a key stands on; that of its block where it is missing."""
        find: Callable[[Any], tuple[int, int]] | None = getattr(getattr(block, "lc", None), "key", None)
        try:
            return find(key)[0] + 1 if find is not None else 1
        except (KeyError, TypeError):
            return int(getattr(getattr(block, "lc", None), "line", 0) or 0) + 1

    def wrong(self, line: int, message: str) -> None:
        self.problems.append(f"{self.file.name}:{line}: {message}")


def near(word: str, known: Collection[str]) -> str:
    """The known name that was probably meant, as the end of a sentence; nothing where none is close."""
    close = difflib.get_close_matches(word, [str(name) for name in known], n=1)
    return f", did you mean `{close[0]}`?" if close else ""


def plain(value: Any) -> Any:
    """Round-trip YAML containers as ordinary ones."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str):
        return str(value)
    return value

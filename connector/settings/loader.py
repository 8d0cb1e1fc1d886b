"""Read connector.yaml: YAML 1.2, duplicate and unknown keys are errors, all problems said at once with their lines."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from connector.errors import SettingsError
from connector.record import ConnectionName, FieldName, ObjectType
from connector.settings.settings import (
    NONE_CHOSEN,
    SCHEMA_VERSION,
    ApprovalSettings,
    Chosen,
    ConnectionSettings,
    EmbeddingSettings,
    HooksSettings,
    ModelSettings,
    OutsideSettings,
    Privacy,
    Settings,
    SlackAsking,
    WebSettings,
)

MAX_BYTES = 256 * 1024
DEFAULT_FILE = "connector.yaml"
BLOCK_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?(:\d{1,5})?")
_SPAN = re.compile(r"(\d{1,5}) ?(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_TIERS = ("fast", "standard", "deep", "local")


def load_settings(file: Path) -> Settings:
    """The settings in `file`; raises SettingsError with every problem as `connector.yaml:7: …`."""
    if file.is_dir():
        raise SettingsError([f"{file}: is a folder"], hint=f"name the file in it: --config {file / 'connector.yaml'}")
    if not file.is_file():
        raise SettingsError([f"{file}: there is no such file"], hint="crm-connector init")
    reader = _Reader(file, _parsed(file))
    settings = reader.settings()
    if reader.problems:
        raise SettingsError(sorted(reader.problems, key=_line_of))
    return settings


def _line_of(problem: str) -> int:
    found = re.search(r":(\d+):", problem)
    return int(found[1]) if found else 0


def _parsed(file: Path) -> Any:
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


class _Reader:
    """Walks the document and collects problems; every accessor gives a usable value even after one."""

    def __init__(self, file: Path, document: Any) -> None:
        self._file = file
        self._root = document if isinstance(document, dict) else {}
        self.problems: list[str] = []
        if not isinstance(document, dict):
            self._wrong(1, "the file must hold keys and values")

    def settings(self) -> Settings:
        root = self._root
        self._known(root, "", {
            "schema", "state", "policies", "knowledge", "secrets", "journal", "connections", "poll", "batch", "models",
            "privacy", "learning", "web", "hooks", "approvals", "embedding",
            "channels", "endpoints", "lookups",
        })  # fmt: skip
        if root.get("schema") != SCHEMA_VERSION:
            self._wrong(self._line(root, "schema"), f"schema: must be {SCHEMA_VERSION}")
        journal = self._section(root, "journal", {"heads"})
        return Settings(
            file=self._file.absolute(),
            state=self._state(root),
            policies=self._path(root, "policies", "policies"),
            knowledge=self._path(root, "knowledge", None) if "knowledge" in root else None,
            secrets=self._path(root, "secrets", None) if "secrets" in root else None,
            heads=self._path(journal, "heads", "journal-heads.txt"),
            connections=self._connections(root),
            poll=self._span(root, "poll", timedelta(seconds=30)),
            batch=self._whole(root, "batch", 200, low=1, high=2000),
            models=self._models(root),
            privacy=self._privacy(root),
            learning=self._word(root, "learning", "full", ("full", "quick")),
            web=self._web(root),
            hooks=self._hooks(root),
            approvals=self._approvals(root),
            embedding=self._embedding(root),
            channels=self._outside(root, "channels", "for example `kind: slack`"),
            endpoints=self._outside(root, "endpoints", None),
            lookups=self._outside(root, "lookups", "for example `kind: csv`"),
        )

    def _connections(self, root: Mapping[str, Any]) -> tuple[ConnectionSettings, ...]:
        section = root.get("connections")
        if not isinstance(section, dict) or not section:
            self._wrong(self._line(root, "connections"), "connections: name at least one CRM")
            return ()
        found = []
        for name, block in section.items():
            line = self._line(section, name)
            if not isinstance(name, str) or not BLOCK_NAME.fullmatch(name):
                self._wrong(line, f"connections.{name}: a name has small letters, digits and dashes")
            elif not isinstance(block, dict) or not isinstance(block.get("system"), str):
                self._wrong(line, f"connections.{name}.system: is missing, for example `system: hubspot`")
            else:
                options = _plain(block)
                found.append(ConnectionSettings(name=ConnectionName(name), system=block["system"], options=options))
        return tuple(found)

    def _outside(
        self, root: Mapping[str, Any], key: str, example: str | None, *, path: str = ""
    ) -> tuple[OutsideSettings, ...]:
        """What stands beside the CRMs. Without an `example` the section's blocks are all of one kind."""
        path = path or key
        section = root.get(key)
        if section is None:
            return ()
        if not isinstance(section, dict):
            self._wrong(self._line(root, key), f"{path}: must hold keys and values")
            return ()
        found = []
        for name, block in section.items():
            line = self._line(section, name)
            if not isinstance(name, str) or not BLOCK_NAME.fullmatch(name):
                self._wrong(line, f"{path}.{name}: a name has small letters, digits and dashes")
            elif not isinstance(block, dict) or (example is not None and not isinstance(block.get("kind"), str)):
                self._wrong(line, f"{path}.{name}.kind: is missing, {example or 'write its keys below it'}")
            else:
                options = {name: value for name, value in _plain(block).items() if example is None or name != "kind"}
                lines = {"": line, **{str(option): self._line(block, option) for option in block}}
                kind = str(block["kind"]) if example is not None else "http"
                found.append(OutsideSettings(name=name, kind=kind, options=options, lines=lines))
        return tuple(found)

    def _models(self, root: Mapping[str, Any]) -> ModelSettings:
        section = self._section(root, "models", {*_TIERS, "base_url", "local_url", "concurrent", "batches"})
        names = {tier: self._text(section, f"models.{tier}", tier) for tier in _TIERS if tier in section}
        return ModelSettings(
            names=names,
            base_url=str(section.get("base_url", ModelSettings().base_url)),
            local_url=str(section["local_url"]) if "local_url" in section else None,
            concurrent=self._whole(section, "concurrent", 4, low=1, high=64, path="models."),
            batches=self._word(section, "batches", "no", ("no", "backfills"), path="models.") == "backfills",
        )

    def _privacy(self, root: Mapping[str, Any]) -> Privacy:
        section = self._section(root, "privacy", {"never", "mask", "local_only", "local_hosts"})
        objects = []
        for name in self._texts(section, "privacy.local_only", "local_only"):
            if name in set(ObjectType):
                objects.append(ObjectType(name))
            else:
                problem = f"privacy.local_only: there is no object `{name}`{_near(name, list(ObjectType))}"
                self._wrong(self._line(section, "local_only"), problem)
        return Privacy(
            never=tuple(FieldName(name) for name in self._texts(section, "privacy.never", "never")),
            mask=tuple(FieldName(name) for name in self._texts(section, "privacy.mask", "mask")),
            local_only=frozenset(objects),
            local_hosts=self._texts(section, "privacy.local_hosts", "local_hosts"),
        )

    def _embedding(self, root: Mapping[str, Any]) -> EmbeddingSettings | None:
        section = self._section(root, "embedding", {"url", "model", "dimension"})
        if "embedding" not in root:
            return None
        return EmbeddingSettings(
            url=self._text(section, "embedding.url", "url"), model=self._text(section, "embedding.model", "model"),
            dimension=self._whole(section, "dimension", 0, low=8, high=8_192, path="embedding."),
        )

    def _web(self, root: Mapping[str, Any]) -> WebSettings | None:
        section = self._section(root, "web", {"port", "address", "origin"})
        return self._served(section, "web", 8770) if "web" in root else None

    def _hooks(self, root: Mapping[str, Any]) -> HooksSettings | None:
        section = self._section(root, "hooks", {"port", "address", "origin", "sources"})
        if "hooks" not in root:
            return None
        if "origin" not in section:
            # Signatures cover the address as the sender calls it; guessed from a request it would prove nothing.
            self._wrong(self._line(root, "hooks"), "hooks.origin: is missing: the address that senders call")
        sources = self._outside(section, "sources", "for example `kind: hubspot`", path="hooks.sources")
        if not sources:
            self._wrong(self._line(root, "hooks"), "hooks.sources: name at least one sender")
        connections = root.get("connections")
        names = {str(name) for name in connections} if isinstance(connections, dict) else set()
        for source in sources:
            if source.kind == "slack":  # it brings verdicts of people, not news of a CRM
                continue
            named = str(source.options.get("connection", source.name))
            if names and named not in names:
                line = source.lines.get("connection", source.lines[""])
                self._wrong(line, f"hooks.sources.{source.name}.connection: there is no `{named}`{_near(named, names)}")
        return HooksSettings(served=self._served(section, "hooks", 8771), sources=sources)

    def _approvals(self, root: Mapping[str, Any]) -> ApprovalSettings:
        section = self._section(root, "approvals", {"tasks", "mail", "slack"})
        mail = self._chosen(section, "mail", "approvals.mail")
        if mail != NONE_CHOSEN and "web" not in root:
            self._wrong(self._line(section, "mail"), "approvals.mail: letters link to the page; name it under `web`")
        channels = root.get("channels")
        kinds = [one.get("kind") for one in channels.values() if isinstance(one, dict)] if isinstance(channels, dict) else []
        if mail != NONE_CHOSEN and "smtp" not in kinds:
            self._wrong(self._line(section, "mail"), "approvals.mail: needs a channel of kind smtp")
        return ApprovalSettings(
            tasks=self._chosen(section, "tasks", "approvals.tasks"), mail=mail,
            slack=self._slack(root, section) if "slack" in section else None,
        )

    def _slack(self, root: Mapping[str, Any], approvals: Mapping[str, Any]) -> SlackAsking:
        section = self._section(approvals, "slack", {"channel", "source", "policies", "api"})
        source = str(section.get("source", "slack"))
        hooks = root.get("hooks")
        sources = hooks.get("sources") if isinstance(hooks, dict) else None
        known = sources.get(source) if isinstance(sources, dict) else None
        if not isinstance(known, dict) or known.get("kind") != "slack":
            # Posted without a door, the buttons would do nothing.
            self._wrong(self._line(approvals, "slack"), f"approvals.slack: hooks.sources.{source} of kind slack is missing")
        api = str(section.get("api", "https://slack.com"))
        if not _ORIGIN.fullmatch(api):
            self._wrong(self._line(section, "api"), "approvals.slack.api: write for example `https://slack.com`")
        return SlackAsking(
            channel=self._text(section, "approvals.slack.channel", "channel"), source=source, api=api,
            policies=self._chosen(section, "policies", "approvals.slack.policies", default="all"),
        )

    def _chosen(self, section: Mapping[str, Any], key: str, path: str, default: str = "") -> Chosen:
        """`all`, or a list of policies by name."""
        value = section.get(key, default)
        if value == "all":
            return Chosen(every=True)
        if value == "" and key not in section:
            return NONE_CHOSEN
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self._wrong(self._line(section, key), f"{path}: write `all` or a list of policies")
            return NONE_CHOSEN
        return Chosen(some=frozenset(str(one) for one in value))

    def _served(self, section: Mapping[str, Any], path: str, port: int) -> WebSettings:
        """Where something is served, and under which address it is called from elsewhere."""
        address, origin = str(section.get("address", "127.0.0.1")), section.get("origin")
        try:
            is_near = ipaddress.ip_address(address).is_loopback
        except ValueError:
            self._wrong(self._line(section, "address"), f"{path}.address: must be an IP address, such as 127.0.0.1")
            is_near = True
        if origin is not None and not _ORIGIN.fullmatch(str(origin)):
            self._wrong(self._line(section, "origin"), f"{path}.origin: write for example `https://crm.example.com`")
        if not is_near and not str(origin).startswith("https://"):
            # A token that crosses a network in the clear is a token given away.
            self._wrong(self._line(section, "address"), f"{path}.address: beyond this machine it needs an https `origin`")
        return WebSettings(
            port=self._whole(section, "port", port, low=1, high=65_535, path=f"{path}."), address=address,
            origin=str(origin) if origin is not None else None,
        )

    def _known(self, block: Mapping[str, Any], path: str, known: Collection[str]) -> None:
        for key in block:
            if key not in known:
                name = f"{path}.{key}" if path else str(key)
                self._wrong(self._line(block, key), f"{name}: unknown key{_near(str(key), known)}")

    def _section(self, block: Mapping[str, Any], key: str, known: Collection[str]) -> Mapping[str, Any]:
        section = block.get(key)
        if section is None:
            return {}
        if not isinstance(section, dict):
            self._wrong(self._line(block, key), f"{key}: must hold keys and values")
            return {}
        self._known(section, key, known)
        return section

    def _path(self, block: Mapping[str, Any], key: str, default: str | None) -> Path:
        value = block.get(key, default)
        if not isinstance(value, str) or not value or not value.isprintable():
            self._wrong(self._line(block, key), f"{key}: must be a path")
            value = default or "."
        return (self._file.absolute().parent / value).resolve()

    def _state(self, root: Mapping[str, Any]) -> Path:
        """The service's own folder. An address is refused without repeating it: it may hold a password."""
        value = root.get("state", "")
        if isinstance(value, dict) or "://" in str(value):
            self._wrong(
                self._line(root, "state"),
                "state: the service keeps its state in a folder on this machine (SQLite); no database server can hold it. "
                "Name a folder, such as `state: state`; PostgreSQL can be read as a lookup: docs/lookups.md",
            )
            return self._file.absolute().parent / "state"
        return self._path(root, "state", "state")

    def _span(self, block: Mapping[str, Any], key: str, default: timedelta) -> timedelta:
        if key not in block:
            return default
        written = _SPAN.fullmatch(str(block[key]))
        if written is None or int(written[1]) == 0:
            self._wrong(self._line(block, key), f"{key}: write for example `30s` or `5m`")
            return default
        return timedelta(seconds=int(written[1]) * _SECONDS[written[2]])

    def _whole(self, block: Mapping[str, Any], key: str, default: int, *, low: int, high: int, path: str = "") -> int:
        value = block.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self._wrong(self._line(block, key), f"{path}{key}: must be a whole number from {low} to {high}")
            return default
        return value

    def _word(self, block: Mapping[str, Any], key: str, default: str, words: Collection[str], path: str = "") -> str:
        value = block.get(key, default)
        if value not in words:
            self._wrong(self._line(block, key), f"{path}{key}: must be one of {', '.join(words)}")
            return default
        return str(value)

    def _text(self, block: Mapping[str, Any], path: str, key: str) -> str:
        value = block.get(key)
        if not isinstance(value, str) or not value:
            self._wrong(self._line(block, key), f"{path}: must be text")
            return ""
        return value

    def _texts(self, block: Mapping[str, Any], path: str, key: str) -> tuple[str, ...]:
        value = block.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self._wrong(self._line(block, key), f"{path}: must be a list of names")
            return ()
        return tuple(value)

    def _line(self, block: Any, key: Any) -> int:
        find: Callable[[Any], tuple[int, int]] | None = getattr(getattr(block, "lc", None), "key", None)
        try:
            return find(key)[0] + 1 if find is not None else 1
        except (KeyError, TypeError):
            return int(getattr(getattr(block, "lc", None), "line", 0) or 0) + 1

    def _wrong(self, line: int, message: str) -> None:
        self.problems.append(f"{self._file.name}:{line}: {message}")


def _near(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word, [str(name) for name in known], n=1)
    return f", did you mean `{close[0]}`?" if close else ""


def _plain(value: Any) -> Any:
    """Round-trip YAML containers as ordinary ones."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return str(value)
    return value

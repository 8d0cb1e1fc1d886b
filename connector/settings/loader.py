"""Read connector.yaml: YAML 1.2, duplicate and unknown keys are errors, all problems said at once with their lines."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from connector.errors import SettingsError
from connector.record import ConnectionName, FieldName, ObjectType
from connector.settings.document import Document, near, parsed, plain
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

DEFAULT_FILE = "connector.yaml"
BLOCK_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?(:\d{1,5})?")
_TIERS = ("fast", "standard", "deep", "local")


def load_settings(file: Path) -> Settings:
    """The settings in `file`; raises SettingsError with every problem as `connector.yaml:7: …`."""
    if file.is_dir():
        raise SettingsError([f"{file}: is a folder"], hint=f"name the file in it: --config {file / 'connector.yaml'}")
    if not file.is_file():
        raise SettingsError([f"{file}: there is no such file"], hint="crm-connector init")
    reader = _Reader(file, parsed(file))
    settings = reader.settings()
    if reader.problems:
        raise SettingsError(sorted(reader.problems, key=_line_of))
    return settings


def _line_of(problem: str) -> int:
    found = re.search(r":(\d+):", problem)
    return int(found[1]) if found else 0


class _Reader(Document):
    """The settings section by section."""

    def __init__(self, file: Path, document: Any) -> None:
        super().__init__(file)
        self._root = document if isinstance(document, dict) else {}
        if not isinstance(document, dict):
            self.wrong(1, "the file must hold keys and values")

    def settings(self) -> Settings:
        root = self._root
        self.only(root, "", {
            "schema", "state", "policies", "knowledge", "secrets", "journal", "connections", "poll", "batch", "models",
            "privacy", "learning", "web", "hooks", "approvals", "embedding",
            "channels", "endpoints", "lookups",
        })  # fmt: skip
        if root.get("schema") != SCHEMA_VERSION:
            self.wrong(self.line(root, "schema"), f"schema: must be {SCHEMA_VERSION}")
        journal = self.section(root, "journal", {"heads"})
        return Settings(
            file=self.file.absolute(),
            state=self._state(root),
            policies=self.path(root, "policies", "policies"),
            knowledge=self.path(root, "knowledge", None) if "knowledge" in root else None,
            secrets=self.path(root, "secrets", None) if "secrets" in root else None,
            heads=self.path(journal, "heads", "journal-heads.txt"),
            connections=self._connections(root),
            poll=self.span(root, "poll", timedelta(seconds=30)),
            batch=self.whole(root, "batch", 200, low=1, high=2000),
            models=self._models(root),
            privacy=self._privacy(root),
            learning=self.word(root, "learning", "full", ("full", "quick")),
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
            self.wrong(self.line(root, "connections"), "connections: name at least one CRM")
            return ()
        found = []
        for name, block in section.items():
            line = self.line(section, name)
            if not isinstance(name, str) or not BLOCK_NAME.fullmatch(name):
                self.wrong(line, f"connections.{name}: a name has small letters, digits and dashes")
            elif not isinstance(block, dict) or not isinstance(block.get("system"), str):
                self.wrong(line, f"connections.{name}.system: is missing, for example `system: hubspot`")
            else:
                options = plain(block)
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
            self.wrong(self.line(root, key), f"{path}: must hold keys and values")
            return ()
        found = []
        for name, block in section.items():
            line = self.line(section, name)
            if not isinstance(name, str) or not BLOCK_NAME.fullmatch(name):
                self.wrong(line, f"{path}.{name}: a name has small letters, digits and dashes")
            elif not isinstance(block, dict) or (example is not None and not isinstance(block.get("kind"), str)):
                self.wrong(line, f"{path}.{name}.kind: is missing, {example or 'write its keys below it'}")
            else:
                options = {name: value for name, value in plain(block).items() if example is None or name != "kind"}
                lines = {"": line, **{str(option): self.line(block, option) for option in block}}
                kind = str(block["kind"]) if example is not None else "http"
                found.append(OutsideSettings(name=name, kind=kind, options=options, lines=lines))
        return tuple(found)

    def _models(self, root: Mapping[str, Any]) -> ModelSettings:
        section = self.section(root, "models", {*_TIERS, "base_url", "local_url", "concurrent", "batches"})
        names = {tier: self.text(section, f"models.{tier}", tier) for tier in _TIERS if tier in section}
        return ModelSettings(
            names=names,
            base_url=str(section.get("base_url", ModelSettings().base_url)),
            local_url=str(section["local_url"]) if "local_url" in section else None,
            concurrent=self.whole(section, "concurrent", 4, low=1, high=64, path="models."),
            batches=self.word(section, "batches", "no", ("no", "backfills"), path="models.") == "backfills",
        )

    def _privacy(self, root: Mapping[str, Any]) -> Privacy:
        section = self.section(root, "privacy", {"never", "mask", "local_only", "local_hosts"})
        objects = []
        for name in self.texts(section, "privacy.local_only", "local_only"):
            if name in set(ObjectType):
                objects.append(ObjectType(name))
            else:
                problem = f"privacy.local_only: there is no object `{name}`{near(name, list(ObjectType))}"
                self.wrong(self.line(section, "local_only"), problem)
        return Privacy(
            never=tuple(FieldName(name) for name in self.texts(section, "privacy.never", "never")),
            mask=tuple(FieldName(name) for name in self.texts(section, "privacy.mask", "mask")),
            local_only=frozenset(objects),
            local_hosts=self.texts(section, "privacy.local_hosts", "local_hosts"),
        )

    def _embedding(self, root: Mapping[str, Any]) -> EmbeddingSettings | None:
        section = self.section(root, "embedding", {"url", "model", "dimension"})
        if "embedding" not in root:
            return None
        return EmbeddingSettings(
            url=self.text(section, "embedding.url", "url"), model=self.text(section, "embedding.model", "model"),
            dimension=self.whole(section, "dimension", 0, low=8, high=8_192, path="embedding."),
        )

    def _web(self, root: Mapping[str, Any]) -> WebSettings | None:
        section = self.section(root, "web", {"port", "address", "origin"})
        return self._served(section, "web", 8770) if "web" in root else None

    def _hooks(self, root: Mapping[str, Any]) -> HooksSettings | None:
        section = self.section(root, "hooks", {"port", "address", "origin", "sources"})
        if "hooks" not in root:
            return None
        if "origin" not in section:
            # Signatures cover the address as the sender calls it; guessed from a request it would prove nothing.
            self.wrong(self.line(root, "hooks"), "hooks.origin: is missing: the address that senders call")
        sources = self._outside(section, "sources", "for example `kind: hubspot`", path="hooks.sources")
        if not sources:
            self.wrong(self.line(root, "hooks"), "hooks.sources: name at least one sender")
        connections = root.get("connections")
        names = {str(name) for name in connections} if isinstance(connections, dict) else set()
        for source in sources:
            if source.kind == "slack":  # it brings verdicts of people, not news of a CRM
                continue
            named = str(source.options.get("connection", source.name))
            if names and named not in names:
                line = source.lines.get("connection", source.lines[""])
                self.wrong(line, f"hooks.sources.{source.name}.connection: there is no `{named}`{near(named, names)}")
        return HooksSettings(served=self._served(section, "hooks", 8771), sources=sources)

    def _approvals(self, root: Mapping[str, Any]) -> ApprovalSettings:
        section = self.section(root, "approvals", {"tasks", "mail", "slack"})
        mail = self._chosen(section, "mail", "approvals.mail")
        if mail != NONE_CHOSEN and "web" not in root:
            self.wrong(self.line(section, "mail"), "approvals.mail: letters link to the page; name it under `web`")
        channels = root.get("channels")
        kinds = [one.get("kind") for one in channels.values() if isinstance(one, dict)] if isinstance(channels, dict) else []
        if mail != NONE_CHOSEN and "smtp" not in kinds:
            self.wrong(self.line(section, "mail"), "approvals.mail: needs a channel of kind smtp")
        return ApprovalSettings(
            tasks=self._chosen(section, "tasks", "approvals.tasks"), mail=mail,
            slack=self._slack(root, section) if "slack" in section else None,
        )

    def _slack(self, root: Mapping[str, Any], approvals: Mapping[str, Any]) -> SlackAsking:
        section = self.section(approvals, "slack", {"channel", "source", "policies", "api"})
        source = str(section.get("source", "slack"))
        hooks = root.get("hooks")
        sources = hooks.get("sources") if isinstance(hooks, dict) else None
        known = sources.get(source) if isinstance(sources, dict) else None
        if not isinstance(known, dict) or known.get("kind") != "slack":
            # Posted without a door, the buttons would do nothing.
            self.wrong(self.line(approvals, "slack"), f"approvals.slack: hooks.sources.{source} of kind slack is missing")
        api = str(section.get("api", "https://slack.com"))
        if not _ORIGIN.fullmatch(api):
            self.wrong(self.line(section, "api"), "approvals.slack.api: write for example `https://slack.com`")
        return SlackAsking(
            channel=self.text(section, "approvals.slack.channel", "channel"), source=source, api=api,
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
            self.wrong(self.line(section, key), f"{path}: write `all` or a list of policies")
            return NONE_CHOSEN
        return Chosen(some=frozenset(str(one) for one in value))

    def _served(self, section: Mapping[str, Any], path: str, port: int) -> WebSettings:
        """Where something is served, and under which address it is called from elsewhere."""
        address, origin = str(section.get("address", "127.0.0.1")), section.get("origin")
        try:
            is_near = ipaddress.ip_address(address).is_loopback
        except ValueError:
            self.wrong(self.line(section, "address"), f"{path}.address: must be an IP address, such as 127.0.0.1")
            is_near = True
        if origin is not None and not _ORIGIN.fullmatch(str(origin)):
            self.wrong(self.line(section, "origin"), f"{path}.origin: write for example `https://crm.example.com`")
        if not is_near and not str(origin).startswith("https://"):
            # A token that crosses a network in the clear is a token given away.
            self.wrong(self.line(section, "address"), f"{path}.address: beyond this machine it needs an https `origin`")
        return WebSettings(
            port=self.whole(section, "port", port, low=1, high=65_535, path=f"{path}."), address=address,
            origin=str(origin) if origin is not None else None,
        )

    def _state(self, root: Mapping[str, Any]) -> Path:
        """The service's own folder. An address is refused without repeating it: it may hold a password."""
        value = root.get("state", "")
        if isinstance(value, dict) or "://" in str(value):
            self.wrong(
                self.line(root, "state"),
                "state: the service keeps its state in a folder on this machine (SQLite); no database server can hold it. "
                "Name a folder, such as `state: state`; PostgreSQL can be read as a lookup: docs/lookups.md",
            )
            return self.file.absolute().parent / "state"
        return self.path(root, "state", "state")

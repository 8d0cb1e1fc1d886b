"""The real daemon as a process of its own: started, killed without warning, started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True, kw_only=True)
class DaemonProcess:
    """`crm-connector run` on one workspace. Its log goes to a file beside the workspace."""

    config: Path
    environment: Mapping[str, str]
    log: Path
    kills: int = 0
    _running: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._running = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
                [sys.executable, "-m", "connector.cli.main", "run", "--config", str(self.config)],
                env={**os.environ, **self.environment}, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            )

    @property
    def alive(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is said."""
        if self._running is not None and self.alive:
            self._running.send_signal(signal.SIGKILL)
            self._running.wait()
            self.kills += 1

    def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM, and wait for the clean end; its exit code."""
        if self._running is None:
            return 0
        if self.alive:
            self._running.send_signal(signal.SIGTERM)
        try:
            return self._running.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._running.kill()
            return self._running.wait()

    def last_words(self, lines: int = 20) -> str:
        """The end of its log, for the message when it stopped by itself."""
        if not self.log.is_file():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

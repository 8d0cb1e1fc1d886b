"""Serve the page: its port is taken before anything else starts, and it stops when its owner does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from connector.adapter import Log
from connector.clock import Clock
from connector.errors import SettingsError
from connector.settings import WebSettings
from connector.web.strangers import kept_quiet

if TYPE_CHECKING:
    import uvicorn


def bound(settings: WebSettings) -> socket.socket:
    """The listening socket; raises SettingsError when somebody else has the port."""
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((settings.address, settings.port))
        door.listen(128)  # whoever comes before the server has started waits a moment, and is not turned away
    except OSError as error:
        door.close()
        raise SettingsError(
            [f"web.port: {settings.address}:{settings.port}: {error.strerror}"], hint="crm-connector web --port 8771"
        ) from error
    return door


def serve(app: ASGIApp, settings: WebSettings, door: socket.socket, log: Log, clock: Clock) -> None:
    """Serve in this thread until SIGTERM or SIGINT."""
    with kept_quiet(log, clock):
        _server(app, settings).run(sockets=[door])


@contextmanager
def served(app: ASGIApp, settings: WebSettings, door: socket.socket, log: Log, clock: Clock) -> Iterator[None]:
    """Serve in a thread beside something else."""
    server = _server(app, settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, name="web")
    with kept_quiet(log, clock):
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()
            door.close()


def _server(app: ASGIApp, settings: WebSettings) -> uvicorn.Server:
    import uvicorn

    from connector.web.patience import Punctual  # slow to import, as the server itself

    config = uvicorn.Config(
        app, http=Punctual, log_config=None, access_log=False, server_header=False, lifespan="off",
        timeout_graceful_shutdown=2,
        # Forwarded addresses are believed only where settings say that a proxy stands before the page.
        proxy_headers=settings.origin is not None, h11_max_incomplete_event_size=32 * 1024, limit_concurrency=256,
    )
    return uvicorn.Server(config)

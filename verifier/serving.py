"""Serving the web application on a socket that listens, until told to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from ecert.types import TypeCatalogue
from store.database import Database
from verifier.ledger_view import LedgerView
from verifier.services.paths import Paths
from verifier.services.verifying import Verifying
from verifier.settings import Settings
from verifier.web import Served, create_app

_GRACE = 3
"""Seconds in which answers that were begun may be finished."""


class _Server(uvicorn.Server):
    """Leaves signals to `verifier.running`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve_web(settings: Settings, database: Database, taken: socket.socket, stop: asyncio.Event) -> None:
    """Serve API and pages from a database."""
    view = LedgerView(database)
    verifying = Verifying(view=view, types=TypeCatalogue.bundled(), paths=Paths(database))
    app = create_app(
        Served(view=view, verifying=verifying, max_age=settings.max_age, poll_seconds=settings.poll_seconds)
    )
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = _Server(config)

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    await server.serve(sockets=[taken])
    ending.cancel()

"""Serving a web application on a socket that listens, until told to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from verifier.processes.connection import PatientProtocol, Strangers

_GRACE = 3
"""Seconds in which answers that were begun may be finished."""


class _Server(uvicorn.Server):
    """Leaves signals to `verifier.processes.running`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve_web(app: ASGIApp, taken: socket.socket, stop: asyncio.Event) -> None:
    """Serve an application."""
    strangers = Strangers()
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whose word is believed is a setting (`verifier.access.addresses`)
        timeout_graceful_shutdown=_GRACE,
        http=partial(PatientProtocol, strangers=strangers),  # type: ignore[arg-type] # it is only called
        ws="none",
    )
    server = _Server(config)

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    await server.serve(sockets=[taken])
    ending.cancel()
    strangers.tell()

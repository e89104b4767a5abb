"""Serving a web application on a socket that listens, until told to stop."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from verifier.guards import HEADERS
from verifier.problems import KINDS, MEDIA_TYPE, Code, body, headers

_GRACE = 3
"""Seconds in which answers that were begun may be finished."""

HEADER_SECONDS = 15.0
"""Seconds within which a connection must have sent the headers of its next request."""
HEADER_BYTES = 64 * 1024
"""What may come in several pieces before headers, or trailers after a body, have come to their end."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP on one connection, which is closed where headers do not come to their end in time, or within bounds.

    What is no HTTP never comes as far as the application, and is answered with a problem here.
    """

    _waiting: asyncio.TimerHandle | None = None
    _since = 0.0
    _unended = 0
    """Bytes that came since headers, a piece of a body, or a request was whole."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._wait(HEADER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; refuse headers without an end, which the parser would keep and copy at each piece."""
        self._unended += len(data)
        super().data_received(data)
        if self._unended > HEADER_BYTES and not self.transport.is_closing():
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        """Take the headers as whole."""
        self._unended = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body, whose bounds are others."""
        self._unended = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the request as whole."""
        self._unended = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, and close."""
        del msg
        self.transport.write(_NOT_HTTP)
        self.transport.close()

    def _wait(self, seconds: float) -> None:
        self._waiting = self.loop.call_later(seconds, self._close_unless_asked)

    def _close_unless_asked(self) -> None:
        """Close where nothing is asked for too long, else look again: one timer a connection, not one a request."""
        left = self._since + HEADER_SECONDS - self.loop.time()
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait(HEADER_SECONDS)
        elif left > 0:
            self._wait(left)
        else:
            self.transport.close()


def _refusal(code: Code, detail: str) -> bytes:
    """Give a whole answer, as it goes onto the wire."""
    status, said = KINDS[code].status, json.dumps(body(code, detail)).encode()
    told = {"content-type": MEDIA_TYPE, "content-length": str(len(said)), **headers(code)}
    lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode()), *(b"%s: %s" % pair for pair in HEADERS)]
    lines += [f"{name}: {value}".encode() for name, value in told.items()]
    return b"\r\n".join([*lines, b"", said])


_NOT_HTTP = _refusal(Code.NOT_HTTP, "Request line, headers or body are not as HTTP has them, or something is too long.")


class _Server(uvicorn.Server):
    """Leaves signals to `verifier.processes.running`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve_web(app: ASGIApp, taken: socket.socket, stop: asyncio.Event) -> None:
    """Serve an application."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whose word is believed is a setting (`verifier.access.addresses`)
        timeout_graceful_shutdown=_GRACE,
        http=PatientProtocol,
        ws="none",
    )
    server = _Server(config)

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    await server.serve(sockets=[taken])
    ending.cancel()

"""One connection: HTTP as we read it, within bounds of time and size both ways.

What is no HTTP never comes as far as the application, and is answered with a problem here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Sequence

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from verifier.guards import HEADERS
from verifier.problems import KINDS, MEDIA_TYPE, Code, body, headers

_LOG = logging.getLogger(__name__)
HEADER_SECONDS = 15.0
"""Seconds within which a connection must have sent the headers of its next request."""
HEADER_BYTES = 64 * 1024
"""What may come in several pieces before headers, or trailers after a body, have come to their end."""
TAKING_SECONDS = 60.0
"""Seconds in which whoever is answered must take its answer, or `TAKEN_BYTES` of it."""
TAKEN_BYTES = 256 * 1024
TELLING_SECONDS = 60.0
"""How often it is told at most that what came was no HTTP."""
_NEWEST = "1.1"
_VERSIONS = frozenset({"1.0", _NEWEST})
_ONCE = frozenset({b"host", b"authorization", b"content-type", b"content-encoding", b"transfer-encoding"})
"""Headers of which two would mean one thing to us and another to whoever stands before us."""
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(:[0-9]*)?")
"""What can stand in Host (RFC 9110 section 7.2), which may be empty."""


class Strangers:
    """What came that is no HTTP, counted: anybody may send it, so that a line for each would fill the log."""

    def __init__(self) -> None:
        self._more = 0
        self._waiting: asyncio.TimerHandle | None = None

    def refused(self) -> None:
        """Tell it, or count it where it was told a short while ago."""
        if self._waiting is None:
            _LOG.warning("what came is no HTTP, and was refused")
            self._wait()
        else:
            self._more += 1

    def tell(self) -> None:
        """Tell what was counted."""
        if self._more:
            _LOG.warning("what came is no HTTP, and was refused, %d times more", self._more)
        self._more = 0

    def _wait(self) -> None:
        self._waiting = asyncio.get_running_loop().call_later(TELLING_SECONDS, self._waited)

    def _waited(self) -> None:
        self._waiting = None
        if self._more:
            self.tell()
            self._wait()


class PatientProtocol(HttpToolsProtocol):
    """HTTP on one connection, which ends where headers do not come in time or within bounds, or no answer is taken."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        strangers: Strangers,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._strangers = strangers
        self._waiting: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._unended = 0  # bytes that came since headers, a piece of a body, or a request was whole
        self._untaken: int | None = None  # bytes of an answer that waited when it was last looked at
        self._refused = False

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
        """Read on; refuse what is no HTTP, and headers without an end, which the parser would keep at each piece."""
        if self._refused:
            return
        self._unset_keepalive_if_required()
        self._unended += len(data)
        try:
            self._feed(memoryview(data))
        except httptools.HttpParserError:
            self._refuse()
        else:
            if self._unended > HEADER_BYTES and not self.transport.is_closing():
                self._refuse()

    def on_headers_complete(self) -> None:
        """Take the headers as whole, where they can be understood in one way alone."""
        self._unended = 0
        _see_one_meaning(self.headers, self.parser.get_http_version())
        if not self.parser.should_upgrade():
            super().on_headers_complete()
        elif self.parser.get_method() == b"CONNECT":
            raise ValueError("nobody is connected with anything here")

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body, whose bounds are others."""
        self._unended = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the request as whole."""
        self._unended = 0
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._since = self.loop.time()

    def resume_writing(self) -> None:
        """Go on with an answer, most of which was taken."""
        self._untaken = None
        super().resume_writing()

    def _feed(self, data: memoryview) -> None:
        """Read a piece. Who would change to another protocol, as Java's client and curl may, is read like others.

        The parser stops behind such headers and would drop the body. So another one reads them again without that wish,
        and goes on with the body.
        """
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as met:
                data = data[met.args[0] :]
                head = self._head()
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as the one before
                self.parser.feed_data(head)
            else:
                return

    def _head(self) -> bytes:
        """Give the headers that were read, but for the wish."""
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % (name, value) for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _refuse(self) -> None:
        """Refuse what cannot be read, and close; what was asked before it is answered first, or nobody is told."""
        self._refused = True
        self._strangers.refused()
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_NOT_HTTP)
            self.transport.close()
        elif not self.cycle.more_body:
            self.cycle.keep_alive = False
        else:
            if not (self.pipeline or self.cycle.response_started):
                self.transport.write(_NOT_HTTP)
            self.transport.close()

    def _wait(self, seconds: float) -> None:
        self._waiting = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """End what lasts too long, else look again: one timer a connection, not one a request."""
        if self.flow.write_paused or self.transport.is_closing():
            self._see_taken()
            return
        self._untaken = None
        left = self._since + HEADER_SECONDS - self.loop.time()
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait(HEADER_SECONDS)
        elif left > 0:
            self._wait(left)
        else:
            self.transport.close()
            self._see_taken()

    def _see_taken(self) -> None:
        """Cut off who takes too little of what was written and can only become less."""
        left = self.transport.get_write_buffer_size()
        if self._untaken is not None and left > self._untaken - TAKEN_BYTES:
            self.transport.abort()
            return
        self._untaken = left
        self._wait(TAKING_SECONDS)


def _see_one_meaning(headers: Sequence[tuple[bytes, bytes]], version: str) -> None:
    """See that HTTP/1.1 names one host (RFC 9112 section 3.2), and that nothing is there twice; `ValueError` else."""
    once = [(name, value.strip()) for name, value in headers if name in _ONCE]
    said = dict(once)
    host, coding = said.get(b"host"), said.get(b"transfer-encoding")
    if version not in _VERSIONS or len(said) < len(once):
        raise ValueError("another version, or a header twice")
    if not _HOST.fullmatch(host) if host is not None else version == _NEWEST:
        raise ValueError("no Host, or what cannot be one")
    if coding is not None and (version != _NEWEST or coding.lower() != b"chunked"):
        raise ValueError("no transfer coding that is read here")


def _refusal(code: Code, detail: str) -> bytes:
    """Give a whole answer, as it goes onto the wire."""
    status, said = KINDS[code].status, json.dumps(body(code, detail)).encode()
    told = {"content-type": MEDIA_TYPE, "content-length": str(len(said)), **headers(code)}
    lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode()), *(b"%s: %s" % pair for pair in HEADERS)]
    lines += [f"{name}: {value}".encode() for name, value in told.items()]
    return b"\r\n".join([*lines, b"", said])


_NOT_HTTP = _refusal(Code.NOT_HTTP, "Request line, headers or body are not as HTTP has them, or something is too long.")

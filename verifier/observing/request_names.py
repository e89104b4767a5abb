"""The name of a request: stands in every line that is logged for it, and in the answer as `x-request-id`.

A caller may bring one: `X-Request-Id`, else the trace of a W3C `traceparent`. It is taken where it looks like a made-up
name and like nothing else, that is a UUID or 32 hex digits with a letter among them: what it is goes into the log, and
the number of a person, 18 digits, or the code of a certificate, 32 digits, must not come there by that way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar

HEADER = "x-request-id"
TRACE_HEADER = "traceparent"
_HEADER, _TRACE_HEADER = HEADER.encode(), TRACE_HEADER.encode()
_BYTES = 16

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{32}", re.ASCII)
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.{0,100}", re.ASCII)
_LETTER = re.compile(r"[a-f]", re.ASCII)

request_name: ContextVar[str | None] = ContextVar("request_name", default=None)
"""The name of the request that is being answered; None outside of one. Threads that answer it have it, too."""


def name_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Give the name that a request brings along in its headers (ASGI's, lower-case), else a new one."""
    brought = trace_parent = ""
    for name, value in headers:
        if name == _HEADER:
            brought = value.decode("latin-1").lower()
        elif name == _TRACE_HEADER:
            trace_parent = value.decode("latin-1")
    if brought and _is_made_up(brought):
        return brought
    trace = _TRACE.fullmatch(trace_parent) if trace_parent else None
    if trace is not None and _is_made_up(trace[1]):
        return trace[1]
    return os.urandom(_BYTES).hex()


def _is_made_up(text: str) -> bool:
    shaped = _UUID.fullmatch(text) or _HEX.fullmatch(text)
    return shaped is not None and _LETTER.search(text) is not None

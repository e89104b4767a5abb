"""What stands outside of all: each request gets its name, is counted and timed. Pure ASGI, nothing is buffered."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from verifier.observing.figures import Figures
from verifier.observing.request_names import HEADER, name_of, request_name

NO_ROUTE = "none"
OTHER_METHOD = "other"
CLOSED = 499
"""Counted where a caller went away before it was answered (the number that nginx has for it)."""
_HEADER = HEADER.encode()
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Watched:
    """Name, count and time every request."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a `send` that notices the status and adds the request's name."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = CLOSED, time.perf_counter()
        name = name_of(scope["headers"])

        async def noticed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, name.encode())]
            await send(message)

        token = request_name.set(name)
        try:
            await self._app(scope, receive, noticed)
        finally:
            request_name.reset(token)
            method = scope["method"] if scope["method"] in _METHODS else OTHER_METHOD
            self._figures.request(route_of(scope), method, status, time.perf_counter() - begun)


def route_of(scope: Scope) -> str:
    """Give the template of the route that a request went to, never the path: that may name a case or a person."""
    route = scope.get("route")
    return getattr(route, "path_format", None) or NO_ROUTE

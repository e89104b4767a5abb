"""HEAD: what GET would answer, without its body (RFC 9110 section 9.3.2), wherever there is a GET."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Ask for the whole answer where its head is asked for, and give the head alone; what asked is one request.

    Of an answer in pieces the rest is not made: its maker is told that the caller has gone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as a GET where it is a HEAD."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        asked = {**scope, "method": "GET"}
        ended = False

        async def without_body(message: Message) -> None:
            nonlocal ended
            if message["type"] != "http.response.body":
                await send(message)
                return
            if ended:
                raise ClientDisconnect
            ended = True
            await send({"type": "http.response.body", "body": b""})

        try:
            await self._app(asked, receive, without_body)
        finally:
            if "route" in asked:  # by which the request is counted
                scope["route"] = asked["route"]

"""An answer that is sent while its request is still being read."""

from __future__ import annotations

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class WhileReading(StreamingResponse):
    """A stream that does not listen for the caller's hanging up: listening would take pieces of the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send; where the caller has hung up, reading its body says so."""
        del scope, receive
        await self.stream_response(send)

"""An answer that is sent while its request is still being read."""

from __future__ import annotations

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class WhileReading(StreamingResponse):
    """A stream beside which nobody listens to the request for its end, which would take pieces of the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send; for whoever is gone the reading ends."""
        del scope, receive
        await self.stream_response(send)

"""Signed transactions handed to more nodes than the one that we speak to, so that none waits for another's gossip.

go-ethereum sends a transaction to some of its peers and only names it to the others, who wait for half a second before
they ask for it: if one of those makes the next block, it is made without it. The same bytes can be mined only once, so
it does no harm that several nodes have them from us.

Trust: nothing that these nodes answer is looked at, nor that they do not.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import ClientError, ClientSession, ClientTimeout

from chain.answers import to_hex

PATIENCE = 2.0
"""Seconds that a node may take; by then gossip has come to it as well."""

MOST = 200
"""How much may be on its way at once; nodes that hang are not waited for by more than that."""

_JSON = {"content-type": "application/json"}


class Spreading:
    """Connections to the nodes at `urls`, and what is on its way to them."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = tuple(urls)
        self._session: ClientSession | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def spread(self, raw: bytes) -> None:
        """Begin to hand a signed transaction to every node."""
        question = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [to_hex(raw)]}
        body = json.dumps(question).encode()
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=PATIENCE))
        for url in self._urls:
            if len(self._under_way) < MOST:
                task = asyncio.create_task(_hand(self._session, url, body))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Give up what is on its way, and close the connections."""
        given_up = tuple(self._under_way)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
        session, self._session = self._session, None
        if session is not None:
            await session.close()


async def _hand(session: ClientSession, url: str, body: bytes) -> None:
    with suppress(ClientError, TimeoutError, OSError):
        async with session.post(url, data=body, headers=_JSON) as answer:
            await answer.read()

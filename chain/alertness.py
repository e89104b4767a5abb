"""Noticing at once what is new in the database: a call that was written, a block that the indexer has read.

Other processes write them, so one has to look. A look costs next to nothing (`store.news`), and is made so often that a
call waits for one less than a hundredth of a block's time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, closing, suppress

from chain.deployment import Deployment
from chain.pausing import pause
from store import calls, cursors
from store.database import Database
from store.errors import StoreError
from store.news import News
from store.records import Cursor

LOOK = 0.01
"""Seconds between two looks."""


class Alertness:
    """Lets the calls of some keys be started when they are written, and ends a rest when the cursor moves.

    Args:
        database: the outbox.
        deployment: whose cursor.
        keys: whose calls.
        start: is called with the keys that have new calls, beside whatever else goes on.
    """

    def __init__(
        self,
        database: Database,
        deployment: Deployment,
        keys: Sequence[bytes],
        start: Callable[[frozenset[bytes]], Awaitable[None]],
    ) -> None:
        self._database = database
        self._deployment = deployment
        self._keys = keys
        self._start = start
        self._version: object = None
        self._queued: AbstractSet[int] = frozenset()
        self._cursor: Cursor | None = None
        self._moved = asyncio.Event()
        self._over = False
        self._watching: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def on(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """Look until `stop` or the end of the block, whichever is first; what was started is finished."""
        self._over = False
        self._watching = asyncio.create_task(self._watch(stop))
        try:
            yield
        finally:
            self._over = True
            await self._watching

    async def rest(self, seconds: float) -> None:
        """Wait that long, or until the indexer has read something, or until the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), seconds)
        self._moved.clear()
        if self._watching is not None and self._watching.done():
            self._watching.result()

    async def _watch(self, stop: asyncio.Event) -> None:
        chain = self._deployment.chain
        try:
            async with asyncio.TaskGroup() as starting:
                with closing(self._database.news(chain, self._keys)) as news:
                    while not (stop.is_set() or self._over):
                        if fresh := self._look(news):
                            starting.create_task(self._begin(fresh))
                        await pause(stop, LOOK)
        finally:
            self._moved.set()

    async def _begin(self, keys: frozenset[bytes]) -> None:
        await self._start(keys)

    def _look(self, news: News) -> frozenset[bytes]:
        """Give the keys that have calls which were not there at the last look."""
        try:
            version = news.look()
            if version == self._version:
                return frozenset()
            with self._database.read() as connection:
                queued = calls.queued(connection, self._deployment.chain, self._keys)
                cursor = cursors.read(connection, self._deployment.name)
        except StoreError:
            return frozenset()  # the rounds say so
        self._version = version
        fresh = frozenset(queued[call] for call in queued.keys() - self._queued)
        self._queued = queued.keys()
        if cursor != self._cursor:
            self._cursor = cursor
            self._moved.set()
        return fresh

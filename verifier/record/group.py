"""Lines that are written and synced together, and those who wait for that."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterable

from verifier.record.segments import Segment

_Waiting = asyncio.Future[None]


class Group:
    """Made by whoever appends, settled once by whoever writes; safe between threads and event loops."""

    __slots__ = ("_lock", "_waiting", "done", "error", "pieces")

    def __init__(self) -> None:
        self.pieces: list[tuple[Segment, bytes]] = []
        self.done = False
        self.error: OSError | None = None
        self._lock = threading.Lock()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, _Waiting]] = []

    async def durable(self) -> None:
        """Wait until the lines are on the disk.

        Raises:
            OSError: they are not, and will not be.
        """
        future = self._future()
        if future is not None:
            await future
        if self.error is not None:
            raise OSError(*self.error.args) from self.error

    def settle(self, error: OSError | None) -> None:
        """Say how it went, once."""
        with self._lock:
            self.error = error
            self.done = True
            waiting, self._waiting = self._waiting, []
        by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Waiting]] = defaultdict(list)
        for loop, future in waiting:
            by_loop[loop].append(future)
        for loop, futures in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_wake, futures)

    def _future(self) -> _Waiting | None:
        with self._lock:
            if self.done:
                return None
            loop = asyncio.get_running_loop()
            future: _Waiting = loop.create_future()
            self._waiting.append((loop, future))
            return future


def _wake(futures: Iterable[_Waiting]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)

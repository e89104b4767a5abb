"""Gathering: what many ask for within a few milliseconds is written together, in one transaction and one sync.

Whoever asks waits until it is written, so that what was answered is never lost. While one group is written the next
one gathers: the busier it is, the more go together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

PAUSE = 0.004
"""Seconds for which a first one usually waits for others."""
MOST = 250
"""The most that are written together."""

Place = TypeVar("Place", bound=Hashable)
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Gathering(Generic[Place, Item, Answer]):
    """Hands what is put at one place on together.

    Args:
        write: writes a group and gives an answer to each, in the same order; it runs in a thread. Where it raises,
            nobody of the group was served.
        pause: seconds for which a first one waits for others.
        here: where `write` waits for nobody, so many go together on the event loop, and none to a thread: to change
            over to one and back takes as long as a millisecond's work.
    """

    def __init__(
        self,
        write: Callable[[Place, Sequence[Item]], Sequence[Answer]],
        *,
        pause: float = PAUSE,
        here: int | None = None,
    ) -> None:
        self._write = write
        self._pause = pause
        self._here = here
        self._waiting: dict[Place, list[tuple[Item, asyncio.Future[Answer]]]] = {}
        self._writers: dict[Place, asyncio.Task[None]] = {}

    async def put(self, place: Place, item: Item) -> Answer:
        """Give the answer to an item, once its group is written; raises what `write` raised."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(place, []).append((item, future))
        if place not in self._writers:
            self._writers[place] = asyncio.create_task(self._hand_on(place))
        return await future

    async def _hand_on(self, place: Place) -> None:
        await asyncio.sleep(self._pause)
        waiting = self._waiting[place]
        while waiting:
            most = self._here or MOST
            group, waiting[:most] = waiting[:most], []
            await self._serve(place, group)
            if self._here is not None:
                await asyncio.sleep(0)  # others have their turn
        del self._writers[place], self._waiting[place]

    async def _serve(self, place: Place, group: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            items = [item for item, _ in group]
            if self._here is None:
                answers = await asyncio.to_thread(self._write, place, items)
            else:
                answers = self._write(place, items)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where they wait
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(group, answers, strict=True):
            if not future.done():  # who hung up is not answered, and what was asked is done all the same
                future.set_result(answer)

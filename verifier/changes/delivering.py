"""The deliverer: sends what is due, each watch in a lane of its own, so that a slow receiver holds up nobody else.

An attempt is sent first and written down after, since nobody can do both at once: killed in between, it sends the same
again under the same `webhook-id`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from http import HTTPStatus

from store import deliveries, watches
from store.database import Connection, Database
from store.deliveries import Attempt, Delivery, Due
from store.errors import StoreError
from store.states import WatchEnd
from verifier.access.entitled import may
from verifier.callers import Scope
from verifier.changes.attempts import next_attempt
from verifier.changes.message import headers, message
from verifier.changes.posting import Post
from verifier.changes.turns import keep_looking, new_holder, take_turn
from verifier.clock import seconds_now
from verifier.faults import KeyringError
from verifier.keys.watch_key import WatchKeys

_LOG = logging.getLogger(__name__)
LEASE = "deliveries"
LANES = 64
"""Watches that are served at once."""
AT_ONCE = 4
"""Deliveries of one watch that are under way at once."""
GRACE = 4.0
"""Seconds that what is under way has to end in, when the process does."""


class Deliverer:
    """Delivers changes.

    Args:
        database: where deliveries are.
        post: sends them.
        keys: open the secrets of watches.
        clock: seconds since 1970.
        chance: a number from 0 to 1, another one at each call.
    """

    def __init__(
        self,
        database: Database,
        post: Post,
        keys: WatchKeys,
        *,
        clock: Callable[[], int] = seconds_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._post = post
        self._keys = keys
        self._clock = clock
        self._chance = chance
        self._holder = new_holder()
        self._lanes: dict[str, asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event, every: float) -> None:
        """Deliver until `stop`; what is under way then has a moment to end, and is sent again where it does not."""
        try:
            await keep_looking("the deliverer of changes", self._look, stop, every)
        finally:
            lanes = list(self._lanes.values())
            if lanes:
                await asyncio.wait(lanes, timeout=GRACE)
            for lane in lanes:
                lane.cancel()

    async def start_due(self) -> int:
        """Start a lane for each watch that has something due and none yet; answer how many were started.

        Raises:
            StoreError: the database does not answer.
        """
        found = await asyncio.to_thread(self._due_watches)
        new = [watch for watch in found if watch not in self._lanes][: LANES - len(self._lanes)]
        for watch in new:
            self._lanes[watch] = asyncio.create_task(self._serve(watch))
            self._lanes[watch].add_done_callback(lambda _, watch=watch: self._lanes.pop(watch))  # type: ignore[misc]
        return len(new)

    async def idle(self) -> None:
        """Wait until no lane is at work."""
        while self._lanes:
            await asyncio.wait(list(self._lanes.values()))

    async def _look(self) -> bool:
        await self.start_due()
        return False

    async def _serve(self, watch: str) -> None:
        """Send what is due of one watch, a few at a time, until nothing is."""
        try:
            while found := await asyncio.to_thread(self._due, watch):
                outcomes = await asyncio.gather(*map(self._deliver, found), return_exceptions=True)
                for error in filter(None, outcomes):
                    raise error
        except StoreError as error:
            _LOG.warning("deliveries of watch %s wait: %s", watch, error)

    async def _deliver(self, due: Due) -> None:
        try:
            secret = self._keys.open(due.secret, due.delivery.watch)
        except KeyringError as error:
            _LOG.error("nothing can be signed: %s", error)  # the sentence says it all
            attempt = Attempt(status=None, error="secret_unreadable")
        else:
            body = message(due.delivery.change)
            attempt = await self._post.send(due.url, body, headers(due.delivery.id, body, secret, self._clock()))
        await asyncio.to_thread(self._write, due.delivery, attempt)

    def _due_watches(self) -> tuple[str, ...]:
        limit = LANES + len(self._lanes)
        with self._database.read() as connection:
            found = deliveries.due_watches(connection, now=self._clock(), limit=limit)
        if not found:
            return ()
        with self._database.begin() as connection:
            return found if take_turn(connection, LEASE, self._holder, self._clock()) else ()

    def _due(self, watch: str) -> tuple[Due, ...]:
        """Give what is due of a watch; end it where its owner may not be told any more."""
        with self._database.read() as connection:
            found = deliveries.due(connection, watch, now=self._clock(), limit=AT_ONCE)
            if not found or may(connection, found[0].caller, Scope.VERIFY):
                return found
        with self._database.begin() as connection:
            watches.end(connection, watch, reason=WatchEnd.SHUT_OUT, now=self._clock())
        return ()

    def _write(self, tried: Delivery, attempt: Attempt) -> None:
        with self._database.begin() as connection:
            settle(connection, tried, attempt, now=self._clock(), chance=self._chance())


def settle(connection: Connection, tried: Delivery, attempt: Attempt, *, now: int, chance: float) -> None:
    """Write how an attempt went: done; ended with its watch (410); to be tried again; or failed for good."""
    again = next_attempt(tried.attempts + 1, now, chance)
    if attempt.error is None:
        deliveries.done(connection, tried, attempt, now=now)
    elif attempt.status == HTTPStatus.GONE:
        watches.end(connection, tried.watch, reason=WatchEnd.GONE, now=now)
        deliveries.gone(connection, tried, attempt)
    elif again is None:
        deliveries.fail(connection, tried, attempt, now=now)
    else:
        deliveries.put_off(connection, tried, attempt, until=again)

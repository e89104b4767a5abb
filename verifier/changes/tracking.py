"""The tracker: settled status events become changes of those who relied, and changes become deliveries.

What happened too long ago for anybody to be told still is deleted, when there is nothing else to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ecert.days import DAY
from store import cursors, past_changes, tracking, watches
from store.database import Database
from verifier.changes.turns import keep_looking, new_holder, take_turn
from verifier.clock import seconds_now

LEASE = "changes"
FORGET_EVERY = 600
"""Seconds between two times that old changes are deleted."""


class Tracker:
    """Writes changes and deliveries, piece by piece, each piece in one transaction.

    Args:
        database: where events, reliances and watches are.
        days: for how long changes are kept.
        clock: seconds since 1970.
    """

    def __init__(self, database: Database, *, days: int, clock: Callable[[], int] = seconds_now) -> None:
        self._database = database
        self._seconds = days * DAY
        self._forget_at = 0
        self._clock = clock
        self._holder = new_holder()

    async def run(self, stop: asyncio.Event, every: float) -> None:
        """Track until `stop`."""
        await keep_looking("the tracker of changes", self._look, stop, every)

    def step(self) -> bool:
        """Do one piece of what is due; answer whether there was any.

        Raises:
            StoreError: the database does not answer; what is written is whole, and a repeat writes nothing twice.
        """
        with self._database.read() as connection:
            ledgers = [each.ledger for each in cursors.all(connection) if tracking.is_due(connection, each.ledger)]
            unsent = watches.is_behind(connection)
        if not ledgers and not unsent:
            return self._forget()
        with self._database.begin() as connection:
            if not take_turn(connection, LEASE, self._holder, self._clock()):
                return False
            for ledger in ledgers:
                tracking.track(connection, ledger)
            watches.spread(connection, now=self._clock())
        return True

    def _forget(self) -> bool:
        """Delete a piece of what is over, now and then; answer whether there may be more."""
        now = self._clock()
        if now < self._forget_at:
            return False
        with self._database.begin() as connection:
            mine = take_turn(connection, LEASE, self._holder, now)
            forgotten = past_changes.forget(connection, before=now - self._seconds) if mine else 0
        more = forgotten == past_changes.PIECE
        self._forget_at = now if more else now + FORGET_EVERY
        return more

    async def _look(self) -> bool:
        return await asyncio.to_thread(self.step)

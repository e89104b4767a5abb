"""The tracker: settled status events become changes of those who relied, and changes become deliveries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from store import changes, cursors, watches
from store.database import Database
from verifier.changes.turns import keep_looking, new_holder, seconds_now, take_turn

LEASE = "changes"


class Tracker:
    """Writes changes and deliveries, piece by piece, each piece in one transaction.

    Args:
        database: where events, reliances and watches are.
        clock: seconds since 1970.
    """

    def __init__(self, database: Database, *, clock: Callable[[], int] = seconds_now) -> None:
        self._database = database
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
            ledgers = [each.ledger for each in cursors.all(connection) if changes.is_due(connection, each.ledger)]
            unsent = watches.is_behind(connection)
        if not ledgers and not unsent:
            return False
        with self._database.begin() as connection:
            if not take_turn(connection, LEASE, self._holder, self._clock()):
                return False
            for ledger in ledgers:
                changes.track(connection, ledger)
            watches.spread(connection, now=self._clock())
        return True

    async def _look(self) -> bool:
        return await asyncio.to_thread(self.step)

"""The leases on a sender's keys: taken when one is needed, kept while it lasts, given back at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable

from store import leases
from store.database import Database
from store.errors import StoreError
from store.records import Lease

SECONDS = 15
"""How long a key stays ours without a sign of life."""

log = logging.getLogger(__name__)


class Holding:
    """The leases of one sender, which `holder` names, on keys of one chain."""

    def __init__(self, database: Database, chain: str, holder: str, clock: Callable[[], float]) -> None:
        self._database = database
        self._chain = chain
        self._holder = holder
        self._clock = clock
        self._held: dict[bytes, Lease] = {}

    def take(self, key: bytes) -> Lease | None:
        """Give the key's lease: the one that is held, unless half of its time is over; None: somebody else has it."""
        now, held = int(self._clock()), self._held.get(key)
        if held is not None and SECONDS // 2 < held.until - now <= SECONDS:
            return held
        name = leases.sender_name(self._chain, key)
        with self._database.begin() as connection:
            taken = leases.take(connection, name, holder=self._holder, now=now, seconds=SECONDS)
        self.lose(key)
        if taken is not None:
            self._held[key] = taken
        return taken

    def lose(self, key: bytes) -> None:
        """Forget a lease that turned out to be another's."""
        self._held.pop(key, None)

    def release(self) -> None:
        """Give all of them back; those that cannot be given back run out by themselves."""
        for lease in self._held.values():
            try:
                with self._database.begin() as connection:
                    leases.release(connection, lease)
            except StoreError as error:
                log.warning("a key's lease runs out by itself: %s", error)
        self._held.clear()

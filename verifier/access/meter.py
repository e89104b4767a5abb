"""How much each client does: counted in memory, added to the database every few seconds, and held against its quota.

The day's sum is that of all processes, as of the last time that the counts were written and read; a client may pass its
quota by what it did in those seconds. A process that is killed loses what it had not written. Where the answer to a
commit is lost, the counts are taken as written: at worst those seconds are missing, and nobody is counted twice. While
the database is away the counts wait in memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping

from ecert.days import DAY
from store import usage
from store.database import Database
from store.errors import CommitUncertain, StoreError
from store.usage import Used
from verifier.access.paces import too_many
from verifier.callers import Act

_LOG = logging.getLogger(__name__)
EAST = 8 * 3600
"""Days begin at midnight at +08:00, as everywhere in this service."""


class Meter:
    """Counts what clients do in this process, and knows what they did in all."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._waiting: Counter[Used] = Counter()
        self._day = day_of(clock())
        self._spent: Counter[str] = Counter()

    def spend(self, client: str, act: Act, count: int, per_day: int | None) -> None:
        """Count what a client is about to do; raises `RequestRefused` (429) where its quota has not so much left."""
        left = count if per_day is None else max(0, per_day - self.used_today(client))
        if left < count:
            some = f"The quota of the day has {left} left, and this takes {count}: ask for fewer, or come again later."
            raise too_many(some if left else "The quota of the day is used up.", DAY - (self._clock() + EAST) % DAY)
        self.count(client, act, count)

    def count(self, client: str, act: Act, count: int = 1) -> None:
        """Count what a client did, whatever its quota."""
        self._turn()
        self._waiting[Used(client=client, day=self._day, kind=act)] += count
        if act is not Act.REFUSED:
            self._spent[client] += count

    def used_today(self, client: str) -> int:
        """Give what a client has used of its quota today, as far as it is known here."""
        self._turn()
        return self._spent[client]

    async def flush(self) -> None:
        """Write what was counted and read the day's sums; what cannot be written waits."""
        going, self._waiting = self._waiting, Counter()
        try:
            sums = await asyncio.to_thread(self._written, going)
        except CommitUncertain:
            _LOG.warning("counts of usage may be lost: the database did not say whether it took them")
        except StoreError as error:
            self._waiting.update(going)
            _LOG.debug("counts of usage wait: %s", error)
        else:
            self._turn()
            self._spent = Counter()
            for used, count in (*sums.items(), *self._waiting.items()):
                if used.day == self._day and used.kind != Act.REFUSED:
                    self._spent[used.client] += count

    def _turn(self) -> None:
        """Begin anew where the day has ended."""
        day = day_of(self._clock())
        if day != self._day:
            self._day = day
            self._spent = Counter()

    def _written(self, counts: Mapping[Used, int]) -> Mapping[Used, int]:
        day = day_of(self._clock())
        if not counts:
            with self._database.read() as connection:
                return usage.of_day(connection, day)
        with self._database.begin() as connection:
            usage.add(connection, counts)
            return usage.of_day(connection, day)


def day_of(now: int) -> int:
    """Give the number of the day, since 1970, on which a second falls at +08:00."""
    return (now + EAST) // DAY

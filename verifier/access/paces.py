"""How often: so many calls a minute for each client, for each address of those whom nobody knows, and for wrong tries.

A sliding window, estimated from two counts (this minute's, and the last one's as far as it is not yet a minute ago), in
the memory of this process: with several processes at one port a caller may get as many times the figure as there are
processes. What must hold across processes is the quota a day (`verifier.access.meter`).
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from verifier.problems import Code, RequestRefused

MINUTE = 60


class Of(StrEnum):
    """What is counted by itself."""

    CLIENT = "client"
    ADDRESS = "address"
    WRONG_TRY = "wrong_try"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerMinute:
    """The figures: calls of a client that has none of its own; calls, and wrong tries, of an address."""

    client: int = 12_000
    address: int = 600
    wrong_tries: int = 20


class Paces:
    """Counts, and refuses what is too much. `clock`: the time now, in seconds."""

    def __init__(self, figures: PerMinute, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._most: Mapping[Of, int] = MappingProxyType(
            {Of.CLIENT: figures.client, Of.ADDRESS: figures.address, Of.WRONG_TRY: figures.wrong_tries}
        )
        self._minute = 0
        self._now: Counter[tuple[Of, str]] = Counter()
        self._before: Counter[tuple[Of, str]] = Counter()

    def hit(self, of: Of, name: str, most: int | None = None) -> None:
        """Count one, and refuse it with 429 where it is too much; `most` in place of the usual figure."""
        self._refuse_beyond(of, name, self._most[of] if most is None else most)
        self._now[of, name] += 1

    def refuse_after_tries(self, name: str) -> None:
        """Refuse with 429 where there were too many wrong tries already; counts nothing."""
        self._refuse_beyond(Of.WRONG_TRY, name, self._most[Of.WRONG_TRY])

    def count_wrong_try(self, name: str) -> None:
        """Count a try that was wrong."""
        self._turn()
        self._now[Of.WRONG_TRY, name] += 1

    @contextmanager
    def trying(self, name: str, wrong: type[Exception]) -> Iterator[None]:
        """Count a try before it is judged, so that many at once are no more than one by one.

        What ends without `wrong` was none after all. Refuses with 429 where there were too many.
        """
        self.hit(Of.WRONG_TRY, name)
        try:
            yield
        except wrong:
            raise
        except Exception:
            self._take_back(Of.WRONG_TRY, name)
            raise
        self._take_back(Of.WRONG_TRY, name)

    def _take_back(self, of: Of, name: str) -> None:
        """Count one less, of this minute or the last one's."""
        self._turn()
        counts = self._now if self._now[of, name] else self._before
        counts[of, name] = max(0, counts[of, name] - 1)

    def _refuse_beyond(self, of: Of, name: str, most: int) -> None:
        past = self._turn()
        before, now = self._before[of, name], self._now[of, name]
        if before * (MINUTE - past) / MINUTE + now + 1 <= most:
            return
        free = _share_gone(before, most - now) * MINUTE - past
        if now >= most:
            free = (1 + _share_gone(now, most)) * MINUTE - past
        raise too_many("Too many calls: come again later.", math.ceil(free))

    def _turn(self) -> float:
        """Begin anew where the minute has ended; give how many seconds of it are gone."""
        minute, past = divmod(self._clock(), MINUTE)
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else Counter()
            self._now = Counter()
            self._minute = int(minute)
        return past


def _share_gone(count: int, most: int) -> float:
    """Give how much of a minute must go by until `count` calls of the one before leave room for one within `most`."""
    return 1 - max(0, most - 1) / count if count else 0.0


def too_many(detail: str, seconds: int) -> RequestRefused:
    """Make the refusal that says when to come again."""
    return RequestRefused(Code.TOO_MANY, detail, headers={"retry-after": str(max(1, seconds))})

"""How often: so many calls a minute for each client, for each address of those whom nobody knows, and for wrong tries.

Counted in a sliding window, in the memory of this process: with several processes at one port a caller may get as many
times the figure as there are processes. What must hold across processes is the quota a day (`verifier.access.meter`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from verifier.problems import Code, RequestRefused


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
    """Counts, and refuses what is too much."""

    def __init__(self, figures: PerMinute) -> None:
        self._windows = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._items: Mapping[Of, RateLimitItemPerMinute] = MappingProxyType(
            {
                Of.CLIENT: RateLimitItemPerMinute(figures.client),
                Of.ADDRESS: RateLimitItemPerMinute(figures.address),
                Of.WRONG_TRY: RateLimitItemPerMinute(figures.wrong_tries),
            }
        )

    def hit(self, of: Of, name: str, most: int | None = None) -> None:
        """Count one, and refuse it with 429 where it is too much; `most` in place of the usual figure."""
        item = self._item(of, most)
        if not self._windows.hit(item, of, name):
            raise self._refusal(item, of, name)

    def refuse_after_tries(self, name: str) -> None:
        """Refuse with 429 where there were too many wrong tries already; counts nothing."""
        item = self._items[Of.WRONG_TRY]
        if not self._windows.test(item, Of.WRONG_TRY, name):
            raise self._refusal(item, Of.WRONG_TRY, name)

    def count_wrong_try(self, name: str) -> None:
        """Count a try that was wrong."""
        self._windows.hit(self._items[Of.WRONG_TRY], Of.WRONG_TRY, name)

    def _item(self, of: Of, most: int | None) -> RateLimitItemPerMinute:
        return self._items[of] if most is None else RateLimitItemPerMinute(most)

    def _refusal(self, item: RateLimitItemPerMinute, of: Of, name: str) -> RequestRefused:
        reset = self._windows.get_window_stats(item, of, name).reset_time
        return too_many("Too many calls: come again later.", math.ceil(reset - time.time()))


def too_many(detail: str, seconds: int) -> RequestRefused:
    """Make the refusal that says when to come again."""
    return RequestRefused(Code.TOO_MANY, detail, headers={"retry-after": str(max(1, seconds))})

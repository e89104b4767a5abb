"""When a delivery is tried again, and when no more: a pure rule."""

from __future__ import annotations

_MINUTE, _HOUR = 60, 3600
DELAYS = (5, 30, 2 * _MINUTE, 10 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, *[12 * _HOUR] * 5)
"""Seconds from each attempt to the next: 13 attempts in about three days."""
JITTER = 0.2
"""The most by which a delay is lengthened, so that those who failed together do not come back together."""


def next_attempt(made: int, now: int, chance: float) -> int | None:
    """Give the time of the attempt after `made` of them; None: that was the last. `chance` is 0 ... 1."""
    if made > len(DELAYS):
        return None
    return now + round(DELAYS[made - 1] * (1 + JITTER * chance))

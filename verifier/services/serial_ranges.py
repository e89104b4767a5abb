"""Serials gathered into ranges, and said as `ecert status` takes them."""

from __future__ import annotations

from collections.abc import Iterable


def ranges(serials: Iterable[int]) -> tuple[range, ...]:
    """Gather rising serials into ranges."""
    found: list[range] = []
    for serial in serials:
        if found and found[-1].stop == serial:
            found[-1] = range(found[-1].start, serial + 1)
        else:
            found.append(range(serial, serial + 1))
    return tuple(found)


def range_words(found: Iterable[range]) -> list[str]:
    """Name ranges: `7`, `9-12`."""
    return [str(each.start) if len(each) == 1 else f"{each.start}-{each.stop - 1}" for each in found]

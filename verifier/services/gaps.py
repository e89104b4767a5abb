"""What a rebuilt database lacks: batches of which not every certificate was kept.

A certificate that was never handed out was in the lost database alone: the chain has no more than a hash over it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOST_NAMED = 10
"""Ranges of missing certificates that a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A batch of ours of which not every certificate was kept: so many of `count` were, and `missing` not."""

    agency: str
    first_serial: int
    count: int
    missing: tuple[range, ...]

    @property
    def kept(self) -> int:
        """How many were kept."""
        return self.count - sum(map(len, self.missing))

    def missing_words(self) -> list[str]:
        """Name those that were not kept as `ecert status` takes them: `7`, `9-12`."""
        return [str(each.start) if len(each) == 1 else f"{each.start}-{each.stop - 1}" for each in self.missing]

    def __str__(self) -> str:
        """Give a sentence."""
        last = self.first_serial + self.count - 1
        words = self.missing_words()
        named = " ".join(words[:MOST_NAMED]) + (" ..." if len(words) > MOST_NAMED else "")
        return (
            f"{self.agency} {self.first_serial} to {last}: {self.kept} of {self.count} certificates were kept;"
            f" find {named}, or issue again and revoke {named}"
        )


def ranges(serials: Iterable[int]) -> tuple[range, ...]:
    """Gather rising serials into ranges."""
    found: list[range] = []
    for serial in serials:
        if found and found[-1].stop == serial:
            found[-1] = range(found[-1].start, serial + 1)
        else:
            found.append(range(serial, serial + 1))
    return tuple(found)

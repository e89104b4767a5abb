"""What a rebuilt database lacks: batches of which not every certificate was kept.

A certificate that was never handed out was in the lost database alone: the chain has no more than a hash over it.
"""

from __future__ import annotations

from dataclasses import dataclass

from verifier.services.serial_ranges import range_words, ranges

MOST_NAMED = 10
"""Ranges of missing certificates that a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A batch of ours of which not every certificate was kept: so many of `count` were, and `missing` not.

    `ended`: those of the missing ones that nobody needs again: they are revoked or replaced on the ledger, or what was
    kept is about to replace them.
    """

    agency: str
    first_serial: int
    count: int
    missing: tuple[range, ...]
    ended: tuple[range, ...] = ()

    @property
    def kept(self) -> int:
        """How many were kept."""
        return self.count - sum(map(len, self.missing))

    def missing_words(self) -> list[str]:
        """Name those that were not kept as `ecert status` takes them: `7`, `9-12`."""
        return range_words(self.missing)

    def ended_words(self) -> list[str]:
        """Name those of them that nobody needs again."""
        return range_words(self.ended)

    def __str__(self) -> str:
        """Give a sentence."""
        last = self.first_serial + self.count - 1
        ended = {serial for each in self.ended for serial in each}
        wanted = ranges(serial for each in self.missing for serial in each if serial not in ended)
        advice = []
        if wanted:
            named = _named(range_words(wanted))
            advice.append(f"find {named}, or issue again and revoke {named}")
        if ended:
            named = _named(self.ended_words())
            advice.append(f"revoked or replaced, or about to be, nothing but the file is missing: {named}")
        return (
            f"{self.agency} {self.first_serial} to {last}: {self.kept} of {self.count} certificates were kept;"
            f" {'; '.join(advice)}"
        )


def _named(words: list[str]) -> str:
    return " ".join(words[:MOST_NAMED]) + (" ..." if len(words) > MOST_NAMED else "")

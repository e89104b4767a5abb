"""The batches of one agency in the order of their serials: found by serial in O(log n), extended without a copy.

A ledger takes an agency's serials in rising order only, so batches are appended and never inserted. They lie in pages;
a longer list shares all full pages with the one that it grew from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ecert.errors import ContradictionError
from ecert.facts import BatchFacts

_PAGE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPages:
    """An immutable list of batches, pages of at most 512, all but the last one full."""

    pages: tuple[tuple[BatchFacts, ...], ...] = ()

    def covering(self, serial: int) -> BatchFacts | None:
        """Find the batch that has `serial`, or None."""
        page_number = bisect_right(self.pages, serial, key=_first_of_page) - 1
        if page_number < 0:
            return None
        page = self.pages[page_number]
        batch = page[bisect_right(page, serial, key=_first) - 1]
        return batch if serial < batch.first_serial + batch.count else None

    def __iter__(self) -> Iterator[BatchFacts]:
        """Give all batches, in the order of their serials."""
        for page in self.pages:
            yield from page

    def extended(self, batches: Sequence[BatchFacts]) -> BatchPages:
        """Give the list that goes on with `batches`.

        Raises:
            ContradictionError: a batch begins below the end of the one before; no ledger takes a serial twice.
        """
        _refuse_overlap(self.pages[-1][-1:] if self.pages else (), batches)
        if self.pages and len(self.pages[-1]) < _PAGE:
            full, tail = self.pages[:-1], [*self.pages[-1], *batches]
        else:
            full, tail = self.pages, list(batches)
        return BatchPages(pages=full + tuple(tuple(tail[i : i + _PAGE]) for i in range(0, len(tail), _PAGE)))


def _first(batch: BatchFacts) -> int:
    return batch.first_serial


def _first_of_page(page: tuple[BatchFacts, ...]) -> int:
    return page[0].first_serial


def _refuse_overlap(last: Sequence[BatchFacts], batches: Sequence[BatchFacts]) -> None:
    end = last[0].first_serial + last[0].count if last else 0
    for batch in batches:
        if batch.first_serial < end:
            raise ContradictionError(f"a batch begins at serial {batch.first_serial}, which an earlier one has")
        end = batch.first_serial + batch.count

"""Every status change of one agency's serials, so that any time in the past can be asked; 24 bytes a change.

Serials lie in pages of 2,048. A page is rebuilt when one of its serials changes and shared otherwise, so that a new
block costs a few pages, and a city's statuses a few megabytes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ecert.events import Place
from ecert.facts import Status, StatusFacts

_OFFSET_BITS = 11
_OFFSET_MASK = (1 << _OFFSET_BITS) - 1
_REST_BITS = 64 - _OFFSET_BITS
_REST_MASK = (1 << _REST_BITS) - 1  # 53 bits: a serial, or a sequence of 51 bits with a status of two
_STATUSES = tuple(Status)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """The changes of 2,048 neighbouring serials, sorted by serial and then by sequence, in arrays never written again.

    `keys`: offset (11 bits), sequence (51), status (2). `blocks`, `times`: parallel to `keys`.
    `successors`: offset (11 bits), successor (53).
    """

    keys: array[int]
    blocks: array[int]
    times: array[int]
    successors: array[int]

    def changes(self, offset: int, settled_block: int) -> Iterator[StatusFacts]:
        """Give one serial's changes, oldest first."""
        for at in _span(self.keys, offset):
            status = _STATUSES[self.keys[at] & 3]
            yield StatusFacts(
                status=status,
                time=self.times[at],
                block=self.blocks[at],
                settled=self.blocks[at] <= settled_block,
                successors=self.named(offset) if status is Status.SUPERSEDED else (),
            )

    def named(self, offset: int) -> tuple[int, ...]:
        """Give the successors of one serial, in rising order."""
        return tuple(self.successors[at] & _REST_MASK for at in _span(self.successors, offset))

    def offsets(self) -> Iterator[int]:
        """Give the offsets of the serials that ever changed, each once."""
        seen = -1
        for key in self.keys:
            if key >> _REST_BITS != seen:
                seen = key >> _REST_BITS
                yield seen


_EMPTY = StatusPage(keys=array("Q"), blocks=array("Q"), times=array("Q"), successors=array("Q"))


@dataclass(frozen=True, slots=True)
class PendingChanges:
    """Changes that are being gathered, by page, until a history takes them."""

    rows: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    successors: dict[int, list[int]] = field(default_factory=dict)

    def add(self, serials: Iterable[int], status: int, place: Place) -> None:
        """Gather that `serials` moved to `status` at `place`."""
        rest = place.sequence << 2 | status
        block, time, rows = place.block, place.time, self.rows
        for serial in serials:
            row = ((serial & _OFFSET_MASK) << _REST_BITS | rest, block, time)
            page = rows.get(serial >> _OFFSET_BITS)
            if page is None:
                rows[serial >> _OFFSET_BITS] = [row]
            else:
                page.append(row)

    def supersede(self, old: int, successors: Iterable[int], place: Place) -> None:
        """Gather that `old` was replaced by `successors` at `place`."""
        self.add((old,), Status.SUPERSEDED, place)
        offset = (old & _OFFSET_MASK) << _REST_BITS
        self.successors.setdefault(old >> _OFFSET_BITS, []).extend(offset | successor for successor in successors)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusHistory:
    """An immutable history of one agency's serials."""

    pages: Mapping[int, StatusPage] = field(default_factory=dict)

    def extended(self, pending: PendingChanges) -> StatusHistory:
        """Give the history that goes on with what was gathered."""
        pages = dict(self.pages)
        for number, rows in pending.rows.items():
            pages[number] = _merged(pages.get(number, _EMPTY), rows, pending.successors.get(number, ()))
        return StatusHistory(pages=pages)

    def changes(self, serial: int, settled_block: int) -> tuple[StatusFacts, ...]:
        """Give one serial's changes, oldest first; settled are those up to `settled_block`."""
        page = self.pages.get(serial >> _OFFSET_BITS)
        return () if page is None else tuple(page.changes(serial & _OFFSET_MASK, settled_block))

    def changed(self, first: int, end: int) -> Iterator[int]:
        """Give the serials from `first` until before `end` that ever changed; both are multiples of 2,048."""
        for number in range(first >> _OFFSET_BITS, end >> _OFFSET_BITS):
            page = self.pages.get(number)
            if page is not None:
                yield from (number << _OFFSET_BITS | offset for offset in page.offsets())


def _merged(page: StatusPage, rows: list[tuple[int, int, int]], successors: Collection[int]) -> StatusPage:
    every = sorted([*zip(page.keys, page.blocks, page.times, strict=True), *rows])
    return StatusPage(
        keys=array("Q", [row[0] for row in every]),
        blocks=array("Q", [row[1] for row in every]),
        times=array("Q", [row[2] for row in every]),
        successors=array("Q", sorted([*page.successors, *successors])) if successors else page.successors,
    )


def _span(keys: array[int], offset: int) -> range:
    return range(bisect_left(keys, offset << _REST_BITS), bisect_left(keys, offset + 1 << _REST_BITS))

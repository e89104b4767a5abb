"""Following the record: whoever goes on from where it was is given every verification once, whenever it comes in.

A cursor says of each lineage up to which line it was read, by the places that receipts name. These are the record's own
and not the database's: however many processes copy at once, and wherever the copies are made anew from the files,
nothing is given twice and nothing is passed over. Of what retention has dropped unread the follower is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from store import arrivals
from store.arrivals import Extent
from store.database import Connection, Database
from store.verifications import Recorded
from verifier.problems import Code, Flaw, RequestRefused
from verifier.record.segments import Segment

BEGINNING = "0"
"""The cursor before all that is kept."""
NOW = "now"
"""The cursor after all that has come in."""
_MOST = 1000
"""Lineages that a cursor names at most."""
_DIGITS = 15
_FIRST = (1, 0)
_KEPT = (0, 0)
"""The beginning of what is kept of a lineage, whatever was dropped before."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """By lineage, the segment's number and the position of the next line; a lineage that is not named began later."""

    places: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        """Give it as `after` says it."""
        places = sorted((Segment(lineage, place[0]), place[1]) for lineage, place in self.places.items())
        return "~".join(f"{segment}.{position}" for segment, position in places) or BEGINNING

    @classmethod
    def read(cls, said: str) -> Cursor:
        """Read what `after` said. Raises ValueError."""
        places: dict[str, tuple[int, int]] = {}
        for each in said.split("~", _MOST):
            name, _, position = each.partition(".")
            segment = Segment.named(name)
            good = position.isascii() and position.isdigit() and len(position) <= _DIGITS
            if segment is None or not good or segment.lineage in places:
                raise ValueError("no place to go on from")
            places[segment.lineage] = (segment.number, int(position))
        return cls(places)

    def moved(self, lineage: str, number: int, position: int) -> Cursor:
        """Give the cursor that stands elsewhere in one lineage."""
        return Cursor({**self.places, lineage: (number, position)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Verifications, each with the cursor after it; `next` is the cursor after all that was looked through."""

    found: Sequence[tuple[Recorded, Cursor]]
    next: Cursor


def follow(database: Database, caller: str | None, after: Cursor | str, limit: int) -> Followed:
    """Give the next verifications of a caller (None: of all) after a cursor, `BEGINNING` or `NOW`.

    Raises:
        RequestRefused: some after the cursor were dropped; `next` says from where none is missing.
        StoreError: the database does not answer.
    """
    with database.read() as connection:
        extents = arrivals.extents(connection)
        if isinstance(after, Cursor):
            _refuse_dropped(after, extents)
            return _read(connection, caller, after, extents, limit)
        if after == NOW:
            return Followed(found=(), next=Cursor({each.lineage: (each.number, each.position) for each in extents}))
        beginning = Cursor({each.lineage: _KEPT for each in extents})
        return _read(connection, caller, beginning, extents, limit)


def follow_on(
    database: Database, caller: str | None, after: Cursor | str, page: int, limit: int | None
) -> Iterator[Followed]:
    """Give all there are, or the next `limit`, page by page, the first page even where it is empty. Raises as above."""
    left = limit
    while True:
        size = page if left is None else min(page, left)
        followed = follow(database, caller, after, size)
        yield followed
        left = None if left is None else left - len(followed.found)
        if len(followed.found) < size or left == 0:
            return
        after = followed.next


def _read(
    connection: Connection, caller: str | None, cursor: Cursor, extents: Sequence[Extent], limit: int
) -> Followed:
    found: list[tuple[Recorded, Cursor]] = []
    for extent in extents:
        place, end = cursor.places.get(extent.lineage, _FIRST), (extent.number, extent.position)
        if place >= end:
            continue
        left = limit - len(found)
        for one in arrivals.between(connection, caller, _named(extent, place), _named(extent, end), left):
            segment = Segment.named(one.segment)
            number = extent.number if segment is None else segment.number
            cursor = cursor.moved(extent.lineage, number, one.position + 1)
            found.append((one, cursor))
        if len(found) == limit:
            break
        cursor = cursor.moved(extent.lineage, *end)
    return Followed(found=found, next=cursor)


def _named(extent: Extent, place: tuple[int, int]) -> arrivals.Place:
    return str(Segment(extent.lineage, place[0])), place[1]


def _refuse_dropped(cursor: Cursor, extents: Sequence[Extent]) -> None:
    after = cursor
    for extent in extents:
        place = cursor.places.get(extent.lineage, _FIRST)
        if place != _KEPT and place[0] <= extent.dropped and place < (extent.number, extent.position):
            after = after.moved(extent.lineage, extent.dropped + 1, 0)
    if after != cursor:
        raise RequestRefused(
            Code.NOT_KEPT,
            "Some verifications after this one are not kept any more. What is kept is listed by its time, without"
            " `after`; to go on following take `next`.",
            [Flaw(place="after", why="some verifications after it are not kept any more, those after `next` are")],
            members={"next": str(after)},
        )

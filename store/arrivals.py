"""Verifications in the order in which their copies came: lineage by lineage, each in the order of its record.

A lineage is copied in its order, and its copies and the move of its shipment are one transaction. So what stands below
the shipment is all there is of the lineage up to there, whoever else copies at the same time, and nothing is put among
it later. Places are those of the record: a copy that is made anew stands where it stood.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, tuple_

from store.tables import shipments, verifications
from store.verifications import Recorded, recorded

Place = tuple[str, int]
"""The name of a segment, and the position of a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a lineage has: all below line `position` of segment `number`; up to segment `dropped`, some are gone."""

    lineage: str
    number: int
    position: int
    dropped: int


def extents(connection: Connection) -> tuple[Extent, ...]:
    """Give the extent of every lineage, in the order of their names."""
    rows = connection.execute(select(shipments).order_by(shipments.c.lineage))
    return tuple(
        Extent(lineage=row.lineage, number=row.number, position=row.position, dropped=row.dropped) for row in rows
    )


def between(connection: Connection, caller: str | None, first: Place, end: Place, limit: int) -> tuple[Recorded, ...]:
    """Give the next verifications of one lineage (`caller` None: of everybody) from a place to before another."""
    place = tuple_(verifications.c.segment, verifications.c.position)
    mine = [] if caller is None else [verifications.c.caller == caller]
    wanted = select(verifications).where(*mine, place >= first, place < end)
    rows = connection.execute(wanted.order_by(verifications.c.segment, verifications.c.position).limit(limit))
    return tuple(recorded(row) for row in rows)

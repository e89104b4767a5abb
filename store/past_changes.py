"""Changes that happened too long ago for anybody to be told of them still, and what became of their deliveries.

Whoever deletes here writes changes, too, one at a time (`store.changes`), and has spread them over all watches before.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, exists, select

from store import changes as told
from store.states import DeliveryState
from store.tables import changes, deliveries

PIECE = 500
"""Changes that are deleted in one transaction."""


def forget(connection: Connection, *, before: int) -> int:
    """Delete the oldest changes, all of blocks before a time, with their deliveries; answer how many they were.

    Two kinds stay: what still waits to be delivered, and the newest change of all, so that numbers go on rising.
    """
    young = select(changes.c.id).where(changes.c.time >= before).order_by(changes.c.id).limit(1)
    first_kept = connection.scalar(young) or told.newest(connection)
    its = deliveries.c.change_id == changes.c.id
    waits = exists().where(its, deliveries.c.state == DeliveryState.WAITING)
    over = select(changes.c.id).where(changes.c.id < first_kept, ~waits).order_by(changes.c.id).limit(PIECE)
    found = connection.execute(over).scalars().all()
    connection.execute(
        delete(deliveries).where(deliveries.c.change_id.in_(found), deliveries.c.state != DeliveryState.WAITING)
    )
    # A delivery that was asked for again just now keeps its change.
    gone = connection.execute(delete(changes).where(changes.c.id.in_(found), ~exists().where(its)))
    return gone.rowcount

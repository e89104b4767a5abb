"""Changes that happened too long ago for anybody to be told of them still, and what became of their deliveries.

What is left of them is, for each caller, the number of the newest: whoever asks from before it has missed changes.
Whoever deletes here writes changes, too, one at a time (`store.tracking`), and has spread them over all watches before.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, exists, select

from store import changes as told
from store.insertion import insert_all
from store.states import DeliveryState
from store.tables import changes, deliveries, forgotten_changes

PIECE = 500
"""Changes that are deleted in one transaction."""

_NEWER = "(caller) DO UPDATE SET newest = excluded.newest WHERE excluded.newest > forgotten_changes.newest"


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
    old = delete(changes).where(changes.c.id.in_(found), ~exists().where(its))
    gone = sorted(connection.execute(old.returning(changes.c.id, changes.c.caller)).all())
    newest = {caller: number for number, caller in gone}
    rows = [{"caller": caller, "newest": number} for caller, number in sorted(newest.items())]
    insert_all(connection, forgotten_changes, rows, _NEWER)
    return len(gone)


def newest_forgotten(connection: Connection, caller: str) -> int:
    """Give the number of a caller's newest change that was deleted; 0 where none was."""
    wanted = select(forgotten_changes.c.newest).where(forgotten_changes.c.caller == caller)
    return connection.scalar(wanted) or 0

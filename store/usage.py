"""How much each caller did on each day, by kind: numbers that several processes add to.

Trust: who can write here can use up somebody's quota, or give more of it. Nothing about any certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from store.insertion import insert_into
from store.tables import usage


class Used(NamedTuple):
    """What is counted by itself: a caller's name, a day (days since 1970), a kind."""

    client: str
    day: int
    kind: str


def add(connection: Connection, counts: Mapping[Used, int]) -> None:
    """Add to the counts; in one order, so that two processes never wait for each other in a circle."""
    for used in sorted(counts):
        row = {"client": used.client, "day": used.day, "kind": used.kind, "count": counts[used]}
        wanted = insert_into(connection, usage).values(row)
        more = {"count": usage.c.count + counts[used]}
        connection.execute(wanted.on_conflict_do_update(index_elements=list(usage.primary_key), set_=more))


def of_day(connection: Connection, day: int) -> dict[Used, int]:
    """Give all counts of a day."""
    return between(connection, day, day)


def between(connection: Connection, first: int, last: int) -> dict[Used, int]:
    """Give all counts from a day to another, both included, oldest first."""
    wanted = (
        select(usage)
        .where(usage.c.day >= first, usage.c.day <= last)
        .order_by(usage.c.day, usage.c.client, usage.c.kind)
    )
    return {
        Used(client=client, day=day, kind=kind): int(count) for client, day, kind, count in connection.execute(wanted)
    }

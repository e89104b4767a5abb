"""What the indexer saw of the chain when it last looked: so that others can tell a stalled chain from a dead indexer.

Trust: nothing is judged from these rows. Whoever can write here can make a service seem well, or ill, to its watchers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from store.insertion import insert_into
from store.states import NodeTrouble
from store.tables import sightings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One look. All times are seconds since 1970: `head_time` by the chain's clock, the others by the indexer's.

    `looked_at`: when it looked. `head`, `head_time`: the newest block that a node has shown; `heard_at`: when one last
    did. `trouble`: what is wrong with the node, since `trouble_since`; None where it answers as it should.
    """

    ledger: str
    looked_at: int
    head: int | None = None
    head_time: int | None = None
    heard_at: int | None = None
    trouble: NodeTrouble | None = None
    trouble_since: int | None = None


def put(connection: Connection, sighting: Sighting) -> None:
    """Store a look in the place of the one before; a repeat changes nothing."""
    row = asdict(sighting)
    statement = insert_into(connection, sightings).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["ledger"], set_=row))


def all(connection: Connection) -> tuple[Sighting, ...]:  # noqa: A001  # always said as `sightings.all`
    """Give the last look at each ledger, by its name."""
    rows = connection.execute(select(sightings).order_by(sightings.c.ledger))
    return tuple(_sighting(**row._asdict()) for row in rows)


def _sighting(*, trouble: str | None, **rest: int) -> Sighting:
    return Sighting(**rest, trouble=None if trouble is None else NodeTrouble(trouble))  # type: ignore[arg-type]

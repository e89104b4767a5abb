"""What proves that a chain's validators have lied: two headers of one height, both sealed by a quorum.

Whoever keeps evidence contests the ledger in the same transaction: its cursor says from which height on, everybody who
holds a copy sees that at once, and nothing is appended until a person has rebuilt the copy.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from store import cursors
from store.insertion import insert_into
from store.issuers import known_ledger, ledger_id
from store.records import Evidence
from store.tables import evidence


def keep(connection: Connection, found: Sequence[Evidence]) -> None:
    """Keep headers of one ledger, and contest it from the lowest of their heights on; a repeat changes nothing.

    Raises:
        NoSuchRow: reading of the ledger has not begun.
    """
    for one in found:
        row = {
            "ledger_id": known_ledger(connection, one.ledger),
            "hash": one.hash,
            "height": one.height,
            "header": one.header,
            "source": one.source,
            "found_at": one.found_at,
        }
        connection.execute(insert_into(connection, evidence).values(row).on_conflict_do_nothing())
        cursors.contest(connection, one.ledger, one.height)


def of(connection: Connection, ledger: str) -> tuple[Evidence, ...]:
    """Give all that is held against a ledger, lowest height first."""
    wanted = select(evidence).where(evidence.c.ledger_id == ledger_id(ledger))
    return tuple(
        Evidence(
            ledger=ledger,
            height=row.height,
            hash=row.hash,
            header=row.header,
            source=row.source,
            found_at=row.found_at,
        )
        for row in connection.execute(wanted.order_by(evidence.c.height, evidence.c.hash))
    )

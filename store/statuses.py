"""What the events say of single serials: their latest status."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from ecert.events import CertificateSuperseded, StatusChanged
from ecert.facts import Status
from store import event_codec
from store.issuers import ledger_id
from store.tables import events

PIECE = 200
"""Events that are read at once, the newest first: what is asked about mostly happened just now."""


def latest(
    connection: Connection,
    ledger: str,
    agency: str,
    serials: Collection[int],
    *,
    above: int = -1,
    until: int | None = None,
) -> dict[int, Status]:
    """Give the latest status of each serial that ever changed; a serial that is not in the answer is valid.

    `above`, `until`: look only at the blocks above one, and at those up to one.
    """
    open_serials = set(serials)
    found: dict[int, Status] = {}
    wanted = (
        select(*event_codec.COLUMNS)
        .where(
            events.c.ledger_id == ledger_id(ledger),
            events.c.agency == agency,
            events.c.name.in_([StatusChanged.__name__, CertificateSuperseded.__name__]),
        )
        .order_by(events.c.block.desc(), events.c.log.desc())
        .execution_options(yield_per=PIECE)
    )
    if above >= 0:
        wanted = wanted.where(events.c.block > above)
    if until is not None:
        wanted = wanted.where(events.c.block <= until)
    with connection.execute(wanted) as rows:
        for piece in rows.partitions():
            for event in event_codec.decode(piece):
                if isinstance(event, StatusChanged):
                    changed, status = open_serials.intersection(event.serials), Status(event.status)
                elif isinstance(event, CertificateSuperseded):
                    changed, status = open_serials.intersection([event.old]), Status.SUPERSEDED
                else:
                    continue
                found.update(dict.fromkeys(changed, status))
                open_serials -= changed
            if not open_serials:
                break
    return found

"""What the events say of single serials: their latest status, and whether it came about behind our back."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, select

from ecert.events import CertificateSuperseded, StatusChanged
from ecert.facts import Status
from store import event_codec
from store.issuers import ledger_id
from store.tables import events, transactions

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
    for changed, status, _, _ in _newest_first(connection, ledger, agency, above=above, until=until):
        hit = open_serials.intersection(changed)
        found.update(dict.fromkeys(hit, status))
        open_serials -= hit
        if not open_serials:
            break
    return found


def overtaken(
    connection: Connection, ledger: str, agency: str, serials: Collection[int], *, aim: Status, since: int
) -> frozenset[int]:
    """Give the serials that are not as `aim` by what was done since a time, and that by no transaction that we know.

    Ours are known, each before it is sent; not so in an older copy of the database that was put back.
    """
    open_serials, changes = set(serials), dict[int, bytes]()
    for changed, status, time, transaction in _newest_first(connection, ledger, agency):
        if time < since or not open_serials:
            break
        hit = open_serials.intersection(changed)
        open_serials -= hit
        if status is not aim:
            changes.update(dict.fromkeys(hit, transaction))
    known = select(transactions.c.tx_hash).where(
        transactions.c.chain == ledger.rpartition(":")[0], transactions.c.tx_hash.in_(set(changes.values()))
    )
    ours = set(connection.execute(known).scalars()) if changes else set()
    return frozenset(serial for serial, transaction in changes.items() if transaction not in ours)


def _newest_first(
    connection: Connection, ledger: str, agency: str, *, above: int = -1, until: int | None = None
) -> Iterator[tuple[Collection[int], Status, int, bytes]]:
    """Give what became of which serials, when and by which transaction, as far as somebody asks on."""
    wanted = (
        select(*event_codec.COLUMNS, events.c.transaction)
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
            decoded = event_codec.decode([(row.block, row.time, row.sequence, row.name, row.body) for row in piece])
            for event, row in zip(decoded, piece, strict=True):
                if isinstance(event, StatusChanged):
                    yield event.serials, Status(event.status), event.place.time, row.transaction
                elif isinstance(event, CertificateSuperseded):
                    yield (event.old,), Status.SUPERSEDED, event.place.time, row.transaction

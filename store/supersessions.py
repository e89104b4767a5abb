"""Which certificate replaces which: written with the new one, said on the ledger once the new one is anchored.

The ledger takes a replacement only after the new certificate, so the call is written when the anchor is settled, in the
same transaction. Until then it would stand in the way of the agency's other changes of status. It goes to the ledger on
which the old certificate stands, which may be one that was retired for that of the new one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from ecert.facts import FINAL
from store import certificates as stored
from store import outbox, statuses
from store.certificate_reading import of_batch_serials
from store.events import standing_on
from store.issuers import issuer_id, known_issuer, of_registry, on_registry
from store.pieces import pieces
from store.records import Supersession
from store.states import CallState
from store.tables import batch_not_void, batches, calls, certificates, issuers, supersessions


def add(
    connection: Connection, ledger: str, agency: str, *, old: int, serial: int, sender: bytes, gives_up: bool
) -> None:
    """Write down that `serial` replaces `old`; `gives_up`: the old one gives it its number, at once.

    What was written of `old` before must have failed on the ledger, and is forgotten.

    Raises:
        WriteRefused: something else replaces it.
    """
    issuer = known_issuer(connection, ledger, agency)
    failed = select(calls.c.id).where(calls.c.state == CallState.FAILED)
    of_old = (supersessions.c.issuer_id.in_(of_registry(connection, ledger, agency)), supersessions.c.old == old)
    connection.execute(delete(supersessions).where(*of_old, supersessions.c.call_id.in_(failed)))
    row = {"issuer_id": issuer, "old": old, "serial": serial, "sender": sender, "gave_up": gives_up}
    connection.execute(insert(supersessions).values(row))
    if gives_up:
        stored.release(connection, standing_on(connection, ledger, agency, old), agency, [old])


def of_olds(connection: Connection, ledger: str, agency: str, olds: Collection[int]) -> dict[int, Supersession]:
    """Give what replaces some certificates, or failed to, by the serial of the old one; on any ledger of a registry."""
    if not olds:
        return {}
    ours = supersessions.c.issuer_id.in_(of_registry(connection, ledger, agency))
    wanted = _select().where(ours, supersessions.c.old.in_(sorted(olds)))
    return {row.old: _supersession(row) for row in connection.execute(wanted)}


def of_serials(
    connection: Connection, ledger: str, agency: str, serials: Collection[int]
) -> dict[int, tuple[Supersession, ...]]:
    """Give what each of some certificates replaces; nothing for those that replace none."""
    found: dict[int, tuple[Supersession, ...]] = {}
    mine = _select().where(supersessions.c.issuer_id == issuer_id(ledger, agency)).order_by(supersessions.c.old)
    for piece in pieces(serials):
        for row in connection.execute(mine.where(supersessions.c.serial.in_(piece))):
            found[row.serial] = (*found.get(row.serial, ()), _supersession(row))
    return found


def failed(connection: Connection, batch: int) -> frozenset[int]:
    """Give the serials of a batch that the ledger does not let replace what they should: they never become good."""
    wanted = (
        select(supersessions.c.serial)
        .join(calls, calls.c.id == supersessions.c.call_id)
        .join(batches, of_batch_serials(supersessions))
        .where(batches.c.id == batch, calls.c.state == CallState.FAILED)
    )
    return frozenset(connection.execute(wanted).scalars())


def given_up(connection: Connection, ledger: str) -> dict[str, set[int]]:
    """Give, for each agency, the serials that gave their numbers to their successors, on any ledger of a registry."""
    rows = connection.execute(select(issuers.c.id, issuers.c.agency).where(on_registry(issuers.c.ledger_id, ledger)))
    agencies = {row.id: row.agency for row in rows}
    wanted = select(supersessions.c.issuer_id, supersessions.c.old).where(
        supersessions.c.issuer_id.in_(sorted(agencies)), supersessions.c.gave_up
    )
    found: dict[str, set[int]] = {}
    for row in connection.execute(wanted):
        found.setdefault(agencies[row.issuer_id], set()).add(row.old)
    return found


def say(connection: Connection, ledger: str, agency: str, serials: range, *, now: int) -> None:
    """Write the calls that say on the ledger what the certificates of a batch replace, whose anchor is settled."""
    wanted = select(supersessions).where(
        supersessions.c.issuer_id == issuer_id(ledger, agency),
        supersessions.c.call_id.is_(None),
        supersessions.c.serial >= serials.start,
        supersessions.c.serial < serials.stop,
    )
    rows = connection.execute(wanted.order_by(supersessions.c.serial, supersessions.c.old)).all()
    places = {row.old: standing_on(connection, ledger, agency, row.old) for row in rows}
    for place in dict.fromkeys(places[old] for old in sorted(places, reverse=True)):
        outbox.hold(connection, place, agency)  # the newest first, like whoever else holds several
    for row in rows:
        call = outbox.add(
            connection,
            ledger=places[row.old],
            agency=agency,
            kind="supersede",
            args={"agency": agency, "old": row.old, "successors": [row.serial]},
            sender=row.sender,
            now=now,
        )
        connection.execute(
            update(supersessions)
            .where(supersessions.c.issuer_id == row.issuer_id, supersessions.c.old == row.old)
            .values(call_id=call.id)
        )


def undo(connection: Connection, ledger: str, agency: str, batch: int) -> None:
    """Forget what the certificates of a void batch would have replaced, and give the old ones their numbers back."""
    found = connection.execute(
        select(supersessions.c.old, supersessions.c.gave_up)
        .join(batches, of_batch_serials(supersessions))
        .where(batches.c.id == batch)
    ).all()
    olds = [row.old for row in found]
    issuer = issuer_id(ledger, agency)
    connection.execute(delete(supersessions).where(supersessions.c.issuer_id == issuer, supersessions.c.old.in_(olds)))
    takers: dict[str, set[int]] = {}
    for row in found:
        if row.gave_up:
            takers.setdefault(standing_on(connection, ledger, agency, row.old), set()).add(row.old)
    for place, its in takers.items():
        _take_back(connection, place, agency, its)


def _take_back(connection: Connection, ledger: str, agency: str, olds: Collection[int]) -> None:
    """Give those of some certificates that are in force their numbers back."""
    status = statuses.latest(connection, ledger, agency, olds)
    back = [old for old in olds if status.get(old) not in FINAL]
    in_force = select(batches.c.id).where(batches.c.id == certificates.c.batch_id, batch_not_void)
    connection.execute(
        update(certificates)
        .where(
            certificates.c.issuer_id == issuer_id(ledger, agency),
            certificates.c.serial.in_(back),
            in_force.exists(),
        )
        .values(live=True)
    )


def _select() -> Select[Any]:
    return select(supersessions, calls.c.state.label("call_state"), calls.c.error).join(
        calls, calls.c.id == supersessions.c.call_id, isouter=True
    )


def _supersession(row: Row[Any]) -> Supersession:
    return Supersession(
        old=row.old,
        serial=row.serial,
        gave_up=row.gave_up,
        call=row.call_id,
        call_state=None if row.call_state is None else CallState(row.call_state),
        error=row.error,
    )

"""Tracking: status events of a ledger are matched with who relied on the certificates, and become changes.

The rule: a caller is told of every settled status event on a certificate that it relied on, in the blocks above the one
up to which all was settled when it did (`Reliance.settled_block`). Whatever it was told of then as not settled yet, it
is told again once that is certain.

Whoever tracks holds the row of the ledger's change cursor, one at a time. The cursor says up to which block events were
matched with the reliances that were there. A reliance that is written later is `fresh`, and the events between its
block and the cursor are looked up for it alone. What both ways find is written once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, exists, select, update

from ecert.events import CertificateSuperseded, StatusChanged
from ecert.facts import Status
from store import changes, cursors, event_codec
from store.insertion import insert_into
from store.issuers import known_ledger, ledger_id
from store.pieces import pieces
from store.reliances import Reliance
from store.tables import change_cursors, events, ledgers, reliances

EVENTS = 500
"""Events that are matched in one transaction, rounded up to whole blocks."""
FRESH = 1000
"""Fresh reliances that are looked at in one transaction."""

_STATUS_EVENTS = (StatusChanged.__name__, CertificateSuperseded.__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What one step did: `written` changes; `more`: there is more to do at once."""

    written: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A status event with its log's place in the block."""

    agency: str
    block: int
    log: int
    time: int
    status: Status
    serials: tuple[int, ...]
    successors: tuple[int, ...]


def track(connection: Connection, ledger: str) -> Tracked:
    """Do the next piece of work on a ledger in this transaction: fresh reliances first, then newly settled blocks.

    What was read of a contested ledger counts up to below the height that is contested.
    """
    settled = _settled(connection, ledger)
    if settled is None:
        return Tracked(written=0, more=False)
    number = known_ledger(connection, ledger)
    matched = _hold_cursor(connection, number, settled)
    fresh = _fresh(connection, number)
    if fresh:
        written = _catch_up(connection, number, fresh, min(matched, settled))
        return Tracked(written=written, more=True)
    if settled == matched:
        return Tracked(written=0, more=False)
    end = _end_of_stretch(connection, number, matched, settled)
    told = _status_events(connection, number, events.c.block > matched, events.c.block <= end)
    written = sum(_write(connection, number, one, _who_relied(connection, number, one)) for one in told)
    connection.execute(update(change_cursors).where(change_cursors.c.ledger_id == number).values(block=end))
    return Tracked(written=written, more=end < settled)


def is_due(connection: Connection, ledger: str) -> bool:
    """Tell whether `track` has anything to do; a plain read, so that idle looks hold up nobody."""
    settled = _settled(connection, ledger)
    matched = connection.scalar(select(change_cursors.c.block).where(change_cursors.c.ledger_id == ledger_id(ledger)))
    fresh = exists().where(reliances.c.ledger_id == ledger_id(ledger), reliances.c.fresh)
    return settled is not None and (matched != settled or bool(connection.scalar(select(fresh))))


def _settled(connection: Connection, ledger: str) -> int | None:
    """Give the block up to which all is certain; None where reading has not begun."""
    reading = cursors.read(connection, ledger)
    if reading is None:
        return None
    return reading.settled_block if reading.contested is None else min(reading.settled_block, reading.contested - 1)


def _hold_cursor(connection: Connection, ledger: int, settled: int) -> int:
    """Lock the change cursor until the end of the transaction, and give its block.

    At first it is put where all is settled: what was before is looked up for each reliance, all of which are fresh.
    """
    first = {"ledger_id": ledger, "block": settled}
    connection.execute(insert_into(connection, change_cursors).values(first).on_conflict_do_nothing())
    held = select(change_cursors.c.block).where(change_cursors.c.ledger_id == ledger).with_for_update()
    return int(connection.execute(held).scalar_one())


def _fresh(connection: Connection, ledger: int) -> list[Reliance]:
    wanted = select(reliances, ledgers.c.name).join(ledgers, ledgers.c.id == reliances.c.ledger_id)
    rows = connection.execute(wanted.where(reliances.c.ledger_id == ledger, reliances.c.fresh).limit(FRESH))
    return [
        Reliance(ledger=row.name, agency=row.agency, serial=row.serial, caller=row.caller, settled_block=row.since)
        for row in rows
    ]


def _catch_up(connection: Connection, ledger: int, fresh: Sequence[Reliance], matched: int) -> int:
    """Look up for fresh reliances what was matched without them."""
    by_serial: dict[tuple[str, int], list[Reliance]] = {}
    for one in fresh:
        by_serial.setdefault((one.agency, one.serial), []).append(one)
    written = 0
    for agency in sorted({one.agency for one in fresh}):
        since = min(one.settled_block for one in fresh if one.agency == agency)
        between = (events.c.block > since, events.c.block <= matched, events.c.agency == agency)
        for told in _status_events(connection, ledger, *between) if since < matched else ():
            who = [
                (serial, one.caller)
                for serial in told.serials
                for one in by_serial.get((agency, serial), ())
                if one.settled_block < told.block
            ]
            written += _write(connection, ledger, told, who)
    connection.execute(
        update(reliances)
        .where(
            reliances.c.ledger_id == bindparam("of_ledger"),
            reliances.c.agency == bindparam("of_agency"),
            reliances.c.serial == bindparam("of_serial"),
            reliances.c.caller == bindparam("of_caller"),
            reliances.c.since == bindparam("of_block"),
        )
        .values(fresh=False),
        [
            {
                "of_ledger": ledger,
                "of_agency": one.agency,
                "of_serial": one.serial,
                "of_caller": one.caller,
                "of_block": one.settled_block,
            }
            for one in fresh
        ],
    )
    return written


def _end_of_stretch(connection: Connection, ledger: int, matched: int, settled: int) -> int:
    """Give the block up to which to go now; back to what is settled, where the ledger is read anew."""
    if settled < matched:
        return settled
    ends = (
        select(events.c.block)
        .where(
            events.c.ledger_id == ledger,
            events.c.block > matched,
            events.c.block <= settled,
            events.c.name.in_(_STATUS_EVENTS),
        )
        .order_by(events.c.block, events.c.log)
        .offset(EVENTS - 1)
        .limit(1)
    )
    found = connection.scalar(ends)
    return settled if found is None else int(found)


def _status_events(connection: Connection, ledger: int, *conditions: ColumnElement[bool]) -> Iterator[_Told]:
    wanted = (
        select(*event_codec.COLUMNS, events.c.log)
        .where(events.c.ledger_id == ledger, events.c.name.in_(_STATUS_EVENTS), *conditions)
        .order_by(events.c.block, events.c.log)
    )
    rows = connection.execute(wanted).all()
    for row, event in zip(rows, event_codec.decode(row[:-1] for row in rows), strict=True):
        if isinstance(event, StatusChanged):
            yield _told(event, row.log, Status(event.status), event.serials)
        elif isinstance(event, CertificateSuperseded):
            yield _told(event, row.log, Status.SUPERSEDED, (event.old,), event.successors)


def _told(
    event: StatusChanged | CertificateSuperseded,
    log: int,
    status: Status,
    serials: tuple[int, ...],
    successors: tuple[int, ...] = (),
) -> _Told:
    return _Told(
        agency=event.agency,
        block=event.place.block,
        log=log,
        time=event.place.time,
        status=status,
        serials=serials,
        successors=successors,
    )


def _who_relied(connection: Connection, ledger: int, told: _Told) -> Iterator[tuple[int, str]]:
    """Give serial and caller of every reliance that an event concerns."""
    for piece in pieces(told.serials):
        rows = connection.execute(
            select(reliances.c.serial, reliances.c.caller)
            .where(
                reliances.c.ledger_id == ledger,
                reliances.c.agency == told.agency,
                reliances.c.serial.in_(piece),
                reliances.c.since < told.block,
            )
            .order_by(reliances.c.serial, reliances.c.caller)
        )
        yield from ((row.serial, row.caller) for row in rows.all())


def _write(connection: Connection, ledger: int, told: _Told, who: Iterable[tuple[int, str]]) -> int:
    """Write the changes of one event; those that are there already stay. Answers how many are new."""
    rows = [
        {
            "caller": caller,
            "ledger_id": ledger,
            "agency": told.agency,
            "serial": serial,
            "status": told.status.name.lower(),
            "successors": json.dumps(told.successors) if told.status is Status.SUPERSEDED else None,
            "block": told.block,
            "log": told.log,
            "time": told.time,
        }
        for serial, caller in who
    ]
    return changes.add(connection, rows)

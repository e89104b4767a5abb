"""What happened to certificates after somebody had relied on them: one row for each event, serial and caller.

The rule: a caller is told of every settled status event on a certificate that it relied on, in the blocks above the one
up to which all was settled when it did (`Reliance.settled_block`). Whatever it was told of then as not settled yet, it
is told again once that is certain.

`changes` has one writer at a time, which holds the row of the ledger's change cursor; so their numbers rise in the
order of the commits, and who has read up to a number has missed nothing. They rise with the clock, too: in a database
that was made anew, or that is an old copy put back, none is given again, and what happened is told under new numbers
rather than left out. The cursor says up to which block events were
matched with the reliances that were there. A reliance that is written later is `fresh`, and the events between its
block and the cursor are looked up for it alone. What both ways find is written once.

Trust: whoever can write here can tell a caller of a change that never was, or keep one from it; verifying again shows
what is so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, func, select, update

from ecert.events import CertificateSuperseded, StatusChanged
from ecert.facts import Status
from store import cursors, event_codec
from store.insertion import insert_into
from store.issuers import known_ledger, ledger_id
from store.pieces import pieces
from store.reliances import Reliance, relied
from store.tables import change_cursors, changes, events, ledgers, reliances

__all__ = ["Change", "Reliance", "Tracked", "change_of", "is_due", "newest", "of_caller", "relied", "track"]

EVENTS = 500
"""Events that are matched in one transaction, rounded up to whole blocks."""
FRESH = 1000
"""Fresh reliances that are looked at in one transaction."""

NANOSECONDS = 1_000_000
"""In a millisecond: changes are numbered from the time at which they are written."""

_STATUS_EVENTS = (StatusChanged.__name__, CertificateSuperseded.__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One settled status event as one caller is told of it; `id` rises from change to change.

    `status` is that of the serial after the event, `time` that of its block; `successors` with superseded only.
    """

    id: int
    caller: str
    ledger: str
    agency: str
    serial: int
    status: Status
    successors: tuple[int, ...]
    block: int
    time: int


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


def of_caller(connection: Connection, caller: str, *, after: int, limit: int) -> tuple[Change, ...]:
    """Give the next changes that a caller is told of, in their order."""
    wanted = (
        select(changes, ledgers.c.name.label("ledger"))
        .join(ledgers, ledgers.c.id == changes.c.ledger_id)
        .where(changes.c.caller == caller, changes.c.id > after)
        .order_by(changes.c.id)
        .limit(limit)
    )
    return tuple(change_of(row, row.id) for row in connection.execute(wanted))


def change_of(row: Row[Any], number: int) -> Change:
    """Read a row that has the columns of `changes`, and its ledger's name as `ledger`."""
    return Change(
        id=number,
        caller=row.caller,
        ledger=row.ledger,
        agency=row.agency,
        serial=row.serial,
        status=Status[row.status.upper()],
        successors=() if row.successors is None else tuple(json.loads(row.successors)),
        block=row.block,
        time=row.time,
    )


def newest(connection: Connection) -> int:
    """Give the number of the newest change of all; 0 where there is none."""
    return int(connection.scalar(select(func.max(changes.c.id))) or 0)


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
    written = 0
    for piece in pieces(rows):
        first = max(newest(connection) + 1, time.time_ns() // NANOSECONDS)
        numbered = [{"id": number, **row} for number, row in enumerate(piece, first)]
        new = insert_into(connection, changes).values(numbered).on_conflict_do_nothing()
        written += len(connection.execute(new.returning(changes.c.id)).all())
    return written

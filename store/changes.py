"""What happened to certificates after somebody had relied on them: one row for each event, serial and caller.

Where a fork below what was settled puts another event in an event's place, that is told as well, under a new number.

`changes` has one writer at a time (`store.tracking`); so their numbers rise in the order of the commits, and who has
read up to a number has missed nothing. They rise with the clock, too: in a database that was made anew, or that is an
old copy put back, none is given again, and what happened is told under new numbers rather than left out.

Trust: whoever can write here can tell a caller of a change that never was, or keep one from it; verifying again shows
what is so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from ecert.facts import Status
from store.pieces import pieces
from store.tables import changes, ledgers


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


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Number the changes of one event and write their rows, but for what was told last already; answer how many.

    They are numbered on from the newest, or from the milliseconds since 1970, whichever is more. Whoever writes is the
    only one (`store.tracking`).
    """
    last = _told_last(connection, rows[0]) if rows else {}
    new = [row for row in rows if last.get((row["serial"], row["caller"])) != (row["status"], row["successors"])]
    first = max(newest(connection) + 1, time.time_ns() // 1_000_000)
    for piece in pieces({"id": number, **row} for number, row in enumerate(new, first)):
        connection.execute(insert(changes), piece)
    return len(new)


def _told_last(connection: Connection, event: dict[str, Any]) -> dict[tuple[int, str], tuple[str, str | None]]:
    """Give what was told last of an event's place: status and successors, by serial and caller."""
    same = (changes.c[name] == event[name] for name in ("ledger_id", "block", "log"))
    found = connection.execute(select(changes).where(*same).order_by(changes.c.id))
    return {(row.serial, row.caller): (row.status, row.successors) for row in found}

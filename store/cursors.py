"""How far each ledger was read. A cursor moves only by compare-and-set, with the events it has read."""

from __future__ import annotations

from dataclasses import asdict, fields, replace

from sqlalchemy import Connection, select, update

from store.errors import CursorMoved, NoSuchRow
from store.insertion import insert_into
from store.issuers import known_ledger, ledger_id
from store.records import Cursor
from store.tables import cursors, ledgers

_COLUMNS = (ledgers.c.name.label("ledger"), *(cursors.c[field.name] for field in fields(Cursor)[1:]))


def start(connection: Connection, cursor: Cursor) -> Cursor:
    """Begin to read a ledger: `cursor` is at the block before the first to be read, its heads are the first ones.

    A repeat changes nothing. Answers the cursor that is there.
    """
    row = {
        **_row(cursor),
        "ledger_id": known_ledger(connection, cursor.ledger),
        "start_block": cursor.block,
        "start_hash": cursor.hash,
        "start_time": cursor.time,
        "start_registry_sequence": cursor.registry_sequence,
        "start_registry_head": cursor.registry_head,
        "start_ledger_sequence": cursor.ledger_sequence,
        "start_ledger_head": cursor.ledger_head,
    }
    connection.execute(insert_into(connection, cursors).values(row).on_conflict_do_nothing())
    return read_known(connection, cursor.ledger)


def read(connection: Connection, ledger: str) -> Cursor | None:
    """Give a ledger's cursor; None where reading has not begun."""
    row = connection.execute(select(*_COLUMNS).join(ledgers).where(ledgers.c.name == ledger)).one_or_none()
    return None if row is None else Cursor(**row._asdict())


def read_known(connection: Connection, ledger: str) -> Cursor:
    """Give a ledger's cursor.

    Raises:
        NoSuchRow: reading has not begun.
    """
    found = read(connection, ledger)
    if found is None:
        raise NoSuchRow("cursors", ledger)
    return found


def all(connection: Connection) -> tuple[Cursor, ...]:  # noqa: A001  # always said as `cursors.all`
    """Give the cursors of all ledgers, in the order of their first mention."""
    rows = connection.execute(select(*_COLUMNS).join(ledgers).order_by(ledgers.c.id))
    return tuple(Cursor(**row._asdict()) for row in rows)


def origin(connection: Connection, ledger: str) -> Cursor:
    """Give the cursor as it was at the start (but for its generation).

    Raises:
        NoSuchRow: reading has not begun.
    """
    now = read_known(connection, ledger)
    row = connection.execute(select(cursors).where(cursors.c.ledger_id == ledger_id(ledger))).one()
    return Cursor(
        ledger=ledger,
        block=row.start_block,
        hash=row.start_hash,
        time=row.start_time,
        settled_block=row.start_block,
        generation=now.generation,
        registry_sequence=row.start_registry_sequence,
        registry_head=row.start_registry_head,
        ledger_sequence=row.start_ledger_sequence,
        ledger_head=row.start_ledger_head,
    )


def move(connection: Connection, before: Cursor, after: Cursor) -> None:
    """Move a cursor from `before` to `after`.

    Raises:
        CursorMoved: it is not at `before` any more.
    """
    unmoved = (cursors.c[name] == value for name, value in _row(before).items())
    moved = connection.execute(
        update(cursors).where(cursors.c.ledger_id == ledger_id(before.ledger), *unmoved).values(_row(after))
    )
    if moved.rowcount != 1:
        raise CursorMoved(before.ledger, before.block)


def assure(connection: Connection, seen: Cursor) -> None:
    """Make sure, for the rest of this transaction, that nothing was taken back since a cursor was read.

    Raises:
        CursorMoved: it was; what was concluded from what had been read may be wrong.
    """
    same = (cursors.c.ledger_id == ledger_id(seen.ledger), cursors.c.generation == seen.generation)
    if connection.execute(select(cursors.c.generation).where(*same).with_for_update(read=True)).one_or_none() is None:
        raise CursorMoved(seen.ledger, seen.block)


def contest(connection: Connection, ledger: str, height: int) -> None:
    """Say that from a height on nothing that was read may be believed; the lowest height that was said stands.

    Raises:
        NoSuchRow: reading has not begun.
    """
    now = read_known(connection, ledger)
    if now.contested is None or height < now.contested:
        move(connection, now, replace(now, contested=height))


def _row(cursor: Cursor) -> dict[str, int | bytes]:
    row = asdict(cursor)
    del row["ledger"]
    return row

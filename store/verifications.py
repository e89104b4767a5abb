"""Verifications as they can be searched: copies of the record's lines, with how far each lineage was copied.

A copy and the move of its lineage's cursor are one transaction, so that whatever is repeated, after a crash, on an old
backup or by two at once, every verification is here once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select, tuple_, update

from store.errors import ShipmentMoved
from store.insertion import insert_all, insert_into
from store.tables import shipments, verifications


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One verification: `record` is its line in the segment (JSON), `receipt` a JWS, `hash` that of the line.

    `caller` None: anybody, on the public page.
    """

    id: str
    time: int
    caller: str | None
    relying_party: str | None
    office: str | None
    operator: str | None
    matter: str | None
    case: str | None
    ground: str | None
    result: str
    segment: str
    position: int
    hash: bytes
    record: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """How far a lineage was copied: `position` and `offset` of the next line of segment `number`, the hash before."""

    number: int
    position: int
    offset: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which verifications: of one caller (None: all), from `since` to before `until`, of one case, after a place."""

    caller: str | None
    since: int | None = None
    until: int | None = None
    case: str | None = None
    after: tuple[int, str] | None = None


_WIDTHS = {"caller": 64, "relying_party": 64, "office": 64, "operator": 64, "matter": 64, "case": 128, "ground": 16}
"""Characters that the columns for search hold; the record has all of them."""


def shipped(connection: Connection, lineage: str) -> Shipment | None:
    """Say how far a lineage was copied; None: not at all."""
    row = connection.execute(select(shipments).where(shipments.c.lineage == lineage)).one_or_none()
    return None if row is None else _shipment(row)


def ship(
    connection: Connection, lineage: str, before: Shipment | None, after: Shipment, found: Sequence[Recorded]
) -> None:
    """Copy lines and move the cursor of their lineage from `before` to `after`; a line that is here stays as it is.

    Raises:
        ShipmentMoved: somebody else copied meanwhile; nothing may be written.
    """
    _move(connection, lineage, before, after)
    if found:
        insert_all(connection, verifications, [copy_of(one) for one in found], "DO NOTHING")


def find(connection: Connection, id: str, *, caller: str | None) -> Recorded | None:  # noqa: A002 # its name
    """Give a verification by id, if the caller made it; `caller` None: whoever made it."""
    mine = [] if caller is None else [verifications.c.caller == caller]
    row = connection.execute(select(verifications).where(verifications.c.id == id, *mine)).one_or_none()
    return None if row is None else recorded(row)


def page(connection: Connection, wanted: Wanted, limit: int) -> tuple[Recorded, ...]:
    """Give the next verifications in the order of time and id."""
    table = verifications
    rows = connection.execute(select(table).where(*_conditions(wanted)).order_by(table.c.time, table.c.id).limit(limit))
    return tuple(recorded(row) for row in rows)


def all_shipped(connection: Connection) -> dict[str, Shipment]:
    """Say of every lineage how far it was copied."""
    return {row.lineage: _shipment(row) for row in connection.execute(select(shipments))}


def segments(connection: Connection) -> set[str]:
    """Name the segments of which there are copies."""
    return set(connection.execute(select(verifications.c.segment).distinct()).scalars())


def copies(connection: Connection, segment: str) -> dict[int, dict[str, Any]]:
    """Give the copies of a segment's lines by position, each as `copy_of` has it."""
    rows = connection.execute(select(verifications).where(verifications.c.segment == segment)).mappings()
    return {row["position"]: dict(row) for row in rows}


def copy_of(one: Recorded) -> dict[str, Any]:
    """Give the copy that a verification has: all of it, and as much as their columns hold of what is searched by."""
    row: dict[str, Any] = {name: getattr(one, name) for name in Recorded.__slots__}
    for name in _WIDTHS:
        if row[name] is not None:
            row[name] = _searched(name, row[name])
    return row


def drop(connection: Connection, lineage: str, number: int, segment: str) -> int:
    """Forget the copies of a segment's lines; give how many there were."""
    gone = shipments.c.lineage == lineage, shipments.c.dropped < number
    connection.execute(update(shipments).where(*gone).values(dropped=number))
    return int(connection.execute(delete(verifications).where(verifications.c.segment == segment)).rowcount)


def _move(connection: Connection, lineage: str, before: Shipment | None, after: Shipment) -> None:
    values = {"number": after.number, "position": after.position, "offset": after.offset, "hash": after.hash}
    if after.number > (0 if before is None else before.number) + 1:  # of what is between them no file is left
        values["dropped"] = after.number - 1
    if before is None:
        new = insert_into(connection, shipments).values(lineage=lineage, **values).on_conflict_do_nothing()
        moved = connection.execute(new.returning(shipments.c.lineage)).one_or_none() is not None
    else:
        there = (shipments.c.number == before.number, shipments.c.position == before.position)
        statement = update(shipments).where(shipments.c.lineage == lineage, *there).values(values)
        moved = connection.execute(statement).rowcount == 1
    if not moved:
        raise ShipmentMoved(lineage)


def _conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    table = verifications
    if wanted.caller is not None:
        yield table.c.caller == wanted.caller
    if wanted.since is not None:
        yield table.c.time >= wanted.since
    if wanted.until is not None:
        yield table.c.time < wanted.until
    if wanted.case is not None:
        yield table.c.case == _searched("case", wanted.case)
    if wanted.after is not None:
        yield tuple_(table.c.time, table.c.id) > wanted.after


def _searched(name: str, value: str) -> str:
    """Give a value as its column holds it; PostgreSQL takes no NUL."""
    return value.replace("\0", "")[: _WIDTHS[name]]


def recorded(row: Row[Any]) -> Recorded:
    """Read a row."""
    return Recorded(**{name: getattr(row, name) for name in Recorded.__slots__})


def _shipment(row: Row[Any]) -> Shipment:
    return Shipment(number=row.number, position=row.position, offset=row.offset, hash=row.hash)

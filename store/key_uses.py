"""With which keys rows are written, by number: the keys themselves are never here.

Of each use one key is current. A rotation makes the next one current and the one before it `former`, and a sweep over
all certificates takes rows over from it, piece by piece; `former` goes when the sweep is at its end. (The secrets of
watches are few: all of them are taken over in the transaction that rotates.) Whoever writes rows assures in the same
transaction that its keys are still the current ones, so that no row is written behind a sweep with a key that will be
thrown away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from store.errors import KeyUseMoved
from store.insertion import insert_into
from store.tables import key_uses


class Use(StrEnum):
    """What a key is for: sealing the fields of certificates, making blind indexes, sealing the secrets of watches."""

    FIELD = "field"
    INDEX = "index"
    WATCH = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A certificate in the order of a sweep: its issuer's number, then its serial."""

    issuer: int
    serial: int


START = Position(issuer=-1, serial=-1)
"""Before the first certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """The numbers of the keys of one use; `swept`: how far a sweep is that is under way, None where none is."""

    use: Use
    current: int
    former: int | None
    swept: Position | None


def read(connection: Connection) -> dict[Use, KeyUse]:
    """Give the keys of each use of which any was ever written with."""
    return {Use(row.use): _key_use(row) for row in connection.execute(_all_uses())}


def start(connection: Connection, use: Use, number: int) -> None:
    """Say which key is the first of its use; where one is current already, it stays so."""
    row = {"use": use, "current": number, "former": None, "sweeping": False}
    connection.execute(insert_into(connection, key_uses).values(row).on_conflict_do_nothing())


def current(connection: Connection, use: Use) -> int:
    """Give the key of a use that was started; it stays current for the rest of this transaction."""
    wanted = select(key_uses.c.current).where(key_uses.c.use == use).with_for_update(read=True, key_share=True)
    return int(connection.execute(wanted).scalar_one())


def assure(connection: Connection, numbers: Mapping[Use, int]) -> None:
    """Make sure, for the rest of this transaction, that these keys are current: none is rotated before the commit.

    Raises:
        KeyUseMoved: one is not.
    """
    wanted = select(key_uses.c.use, key_uses.c.current).with_for_update(read=True, key_share=True)
    found = {row.use: row.current for row in connection.execute(wanted)}
    for use, number in numbers.items():
        if found.get(use) != number:
            raise KeyUseMoved(use)


def rotate(connection: Connection, use: Use, *, before: int, after: int) -> bool:
    """Make the key `after` current in place of `before`, and begin a sweep. False: it was moved, or a sweep is on."""
    connection.execute(select(key_uses.c.use).where(key_uses.c.use == use).with_for_update())
    return _moved(
        connection,
        use,
        {"current": after, "former": before, "sweeping": True, "swept_issuer": None, "swept_serial": None},
        before=before,
    )


def begin_sweep(connection: Connection, use: Use, *, current: int) -> bool:
    """Begin a sweep that keeps the key. False: one is under way, or the key is another."""
    values = {"sweeping": True, "swept_issuer": None, "swept_serial": None}
    return _moved(connection, use, values, before=current)


def hold(connection: Connection, use: Use) -> KeyUse:
    """Give a use, and let no other sweep of it go on before this transaction ends; writers of rows are not held up."""
    wanted = select(key_uses).where(key_uses.c.use == use).with_for_update(key_share=True)
    return _key_use(connection.execute(wanted).one())


def advance(connection: Connection, use: Use, position: Position) -> None:
    """Say, in the transaction that holds the use and writes the piece, how far the sweep is."""
    values = {"swept_issuer": position.issuer, "swept_serial": position.serial}
    connection.execute(update(key_uses).where(key_uses.c.use == use).values(values))


def finish(connection: Connection, use: Use) -> None:
    """Say that the sweep is at its end: no row needs the former key any more."""
    values = {"former": None, "sweeping": False, "swept_issuer": None, "swept_serial": None}
    connection.execute(update(key_uses).where(key_uses.c.use == use).values(values))


@cache
def _all_uses() -> Select[Any]:
    return select(key_uses)


def _moved(connection: Connection, use: Use, values: Mapping[str, Any], *, before: int) -> bool:
    """Change a use whose current key is `before` and of which no sweep is under way."""
    moved = connection.execute(
        update(key_uses)
        .where(key_uses.c.use == use, key_uses.c.current == before, key_uses.c.sweeping.is_(False))
        .values(values)
    )
    return moved.rowcount == 1


def _key_use(row: Row[Any]) -> KeyUse:
    swept = None
    if row.sweeping:
        swept = START if row.swept_issuer is None else Position(issuer=row.swept_issuer, serial=row.swept_serial)
    return KeyUse(use=Use(row.use), current=row.current, former=row.former, swept=swept)

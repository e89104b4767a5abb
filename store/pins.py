"""What tells a chain and its contracts from every other, kept at the first start and compared at all later ones."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import Connection, select

from store.errors import Difference, PinsDiffer
from store.insertion import insert_into
from store.issuers import known_ledger, ledger_id
from store.records import Pins
from store.tables import ledgers, pins

_NAMES = tuple(field.name for field in fields(Pins) if field.name != "ledger")


def pin(connection: Connection, found: Pins) -> None:
    """Keep what was found, if it is the first time, or compare it with what was kept.

    Raises:
        PinsDiffer: this is another chain, or other contracts: all that differs is named. A chain of the same id with
            another genesis is another chain, whatever the ledger's address.
    """
    row = {name: getattr(found, name) for name in _NAMES}
    row["ledger_id"] = known_ledger(connection, found.ledger)
    connection.execute(insert_into(connection, pins).values(row).on_conflict_do_nothing())
    kept = read(connection, found.ledger)
    differences = [] if kept is None else _compare(kept, found)
    differences += _other_genesis(connection, found)
    if differences:
        raise PinsDiffer(differences)


def read(connection: Connection, ledger: str) -> Pins | None:
    """Give what was kept for a ledger."""
    row = connection.execute(select(pins).where(pins.c.ledger_id == ledger_id(ledger))).one_or_none()
    if row is None:
        return None
    return Pins(ledger=ledger, **{name: getattr(row, name) for name in _NAMES})


def _compare(kept: Pins, found: Pins) -> list[Difference]:
    pairs = ((name, getattr(kept, name), getattr(found, name)) for name in _NAMES)
    return [Difference(name=name, pinned=_shown(was), found=_shown(now)) for name, was, now in pairs if was != now]


def _other_genesis(connection: Connection, found: Pins) -> list[Difference]:
    others = connection.execute(
        select(ledgers.c.name, pins.c.genesis)
        .join(ledgers)
        .where(pins.c.chain_id == found.chain_id, pins.c.genesis != found.genesis, ledgers.c.name != found.ledger)
    )
    return [
        Difference(name=f"genesis of {other.name}", pinned=_shown(other.genesis), found=_shown(found.genesis))
        for other in others
    ]


def _shown(value: bytes | int) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)

"""Ledgers and agencies by their short numbers, and the serials that each agency gives.

Serials are given in order, and what is given is never given again: the number moves in the transaction that writes
what it is for. A ledger that follows another one, on its registry, goes on with the serials of that one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, and_, func, or_, select, update

from store.errors import NoSuchRow
from store.insertion import insert_into
from store.tables import issuers, ledgers, pins


def ledger_id(ledger: str) -> ScalarSelect[Any]:
    """Name a ledger's number inside a statement; an unknown ledger matches no row."""
    return select(ledgers.c.id).where(ledgers.c.name == ledger).scalar_subquery()


def issuer_id(ledger: str, agency: str) -> ScalarSelect[Any]:
    """Name an issuer's number inside a statement; an unknown issuer matches no row."""
    return (
        select(issuers.c.id).where(issuers.c.ledger_id == ledger_id(ledger), issuers.c.agency == agency)
    ).scalar_subquery()


def known_ledger(connection: Connection, ledger: str) -> int:
    """Give a ledger's number, a new one at its first mention."""
    wanted = select(ledgers.c.id).where(ledgers.c.name == ledger)
    found = connection.scalar(wanted)
    if found is None:
        connection.execute(insert_into(connection, ledgers).values(name=ledger).on_conflict_do_nothing())
        found = connection.execute(wanted).scalar_one()
    return int(found)


def known_issuer(connection: Connection, ledger: str, agency: str) -> int:
    """Give an issuer's number, a new one at its first mention."""
    place = known_ledger(connection, ledger)
    wanted = select(issuers.c.id).where(issuers.c.ledger_id == place, issuers.c.agency == agency)
    found = connection.scalar(wanted)
    if found is None:
        row = {"ledger_id": place, "agency": agency, "next_serial": 0}
        connection.execute(insert_into(connection, issuers).values(row).on_conflict_do_nothing())
        found = connection.execute(wanted).scalar_one()
    return int(found)


def set_aside(connection: Connection, issuer: int, count: int) -> int:
    """Give the next `count` serials to the caller and answer the first of them."""
    elsewhere = connection.scalar(_given_elsewhere(issuer))
    if elsewhere is not None:
        go_past(connection, issuer, elsewhere)
    taken = connection.execute(
        update(issuers)
        .where(issuers.c.id == issuer)
        .values(next_serial=issuers.c.next_serial + count)
        .returning(issuers.c.next_serial)
    ).scalar()
    if taken is None:
        raise NoSuchRow("issuers", issuer)
    return int(taken) - count


def of_registry(connection: Connection, ledger: str, agency: str) -> tuple[int, ...]:
    """Give an agency's numbers on a ledger and on the others of its registry: they follow one another."""
    found = select(issuers.c.id).where(issuers.c.agency == agency, on_registry(issuers.c.ledger_id, ledger))
    return tuple(connection.execute(found.order_by(issuers.c.id)).scalars())


def on_registry(column: ColumnElement[int], ledger: str) -> ColumnElement[bool]:
    """Say that a column's ledger is this one, or another of its registry."""
    place = ledger_id(ledger)
    return or_(column == place, column.in_(_of_same_registry(place)))


def _given_elsewhere(issuer: int) -> Select[Any]:
    """Ask for the next serial of an issuer's agency on whichever other ledger of its registry has gone furthest."""
    agency, place = (
        select(issuers.c[name]).where(issuers.c.id == issuer).scalar_subquery() for name in ("agency", "ledger_id")
    )
    others = issuers.c.id != issuer, issuers.c.ledger_id.in_(_of_same_registry(place))
    return select(func.max(issuers.c.next_serial)).where(issuers.c.agency == agency, *others)


def _of_same_registry(ledger: ScalarSelect[Any]) -> Select[Any]:
    ours, theirs = pins.alias("ours"), pins.alias("theirs")
    same = and_(*(theirs.c[name] == ours.c[name] for name in ("chain_id", "genesis", "registry")))
    return select(theirs.c.ledger_id).join(ours, same).where(ours.c.ledger_id == ledger)


def give_back(connection: Connection, issuer: int, *, first: int, end: int) -> bool:
    """Take back the serials from `first` to before `end`, if nobody was given any after them."""
    given = connection.execute(
        update(issuers).where(issuers.c.id == issuer, issuers.c.next_serial == end).values(next_serial=first)
    )
    return given.rowcount == 1


def go_past(connection: Connection, issuer: int, serial: int) -> None:
    """See that nothing below `serial` is given any more: the chain has it."""
    connection.execute(
        update(issuers).where(issuers.c.id == issuer, issuers.c.next_serial < serial).values(next_serial=serial)
    )

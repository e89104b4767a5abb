"""Organisations and their offices: who asks, in the sense of a house with a door, not of a person.

An organisation that an agency stands behind names it; one that only relies on certificates names none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select, update

from store.errors import NameTaken, NoSuchRow
from store.insertion import insert_into
from store.tables import offices, organisations


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An office of an organisation."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation. `agency`: as which it issues; None where it only relies."""

    code: str
    name: str
    agency: str | None
    offices: tuple[Office, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a client or an account belongs, by the rows' own numbers."""

    organisation: int
    office: int | None
    agency: str | None


def add(connection: Connection, organisation: Organisation) -> None:
    """Add an organisation with its offices.

    Raises:
        NameTaken: there is one of this code, or an office's code is there twice.
    """
    row = {"code": organisation.code, "name": organisation.name, "agency": organisation.agency}
    fresh = insert_into(connection, organisations).values(row).on_conflict_do_nothing()
    if connection.execute(fresh.returning(organisations.c.id)).one_or_none() is None:
        raise NameTaken("an organisation", organisation.code)
    for office in organisation.offices:
        add_office(connection, organisation.code, office)


def add_office(connection: Connection, organisation: str, office: Office) -> None:
    """Add an office.

    Raises:
        NoSuchRow: there is no such organisation.
        NameTaken: it has an office of this code.
    """
    row = {
        "organisation_id": place(connection, organisation, None).organisation,
        "code": office.code,
        "name": office.name,
    }
    fresh = insert_into(connection, offices).values(row).on_conflict_do_nothing()
    if connection.execute(fresh.returning(offices.c.id)).one_or_none() is None:
        raise NameTaken("an office", f"{organisation}/{office.code}")


def rename(connection: Connection, code: str, name: str) -> None:
    """Give an organisation another name; its code stays for ever."""
    done = connection.execute(update(organisations).where(organisations.c.code == code).values(name=name))
    if done.rowcount != 1:
        raise NoSuchRow("organisations", code)


def rename_office(connection: Connection, organisation: str, code: str, name: str) -> None:
    """Give an office another name; its code stays for ever."""
    found = place(connection, organisation, code)
    connection.execute(update(offices).where(offices.c.id == found.office).values(name=name))


def place(connection: Connection, organisation: str, office: str | None) -> Place:
    """Find the rows of an organisation and its office.

    Raises:
        NoSuchRow: there is no such organisation, or it has no such office.
    """
    house = connection.execute(
        select(organisations.c.id, organisations.c.agency).where(organisations.c.code == organisation)
    ).one_or_none()
    if house is None:
        raise NoSuchRow("organisations", organisation)
    if office is None:
        return Place(organisation=house.id, office=None, agency=house.agency)
    door = connection.scalar(
        select(offices.c.id).where(offices.c.organisation_id == house.id, offices.c.code == office)
    )
    if door is None:
        raise NoSuchRow("offices", f"{organisation}/{office}")
    return Place(organisation=house.id, office=door, agency=house.agency)


def with_place(callers: Table) -> Select[*tuple[Any, ...]]:
    """Give clients or accounts, each with the codes of where it belongs: `organisation`, `agency`, `office`."""
    return (
        select(
            callers,
            organisations.c.code.label("organisation"),
            organisations.c.agency.label("agency"),
            offices.c.code.label("office"),
        )
        .join_from(callers, organisations)
        .outerjoin(offices, offices.c.id == callers.c.office_id)
    )


def read_all(connection: Connection) -> tuple[Organisation, ...]:
    """Give all organisations with their offices, by code."""
    houses: dict[str, tuple[Row[tuple[str, str, str | None]], list[Office]]] = {}
    for row in connection.execute(_with_offices()):
        _, doors = houses.setdefault(row.code, (row, []))
        if row.office is not None:
            doors.append(Office(code=row.office, name=row.office_name))
    return tuple(
        Organisation(code=row.code, name=row.name, agency=row.agency, offices=tuple(doors))
        for row, doors in houses.values()
    )


def _with_offices() -> Select[tuple[str, str, str | None]]:
    return (
        select(
            organisations.c.code,
            organisations.c.name,
            organisations.c.agency,
            offices.c.code.label("office"),
            offices.c.name.label("office_name"),
        )
        .outerjoin_from(organisations, offices)
        .order_by(organisations.c.code, offices.c.code)
    )

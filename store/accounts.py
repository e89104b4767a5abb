"""Accounts: people who log in, by a password (its argon2 hash stands here) or by the word of an OpenID provider.

Trust: who can write here can let anybody in, as anybody. Who can read here gets names, and hashes to guess at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from store import caller_names
from store.errors import NameTaken, NoSuchRow
from store.organisations import Place, with_place
from store.tables import accounts, sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to add: with the hash of a password that is good once, or a provider's subject."""

    name: str
    roles: tuple[str, ...]
    defaults: Mapping[str, str]
    password: str | None
    subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as it is stored.

    `one_time`: its password is good for choosing another. `failures`: log-ins begun since the last that went well.
    """

    name: str
    organisation: str
    office: str | None
    agency: str | None
    roles: tuple[str, ...]
    defaults: Mapping[str, str]
    password: str | None
    one_time: bool
    subject: str | None
    failures: int
    locked_until: int | None
    created_at: int
    disabled_at: int | None


def add(connection: Connection, account: NewAccount, place: Place, *, now: int) -> None:
    """Add an account; raises `NameTaken` where a caller has its name, or another account its subject."""
    caller_names.claim(connection, account.name)
    if account.subject is not None and by_subject(connection, account.subject) is not None:
        raise NameTaken("an account with the OpenID subject of", account.name)
    connection.execute(
        accounts.insert().values(
            name=account.name,
            organisation_id=place.organisation,
            office_id=place.office,
            roles=" ".join(account.roles),
            defaults=json.dumps(dict(account.defaults)),
            password=account.password,
            one_time=int(account.password is not None),
            subject=account.subject,
            failures=0,
            created_at=now,
        )
    )


def read(connection: Connection, name: str) -> Account | None:
    """Give an account; None where there is none of that name."""
    row = connection.execute(with_place(accounts).where(accounts.c.name == name)).one_or_none()
    return None if row is None else _account(row)


def by_subject(connection: Connection, subject: str) -> Account | None:
    """Give the account of a provider's subject."""
    row = connection.execute(with_place(accounts).where(accounts.c.subject == subject)).one_or_none()
    return None if row is None else _account(row)


def read_all(connection: Connection) -> tuple[Account, ...]:
    """Give all accounts, by name."""
    return tuple(_account(row) for row in connection.execute(with_place(accounts).order_by(accounts.c.name)))


def begin_attempt(connection: Connection, name: str, *, now: int, longest: int) -> int | None:
    """Count an attempt to log in before it is judged, and give how many there were since the last good one.

    None: there is no such account, or it is disabled or locked, and nothing was counted. A lock that lasts for more
    than the `longest` seconds was set before the clock was set back, and holds nobody. Who counts first and judges
    afterwards cannot be asked a thousand times at once.
    """
    tried = (
        update(accounts)
        .where(accounts.c.name == name, _may_try(now, now + longest))
        .values(failures=accounts.c.failures + 1)
        .returning(accounts.c.failures)
    )
    found = connection.execute(tried).scalar_one_or_none()
    return None if found is None else int(found)


def lock(connection: Connection, name: str, *, until: int) -> None:
    """Let nobody try an account until then."""
    connection.execute(update(accounts).where(accounts.c.name == name).values(locked_until=until))


def forgive(connection: Connection, name: str) -> None:
    """Forget failures and lock: somebody logged in, or the bureau said so."""
    connection.execute(update(accounts).where(accounts.c.name == name).values(failures=0, locked_until=None))


def set_password(connection: Connection, name: str, password: str, *, one_time: bool) -> None:
    """Store another password's hash, forget failures, and end all sessions; raises `NoSuchRow`."""
    _change(connection, name, password=password, one_time=int(one_time), failures=0, locked_until=None)
    _end_sessions(connection, name)


def rehash(connection: Connection, name: str, *, before: str, after: str) -> None:
    """Store the same password's hash with other parameters, unless the password was changed meanwhile."""
    wanted = update(accounts).where(accounts.c.name == name, accounts.c.password == before)
    connection.execute(wanted.values(password=after))


def disable(connection: Connection, name: str, *, now: int) -> None:
    """Let a person in no more, and end all sessions; raises `NoSuchRow`."""
    _change(connection, name, disabled_at=now)
    _end_sessions(connection, name)


def enable(connection: Connection, name: str) -> None:
    """Let a person in again, and forget failures; raises `NoSuchRow`."""
    _change(connection, name, disabled_at=None, failures=0, locked_until=None)


def _change(connection: Connection, name: str, **values: object) -> None:
    if connection.execute(update(accounts).where(accounts.c.name == name).values(**values)).rowcount != 1:
        raise NoSuchRow("accounts", name)


def _end_sessions(connection: Connection, name: str) -> None:
    number = select(accounts.c.id).where(accounts.c.name == name).scalar_subquery()
    connection.execute(sessions.delete().where(sessions.c.account_id == number))


def _may_try(now: int, latest: int) -> ColumnElement[bool]:
    until = accounts.c.locked_until
    return accounts.c.disabled_at.is_(None) & or_(until.is_(None), until <= now, until > latest)


def _account(row: Row[*tuple[Any, ...]]) -> Account:
    return Account(
        name=row.name,
        organisation=row.organisation,
        office=row.office,
        agency=row.agency,
        roles=tuple(row.roles.split()),
        defaults=json.loads(row.defaults),
        password=row.password,
        one_time=bool(row.one_time),
        subject=row.subject,
        failures=row.failures,
        locked_until=row.locked_until,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )

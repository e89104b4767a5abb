"""Clients: systems that call, and the hashes of their secrets.

Trust: who can write here can let any system in; who can read here gets hashes of random secrets, which open nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from store import caller_names
from store.errors import NoSuchRow, TwoSecrets
from store.organisations import Place, with_place
from store.tables import client_secrets, clients

MOST_SECRETS = 2
"""So many are good at once: the old one and the new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret's hash; `expires_at`: from when it is good no more, seconds."""

    id: int
    hash: bytes
    created_at: int
    expires_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A client to add; `defaults` are what its calls need not say."""

    name: str
    scopes: tuple[str, ...]
    defaults: Mapping[str, str]
    per_minute: int | None
    per_day: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client as it is stored, with the codes of where it belongs."""

    name: str
    organisation: str
    office: str | None
    agency: str | None
    scopes: tuple[str, ...]
    defaults: Mapping[str, str]
    per_minute: int | None
    per_day: int | None
    created_at: int
    disabled_at: int | None
    secrets: tuple[Secret, ...]


def add(connection: Connection, client: NewClient, place: Place, *, now: int) -> None:
    """Add a client without a secret; raises `NameTaken`."""
    caller_names.claim(connection, client.name)
    connection.execute(
        clients.insert().values(
            name=client.name,
            organisation_id=place.organisation,
            office_id=place.office,
            scopes=" ".join(client.scopes),
            defaults=json.dumps(dict(client.defaults)),
            per_minute=client.per_minute,
            per_day=client.per_day,
            created_at=now,
        )
    )


def set_scopes(connection: Connection, name: str, scopes: tuple[str, ...]) -> None:
    """Replace what a client may do; raises `NoSuchRow`."""
    done = connection.execute(update(clients).where(clients.c.name == name).values(scopes=" ".join(scopes)))
    if done.rowcount != 1:
        raise NoSuchRow("clients", name)


def disable(connection: Connection, name: str, *, now: int) -> bool:
    """Let a client in no more; False where that was so already. Raises `NoSuchRow`."""
    _locked(connection, name)
    wanted = update(clients).where(clients.c.name == name, clients.c.disabled_at.is_(None))
    return connection.execute(wanted.values(disabled_at=now)).rowcount == 1


def enable(connection: Connection, name: str) -> bool:
    """Let a client in again; False where that was so already. Raises `NoSuchRow`."""
    _locked(connection, name)
    wanted = update(clients).where(clients.c.name == name, clients.c.disabled_at.is_not(None))
    return connection.execute(wanted.values(disabled_at=None)).rowcount == 1


def add_secret(connection: Connection, name: str, digest: bytes, *, now: int) -> int:
    """Add a secret's hash and give its number.

    Raises:
        NoSuchRow: there is no such client.
        TwoSecrets: two are good already.
    """
    client = _locked(connection, name)
    good = [one for one in _secrets(connection, client) if one.expires_at is None or one.expires_at > now]
    if len(good) >= MOST_SECRETS:
        raise TwoSecrets(name)
    row = {"client_id": client, "hash": digest, "created_at": now}
    return int(connection.execute(client_secrets.insert().values(row).returning(client_secrets.c.id)).scalar_one())


def retire_secret(connection: Connection, name: str, secret: int, *, at: int) -> None:
    """Let a secret be good no more from `at`; never later than was said before. Raises `NoSuchRow`."""
    client = _locked(connection, name)
    known = next((one for one in _secrets(connection, client) if one.id == secret), None)
    if known is None:
        raise NoSuchRow("client_secrets", f"{name}/{secret}")
    end = at if known.expires_at is None else min(at, known.expires_at)
    connection.execute(update(client_secrets).where(client_secrets.c.id == secret).values(expires_at=end))


def read_all(connection: Connection) -> tuple[Client, ...]:
    """Give all clients with their secrets, by name."""
    secrets: dict[int, list[Secret]] = {}
    for row in connection.execute(select(client_secrets).order_by(client_secrets.c.id)):
        secrets.setdefault(row.client_id, []).append(_secret(row))
    return tuple(
        Client(
            name=row.name,
            organisation=row.organisation,
            office=row.office,
            agency=row.agency,
            scopes=tuple(row.scopes.split()),
            defaults=json.loads(row.defaults),
            per_minute=row.per_minute,
            per_day=row.per_day,
            created_at=row.created_at,
            disabled_at=row.disabled_at,
            secrets=tuple(secrets.get(row.id, ())),
        )
        for row in connection.execute(with_place(clients).order_by(clients.c.name))
    )


def read(connection: Connection, name: str) -> Client:
    """Give one client; raises `NoSuchRow`."""
    found = next((each for each in read_all(connection) if each.name == name), None)
    if found is None:
        raise NoSuchRow("clients", name)
    return found


def scopes(connection: Connection, name: str) -> tuple[str, ...]:
    """Give what a client may do; nothing where there is none of that name, or it is disabled."""
    wanted = select(clients.c.scopes).where(clients.c.name == name, clients.c.disabled_at.is_(None))
    return tuple((connection.scalar(wanted) or "").split())


def _locked(connection: Connection, name: str) -> int:
    """Give a client's number, and keep others from changing it until the transaction ends."""
    found = connection.scalar(select(clients.c.id).where(clients.c.name == name).with_for_update())
    if found is None:
        raise NoSuchRow("clients", name)
    return int(found)


def _secrets(connection: Connection, client: int) -> list[Secret]:
    wanted = select(client_secrets).where(client_secrets.c.client_id == client)
    return [_secret(row) for row in connection.execute(wanted)]


def _secret(row: Row[*tuple[Any, ...]]) -> Secret:
    return Secret(id=row.id, hash=bytes(row.hash), created_at=row.created_at, expires_at=row.expires_at)

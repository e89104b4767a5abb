"""Sessions: who is logged in, by the hash of a random token that only the browser has.

Trust: who can read here cannot make a cookie of it; who can write here can be anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from store import accounts as people
from store.accounts import Account
from store.tables import accounts, sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session and whose it is. `csrf`: what every unsafe request must repeat; times are seconds."""

    token: bytes
    account: Account
    csrf: str
    created_at: int
    seen_at: int
    expires_at: int


def start(connection: Connection, account: str, *, token: bytes, csrf: str, now: int, expires_at: int) -> None:
    """Store a session of an account; `token` is the hash of the browser's."""
    number = select(accounts.c.id).where(accounts.c.name == account).scalar_subquery()
    row = {"token": token, "account_id": number, "csrf": csrf, "created_at": now, "seen_at": now}
    connection.execute(sessions.insert().values(**row, expires_at=expires_at))


def read(connection: Connection, token: bytes) -> Session | None:
    """Give a session with its account as it is now; None where there is none."""
    row = connection.execute(
        select(sessions, accounts.c.name).join_from(sessions, accounts).where(sessions.c.token == token)
    ).one_or_none()
    if row is None:
        return None
    account = people.read(connection, row.name)
    if account is None:
        return None
    return Session(
        token=bytes(row.token),
        account=account,
        csrf=row.csrf,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
    )


def see(connection: Connection, token: bytes, *, now: int) -> None:
    """Note that a session is in use; never earlier than was noted before."""
    connection.execute(update(sessions).where(sessions.c.token == token, sessions.c.seen_at < now).values(seen_at=now))


def end(connection: Connection, token: bytes) -> None:
    """End a session; harmless where it has ended."""
    connection.execute(delete(sessions).where(sessions.c.token == token))


def forget(connection: Connection, *, idle: int, now: int) -> None:
    """Delete the sessions that are over: `idle` seconds away from being seen, either way, or beyond their end."""
    away = func.abs(sessions.c.seen_at - now) >= idle
    connection.execute(delete(sessions).where(away | (sessions.c.expires_at <= now)))

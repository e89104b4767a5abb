"""Status list tokens as they are served: one for each list of 131,072 serials of an agency, signed elsewhere.

Trust: nobody need trust these rows, a token is signed. Whoever can write here can withhold a list, or put back an older
token, which is believed until its `exp`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from store.insertion import insert_into
from store.issuers import known_ledger, ledger_id
from store.tables import status_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ListName:
    """One status list of a ledger: the agency's, with its number (serial div 131,072)."""

    agency: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a stored token was made from: `basis` names all of it but the times, `iat` is the time of its block."""

    basis: bytes
    iat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A token to be stored."""

    name: ListName
    token: str
    origin: Origin


def read(connection: Connection, ledger: str, name: ListName) -> str | None:
    """Give the token of a list; None where there is no such list."""
    found: str | None = connection.scalar(
        select(status_tokens.c.token).where(
            status_tokens.c.ledger_id == ledger_id(ledger),
            status_tokens.c.agency == name.agency,
            status_tokens.c.list == name.number,
        )
    )
    return found


def origins(connection: Connection, ledger: str) -> dict[ListName, Origin]:
    """Tell of every token of a ledger what it was made from."""
    wanted = select(status_tokens.c.agency, status_tokens.c.list, status_tokens.c.basis, status_tokens.c.iat)
    return {
        ListName(agency=row.agency, number=row.list): Origin(basis=row.basis, iat=row.iat)
        for row in connection.execute(wanted.where(status_tokens.c.ledger_id == ledger_id(ledger)))
    }


def put(connection: Connection, ledger: str, tokens: Sequence[StoredToken]) -> None:
    """Store tokens, each in the place of the one before; a repeat changes nothing."""
    number = known_ledger(connection, ledger)
    for one in tokens:
        key = {"ledger_id": number, "agency": one.name.agency, "list": one.name.number}
        content = {"token": one.token, "basis": one.origin.basis, "iat": one.origin.iat}
        connection.execute(
            insert_into(connection, status_tokens)
            .values(key | content)
            .on_conflict_do_update(index_elements=list(key), set_=content)
        )


def drop(connection: Connection, ledger: str, names: Collection[ListName]) -> None:
    """Forget the tokens of lists that are not on the ledger any more: the blocks that had them were undone."""
    for name in names:
        connection.execute(
            delete(status_tokens).where(
                status_tokens.c.ledger_id == ledger_id(ledger),
                status_tokens.c.agency == name.agency,
                status_tokens.c.list == name.number,
            )
        )

"""Letting a system in: a client of an organisation, with its first secret, which is shown once and kept as a hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from store import clients, organisations
from store.clients import NewClient
from store.database import Connection
from store.errors import NoSuchRow
from store.organisations import Place
from verifier.access.client_secrets import new_secret, secret_hash
from verifier.access.directory import OF_AGENCIES
from verifier.callers import Scope
from verifier.errors import Refused

Begin = Callable[[], AbstractContextManager[Connection]]
"""Opens one write transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A secret that is shown now and never again; `number` names it when it is retired."""

    client: str
    number: int
    secret: str


def enrol(begin: Begin, client: NewClient, organisation: str, office: str | None, *, now: int) -> Shown:
    """Add a client and its first secret, both or neither.

    Raises:
        Refused: there is no such organisation or office, or it is no agency's and could not issue.
        NameTaken: a client or an account has the name.
    """
    secret = new_secret()
    with begin() as connection:
        place = find_place(connection, organisation, office)
        refuse_without_agency(place, client.scopes)
        clients.add(connection, client, place, now=now)
        number = clients.add_secret(connection, client.name, secret_hash(secret), now=now)
    return Shown(client=client.name, number=number, secret=secret)


def renew_secret(begin: Begin, client: str, *, now: int) -> Shown:
    """Add a second secret, so that a system can change to it before the first is retired.

    Raises:
        Refused: there is no such client.
        TwoSecrets: two are good already.
    """
    secret = new_secret()
    with begin() as connection, known_client(client):
        number = clients.add_secret(connection, client, secret_hash(secret), now=now)
    return Shown(client=client, number=number, secret=secret)


def find_place(connection: Connection, organisation: str, office: str | None) -> Place:
    """Find an organisation and its office; raises `Refused` with what to do where they are not there."""
    try:
        return organisations.place(connection, organisation, office)
    except NoSuchRow as error:
        if error.table == "offices":
            raise Refused(
                f"{organisation} has no office {office}: `ecert organisation office add {organisation} {office} NAME`"
            ) from error
        raise Refused(
            f"there is no organisation {organisation}: `ecert organisation add {organisation} NAME`"
        ) from error


def refuse_without_agency(place: Place, scopes: tuple[str, ...]) -> None:
    """Refuse scopes that need an agency to an organisation that is none's."""
    if place.agency is None and (of_agencies := OF_AGENCIES & {Scope(word) for word in scopes}):
        named = ", ".join(sorted(of_agencies))
        raise Refused(f"{named}: only an organisation of an agency can do this, and this one only relies")


@contextmanager
def known_client(name: str) -> Iterator[None]:
    """Say in words that there is no such client, or that it has no such secret."""
    try:
        yield
    except NoSuchRow as error:
        what = "secret" if error.table == "client_secrets" else "client"
        raise Refused(
            f"there is no {what} {error.key if what == 'secret' else name}: see `ecert client list`"
        ) from error

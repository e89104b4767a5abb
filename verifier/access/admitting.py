"""Letting people in: accounts one by one or many at once, each with a password that is good once or an OpenID subject.

A password is told or written to a file before the accounts are there, never after: an account whose password nobody
has would be of no use, and a password without an account opens nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from store import accounts, clients, organisations
from store.accounts import NewAccount
from store.database import Connection, Database
from store.errors import CommitUncertain, StoreError
from verifier.access.account_file import AccountRow, Known
from verifier.access.enrolling import find_place, refuse_without_agency
from verifier.access.passwords import one_time_password
from verifier.access.roles import SCOPES, Role
from verifier.errors import Refused
from verifier.keys.secret_files import SecretFileExists, write_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody to let in. `subject`: by OpenID, without a password."""

    name: str
    organisation: str
    office: str | None
    roles: tuple[Role, ...]
    defaults: Mapping[str, str]
    subject: str | None


def admit(database: Database, person: Person, *, now: int) -> str | None:
    """Add one account and give its one-time password; None for one that logs in by OpenID.

    Raises:
        Refused: there is no such organisation or office, or the roles are an agency's and it is none's.
        NameTaken: a client or an account has the name, or an account the subject.
    """
    password, digest = (None, None) if person.subject is not None else one_time_password()
    with database.begin() as connection:
        _add(connection, person, digest, now)
    return password


def admit_all(database: Database, rows: Sequence[AccountRow], passwords_file: Path, *, now: int) -> int:
    """Add accounts, all or none, and write the one-time passwords to a new file for its owner's eyes; give how many.

    Raises:
        Refused: the file is there already or cannot be written; no account was added.
        CommitUncertain: it is not known whether they were added; the passwords stay in their file.
        StoreError: none was added, and the file is gone again.
    """
    made = {row.name: one_time_password() for row in rows if row.subject is None}
    if made:
        _write(passwords_file, {name: password for name, (password, _) in made.items()})
    try:
        with database.begin() as connection:
            for row in rows:
                person = Person(
                    name=row.name,
                    organisation=row.organisation,
                    office=row.office,
                    roles=row.roles,
                    defaults=row.defaults,
                    subject=row.subject,
                )
                _add(connection, person, made[row.name][1] if row.name in made else None, now)
    except CommitUncertain:
        raise
    except (StoreError, Refused):
        passwords_file.unlink(missing_ok=True)
        raise
    return len(made)


def known_before(connection: Connection, matters: tuple[str, ...]) -> Known:
    """Read what a file of accounts is held against; `matters`: codes of those that there are."""
    people = accounts.read_all(connection)
    names = [each.name for each in people] + [each.name for each in clients.read_all(connection)]
    return Known(
        organisations={each.code: each for each in organisations.read_all(connection)},
        names=frozenset(names),
        subjects=frozenset(each.subject for each in people if each.subject is not None),
        matters=matters,
    )


def _add(connection: Connection, person: Person, digest: str | None, now: int) -> None:
    place = find_place(connection, person.organisation, person.office)
    refuse_without_agency(place, tuple(scope for role in person.roles for scope in SCOPES[role]))
    roles = tuple(sorted(set(person.roles)))
    fresh = NewAccount(name=person.name, roles=roles, defaults=person.defaults, password=digest, subject=person.subject)
    accounts.add(connection, fresh, place, now=now)


def _write(path: Path, passwords: Mapping[str, str]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("name", "one_time_password"))
    writer.writerows(passwords.items())
    try:
        write_secret(path, text.getvalue().encode())
    except SecretFileExists as error:
        raise Refused(f"{path} is there already; name another file for the passwords") from error
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}; no account was added") from error

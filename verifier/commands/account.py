"""`ecert account`: people who log in. There is no account and no password until one of these commands makes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from store import accounts
from store.accounts import Account
from store.errors import NoSuchRow
from verifier.access.account_file import read_accounts
from verifier.access.admitting import Person, admit, admit_all, known_before
from verifier.access.names import check_name
from verifier.access.passwords import one_time_password
from verifier.access.roles import Role
from verifier.clock import seconds_now
from verifier.commands.access_desk import (
    GroundOption,
    MatterOption,
    OfficeOption,
    OrganisationOption,
    defaults,
    known_matters,
    open_database,
    say,
)
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.errors import Refused

account_app = typer.Typer(no_args_is_help=True, help="People who log in: clerks, agencies' staff, auditors, bureau.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name to log in with.")]
ONCE = "good once: its owner chooses another at the first log-in"


@account_app.command("add")
def add(
    *,
    name: NameArgument,
    organisation: OrganisationOption,
    roles: Annotated[list[Role], typer.Option("--role", help="What the person is here; may be repeated.")],
    office: OfficeOption = None,
    matter: MatterOption = None,
    ground: GroundOption = None,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="SUB", help="Logs in by OpenID as this `sub`, not by password.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a person in. A password that is good once is shown now and never again."""
    with open_database(data, as_json=as_json) as database:
        person = Person(
            name=check_name(name),
            organisation=organisation,
            office=office,
            roles=tuple(roles),
            defaults=defaults(data, matter, ground),
            subject=subject,
        )
        password = admit(database, person, now=seconds_now())
        text = f"{name}: added" if password is None else f"{name}: added; password {password} ({ONCE})"
        say({"state": "done", "account": name, "one_time_password": password}, text, as_json=as_json)


@account_app.command("import")
def import_file(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="name,organisation,office,roles,matter,...")],
    passwords: Annotated[
        Path, typer.Option("--passwords", metavar="FILE", help="New file for the one-time passwords.")
    ] = Path("passwords.csv"),
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let many people in, all of the file or nobody. Wrong cells are named with line and column."""
    with open_database(data, as_json=as_json) as database:
        content, matters = file.read_bytes(), known_matters(data)
        with database.read() as connection:
            known = known_before(connection, matters)
        rows = read_accounts(content, file.name, known)
        count = admit_all(database, rows, passwords, now=seconds_now())
        written = str(passwords) if count else None
        told = f"; {count} passwords, {ONCE}, are in {passwords}" if count else ""
        say(
            {"state": "done", "accounts": len(rows), "passwords": written},
            f"{len(rows)} accounts added{told}",
            as_json=as_json,
        )


@account_app.command("list")
def list_accounts(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List accounts: whose they are and what they may do."""
    with open_database(data, as_json=as_json) as database:
        with database.read() as connection:
            found = accounts.read_all(connection)
        if as_json:
            print_json({"accounts": [_to_json(each) for each in found]})
            return
        if not found:
            typer.echo("there is none yet: `ecert account add` makes one", err=True)
        for each in found:
            place = each.organisation if each.office is None else f"{each.organisation}/{each.office}"
            state = "enabled" if each.disabled_at is None else "DISABLED"
            typer.echo(f"{each.name}  {place}  {' '.join(each.roles)}  {state}")


@account_app.command("disable")
def disable(*, name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Let a person in no more; sessions end within seconds."""
    with open_database(data, as_json=as_json) as database:
        with database.begin() as connection, _known(name):
            accounts.disable(connection, name, now=seconds_now())
        say({"state": "done", "account": name}, f"{name}: disabled", as_json=as_json)


@account_app.command("enable")
def enable(*, name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Let a person in again, also one who is locked out after failures."""
    with open_database(data, as_json=as_json) as database:
        with database.begin() as connection, _known(name):
            accounts.enable(connection, name)
        say({"state": "done", "account": name}, f"{name}: enabled", as_json=as_json)


@account_app.command("password")
def password(*, name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Give a person another password, which is good once; sessions end within seconds."""
    with open_database(data, as_json=as_json) as database:
        fresh, digest = one_time_password()
        with database.begin() as connection, _known(name):
            accounts.set_password(connection, name, digest, one_time=True)
        value = {"state": "done", "account": name, "one_time_password": fresh}
        say(value, f"{name}: password {fresh} ({ONCE})", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    app.add_typer(account_app, name="account")


@contextmanager
def _known(name: str) -> Iterator[None]:
    try:
        yield
    except NoSuchRow as error:
        raise Refused(f"there is no account {name}: see `ecert account list`") from error


def _to_json(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "organisation": account.organisation,
        "office": account.office,
        "agency": account.agency,
        "roles": list(account.roles),
        "defaults": dict(account.defaults),
        "by_open_id": account.subject is not None,
        "failures": account.failures,
        "locked_until": account.locked_until,
        "created_at": account.created_at,
        "disabled_at": account.disabled_at,
    }

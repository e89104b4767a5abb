"""`ecert organisation`: the houses that ask, and their offices."""

from __future__ import annotations

from typing import Annotated

import typer

from ecert.agency import check_agency
from store import organisations
from store.errors import NoSuchRow
from store.organisations import Office, Organisation
from verifier.access.enrolling import find_place
from verifier.access.names import check_code, check_title
from verifier.commands.access_desk import open_database, say
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.errors import Refused

organisation_app = typer.Typer(no_args_is_help=True, help="Organisations that ask: agencies, and those that only rely.")
office_app = typer.Typer(no_args_is_help=True, help="Offices of an organisation.")
organisation_app.add_typer(office_app, name="office")

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="Code of the organisation; it stays for ever.")]
OfficeArgument = Annotated[str, typer.Argument(metavar="OFFICE", help="Code of the office; it stays for ever.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")]


@organisation_app.command("add")
def add(
    *,
    code: CodeArgument,
    name: NameArgument,
    agency: Annotated[str | None, typer.Option("--agency", metavar="CODE", help="As which agency it issues.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an organisation. Without --agency it only relies on certificates."""
    with open_database(data, as_json=as_json) as database:
        issues_as = None if agency is None else check_agency(agency)
        organisation = Organisation(code=check_code(code), name=check_title(name), agency=issues_as)
        with database.begin() as connection:
            organisations.add(connection, organisation)
        say({"state": "done", "organisation": code}, f"{code}: added", as_json=as_json)


@organisation_app.command("rename")
def rename(*, code: CodeArgument, name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Give an organisation another name."""
    with open_database(data, as_json=as_json) as database:
        title = check_title(name)
        try:
            with database.begin() as connection:
                organisations.rename(connection, code, title)
        except NoSuchRow as error:
            raise Refused(f"there is no organisation {code}") from error
        say({"state": "done", "organisation": code}, f"{code}: renamed", as_json=as_json)


@organisation_app.command("list")
def list_organisations(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List organisations and their offices."""
    with open_database(data, as_json=as_json) as database:
        with database.read() as connection:
            found = organisations.read_all(connection)
        if as_json:
            print_json({"organisations": [_to_json(each) for each in found]})
            return
        if not found:
            typer.echo("there is none yet: `ecert organisation add` makes one", err=True)
        for each in found:
            typer.echo(f"{each.code}  {each.name}  {f'issues as {each.agency}' if each.agency else 'relies only'}")
            for office in each.offices:
                typer.echo(f"  {office.code}  {office.name}")


@office_app.command("add")
def add_office(
    *,
    code: CodeArgument,
    office: OfficeArgument,
    name: NameArgument,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an office to an organisation."""
    with open_database(data, as_json=as_json) as database:
        fresh = Office(code=check_code(office), name=check_title(name))
        with database.begin() as connection:
            find_place(connection, code, None)
            organisations.add_office(connection, code, fresh)
        say({"state": "done", "organisation": code, "office": office}, f"{code}/{office}: added", as_json=as_json)


@office_app.command("rename")
def rename_office(
    *,
    code: CodeArgument,
    office: OfficeArgument,
    name: NameArgument,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an office another name."""
    with open_database(data, as_json=as_json) as database:
        title = check_title(name)
        with database.begin() as connection:
            find_place(connection, code, office)
            organisations.rename_office(connection, code, office, title)
        say({"state": "done", "organisation": code, "office": office}, f"{code}/{office}: renamed", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    app.add_typer(organisation_app, name="organisation")


def _to_json(organisation: Organisation) -> dict[str, object]:
    return {
        "code": organisation.code,
        "name": organisation.name,
        "agency": organisation.agency,
        "offices": [{"code": office.code, "name": office.name} for office in organisation.offices],
    }

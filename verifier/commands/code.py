"""`ecert code`: codes that open stored certificates, made and replaced. Each is shown once, and kept nowhere."""

from __future__ import annotations

from typing import Annotated

import typer

from chain.deployment import Deployment
from ecert.agency import check_agency
from store.database import Database
from verifier.clock import seconds_now
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import answered
from verifier.keys.field_key import FieldKeys
from verifier.services.making_codes import CodeDesk
from verifier.settings import load_settings

RESUME = "A code that was not shown is lost: make one with `ecert code replace`."

AgencyArgument = Annotated[str, typer.Argument(metavar="AGENCY", help="Code of the agency.")]
SerialArgument = Annotated[int, typer.Argument(metavar="SERIAL", min=0, help="Serial of the certificate.")]


def make(
    *, agency: AgencyArgument, serial: SerialArgument, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Make the code of a certificate that has none."""
    _make(agency, serial, data, as_json=as_json, replace=False)


def replace(
    *, agency: AgencyArgument, serial: SerialArgument, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Make a new code of a certificate; the one before opens nothing any more."""
    _make(agency, serial, data, as_json=as_json, replace=True)


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    group = typer.Typer(no_args_is_help=True, help="Codes of 32 digits that open stored certificates.")
    group.command("make")(make)
    group.command("replace")(replace)
    app.add_typer(group, name="code")


def _make(agency: str, serial: int, data: DataOption, *, as_json: bool, replace: bool) -> None:
    with answered(as_json=as_json, resume=RESUME):
        settings = load_settings(data)
        ledgers = Deployment.load(settings.deployment_file).names
        fields = FieldKeys.under(settings.keys_dir)
        with Database.open(settings.database_url) as database:
            desk = CodeDesk(database=database, ledgers=ledgers, fields=fields)
            ordered = desk.replace if replace else desk.make
            code = ordered(check_agency(agency), serial, now=seconds_now())
    if as_json:
        print_json({"agency": agency, "serial": serial, "code": code.digits, "printed": code.printed()})
    else:
        typer.echo(code.printed())

"""`ecert agency complete-since`: what it means that an agency's certificate is not found."""

from __future__ import annotations

from typing import Annotated

import typer

from chain.deployment import Deployment
from store import completeness
from store.database import Database
from verifier.clock import seconds_now
from verifier.commands.agency_desk import CodeArgument, ZoneOption, types_named
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import answered
from verifier.errors import Refused
from verifier.ledger_view import LedgerView
from verifier.settings import load_settings
from verifier.times import USUAL_ZONE, moment, shown

RESUME = "Run the same command again: saying it twice does no harm."


def complete_since(
    *,
    code: CodeArgument,
    certificate_type: Annotated[str, typer.Argument(metavar="TYPE", help="Certificate type.")],
    since: Annotated[str, typer.Argument(metavar="DATE", help="The first day of which nothing is missing.")],
    zone: ZoneOption = USUAL_ZONE,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Declare since when all an agency's certificates of a type are here. A look-up that finds none tells it.

    Declared again, the new day replaces the one before.
    """
    with answered(as_json=as_json, resume=RESUME):
        settings = load_settings(data)
        (wanted,) = types_named([certificate_type])
        begin = moment(since, zone)
        ledger = Deployment.load(settings.deployment_file).name
        with Database.open(settings.database_url) as database:
            _see_registered(database, ledger, code)
            with database.begin() as connection:
                completeness.declare(connection, ledger, code, wanted.vct_hash, since=begin, now=seconds_now())
    if as_json:
        print_json({"state": "done", "agency": code, "type": wanted.slug, "complete_since": begin})
    else:
        typer.echo(f"{code}: certificates of type {wanted.slug} are complete since {shown(begin, zone)}")


def _see_registered(database: Database, ledger: str, code: str) -> None:
    view = LedgerView(database, [ledger])
    view.refresh()
    if view.copy.agency(code) is None:
        raise Refused(f"{code} is not registered on the ledger")

"""`ecert agency`: who may issue what. These are the bureau's commands; `key` and `operator` are the agency's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from chain import administration
from chain.administration import Step
from verifier.commands.agency_desk import (
    Bench,
    SinceOption,
    TypesArgument,
    UntilOption,
    ZoneOption,
    add_command,
    last_moment,
    types_named,
)
from verifier.commands.agency_keys import key_app, operator_app
from verifier.commands.agency_records import complete_since
from verifier.commands.agency_showing import list_agencies, show_agency
from verifier.commands.key_files import address_in, address_of, make_key
from verifier.errors import Refused
from verifier.keys.keyring import LedgerKey
from verifier.services.agencies import accreditation, admission, make_keys
from verifier.times import USUAL_ZONE, moment

agency_app = typer.Typer(no_args_is_help=True, help="Admit agencies, say what they may issue, and stop them.")
agency_app.add_typer(key_app, name="key")
agency_app.add_typer(operator_app, name="operator")
agency_app.command("list")(list_agencies)
agency_app.command("show")(show_agency)
agency_app.command("complete-since")(complete_since)


@add_command(agency_app, "add", said="admitted")
async def add(
    bench: Bench,
    *,
    name: Annotated[str, typer.Option("--name", help="Name of the agency.")],
    types: Annotated[list[str] | None, typer.Option("--type", help="Certificate type; may be repeated.")] = None,
    admin: Annotated[
        str | None, typer.Option("--admin", metavar="ADDRESS", help="Who administers it. [default: the key made here]")
    ] = None,
    anchor_key: Annotated[
        str | None,
        typer.Option("--anchor-key", metavar="ADDRESS", help="Key in the signing service that anchors."),
    ] = None,
    status_key: Annotated[
        str | None,
        typer.Option("--status-key", metavar="ADDRESS", help="Key in the signing service that changes statuses."),
    ] = None,
    with_keys: Annotated[bool, typer.Option("--make-keys", help="Make the agency's keys here.")] = False,
    admin_password_file: Annotated[
        Path | None,
        typer.Option("--admin-password-file", metavar="FILE", help="Password of the admin's key that is made."),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    zone: ZoneOption = USUAL_ZONE,
) -> Sequence[Step]:
    """Admit an agency, and accredit it for types. With --make-keys all keys it needs are made here first."""
    wanted = types_named(types or ())
    begin = await bench.desk.now() if since is None else moment(since, zone)
    end = last_moment(until, zone)
    for purpose, address in ((LedgerKey.ANCHOR, anchor_key), (LedgerKey.STATUS, status_key)):
        if address is not None:
            bench.remote.assure(address_of(address))
            bench.keyring.name_address(bench.code, purpose, address_of(address))
    if with_keys:
        for path in make_keys(bench.keyring, bench.code):
            typer.echo(f"ecert: made {path}", err=True)
        if admin is None and make_key(bench.admin_file, admin_password_file):
            typer.echo(f"ecert: made {bench.admin_file}", err=True)
    who = _admin(bench) if admin is None else address_of(admin)
    return admission(bench.code, name, who, wanted, since=begin, until=end)


@add_command(agency_app, "accredit", said="accredited for {types}")
async def accredit(
    bench: Bench,
    *,
    types: TypesArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    zone: ZoneOption = USUAL_ZONE,
) -> Sequence[Step]:
    """Let an agency issue certificate types, for a time. Replaces what was said of these types before."""
    begin = await bench.desk.now() if since is None else moment(since, zone)
    return accreditation(bench.code, types_named(types), since=begin, until=last_moment(until, zone))


@add_command(agency_app, "unaccredit", said="no longer accredited for {types}")
async def unaccredit(bench: Bench, *, types: TypesArgument) -> Sequence[Step]:
    """Let an agency issue certificate types no more. What it issued stays good."""
    return [administration.end_accreditation(bench.code, each.vct_hash) for each in types_named(types)]


@add_command(agency_app, "suspend", said="suspended")
async def suspend(bench: Bench) -> Sequence[Step]:
    """Let an agency anchor and reinstate nothing. It can still withdraw."""
    return [administration.suspend_agency(bench.code)]


@add_command(agency_app, "reinstate", said="reinstated")
async def reinstate(bench: Bench) -> Sequence[Step]:
    """End a suspension."""
    return [administration.reinstate_agency(bench.code)]


@add_command(agency_app, "doubt", said="in doubt since {since}, and suspended")
async def doubt(
    bench: Bench,
    *,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Its batches from then on are in doubt.")],
    zone: ZoneOption = USUAL_ZONE,
) -> Sequence[Step]:
    """Suspend an agency at once, and let its batches from a time on be UNKNOWN. The guardian's command."""
    return [administration.doubt_agency(bench.code, moment(since, zone))]


@add_command(agency_app, "lift-doubt", said="no longer in doubt; still suspended")
async def lift_doubt(bench: Bench) -> Sequence[Step]:
    """End a doubt. The agency stays suspended until it is reinstated."""
    return [administration.lift_doubt(bench.code)]


@add_command(agency_app, "admin", said="will be administered by {address}")
async def set_admin(
    bench: Bench, *, address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The new admin's address.")]
) -> Sequence[Step]:
    """Give an agency another admin, after the registry's delay."""
    return [administration.set_admin(bench.code, address_of(address))]


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    app.add_typer(agency_app, name="agency")


def _admin(bench: Bench) -> bytes:
    """Find the address of the admin's key that lies here."""
    if not bench.admin_file.exists():
        raise Refused("who administers the agency? Give --admin ADDRESS, or --make-keys to make a key here")
    return address_in(bench.admin_file)

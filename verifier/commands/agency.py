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
    CodeArgument,
    KeyOption,
    Ordered,
    SinceOption,
    TypesArgument,
    UntilOption,
    WaitOption,
    ZoneOption,
    carry_out,
    types_named,
)
from verifier.commands.agency_keys import key_app, operator_app
from verifier.commands.agency_records import complete_since
from verifier.commands.agency_showing import list_agencies, show_agency
from verifier.commands.key_files import PasswordOption, address_in, address_of, make_key
from verifier.commands.options import DataOption, JsonOption
from verifier.errors import Refused
from verifier.services.agencies import accreditation, admission, make_keys
from verifier.times import USUAL_ZONE, moment

agency_app = typer.Typer(no_args_is_help=True, help="Admit agencies, say what they may issue, and stop them.")
agency_app.add_typer(key_app, name="key")
agency_app.add_typer(operator_app, name="operator")
agency_app.command("list")(list_agencies)
agency_app.command("show")(show_agency)
agency_app.command("complete-since")(complete_since)


@agency_app.command("add")
def add(
    *,
    code: CodeArgument,
    name: Annotated[str, typer.Option("--name", help="Name of the agency.")],
    types: Annotated[list[str] | None, typer.Option("--type", help="Certificate type; may be repeated.")] = None,
    admin: Annotated[
        str | None, typer.Option("--admin", metavar="ADDRESS", help="Who administers it. [default: the key made here]")
    ] = None,
    with_keys: Annotated[bool, typer.Option("--make-keys", help="Make the agency's keys here.")] = False,
    admin_password_file: Annotated[
        Path | None,
        typer.Option("--admin-password-file", metavar="FILE", help="Password of the admin's key that is made."),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    zone: ZoneOption = USUAL_ZONE,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Admit an agency, and accredit it for types. With --make-keys all keys it needs are made here first."""

    async def write(bench: Bench) -> Sequence[Step]:
        wanted = types_named(types or ())
        begin = await bench.desk.now() if since is None else moment(since, zone)
        end = None if until is None else moment(until, zone, whole_day=True)
        if with_keys:
            for path in make_keys(bench.keyring, code):
                typer.echo(f"ecert: made {path}", err=True)
            if admin is None and make_key(bench.admin_file, admin_password_file):
                typer.echo(f"ecert: made {bench.admin_file}", err=True)
        who = _admin(bench) if admin is None else address_of(admin)
        return admission(code, name, who, wanted, since=begin, until=end)

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=False, said="admitted")


@agency_app.command("accredit")
def accredit(
    *,
    code: CodeArgument,
    types: TypesArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    zone: ZoneOption = USUAL_ZONE,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an agency issue certificate types, for a time. Replaces what was said of these types before."""

    async def write(bench: Bench) -> Sequence[Step]:
        begin = await bench.desk.now() if since is None else moment(since, zone)
        end = None if until is None else moment(until, zone, whole_day=True)
        return accreditation(code, types_named(types), since=begin, until=end)

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=False, said=f"accredited for {', '.join(types)}")


@agency_app.command("unaccredit")
def unaccredit(
    *,
    code: CodeArgument,
    types: TypesArgument,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an agency issue certificate types no more. What it issued stays good."""

    async def write(bench: Bench) -> Sequence[Step]:
        return [administration.end_accreditation(bench.code, each.vct_hash) for each in types_named(types)]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=False, said=f"no longer accredited for {', '.join(types)}")


@agency_app.command("suspend")
def suspend(
    *,
    code: CodeArgument,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an agency anchor and reinstate nothing. It can still withdraw."""

    async def write(bench: Bench) -> Sequence[Step]:
        return [administration.suspend_agency(bench.code)]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=False, said="suspended")


@agency_app.command("reinstate")
def reinstate(
    *,
    code: CodeArgument,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a suspension."""

    async def write(bench: Bench) -> Sequence[Step]:
        return [administration.reinstate_agency(bench.code)]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=False, said="reinstated")


@agency_app.command("doubt")
def doubt(
    *,
    code: CodeArgument,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Its batches from then on are in doubt.")],
    zone: ZoneOption = USUAL_ZONE,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Suspend an agency at once, and let its batches from a time on be UNKNOWN. The guardian's command."""

    async def write(bench: Bench) -> Sequence[Step]:
        return [administration.doubt_agency(bench.code, moment(since, zone))]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=False, said=f"in doubt since {since}, and suspended")


@agency_app.command("lift-doubt")
def lift_doubt(
    *,
    code: CodeArgument,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a doubt. The agency stays suspended until it is reinstated."""

    async def write(bench: Bench) -> Sequence[Step]:
        return [administration.lift_doubt(bench.code)]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=False, said="no longer in doubt; still suspended")


@agency_app.command("admin")
def set_admin(
    *,
    code: CodeArgument,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The new admin's address.")],
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an agency another admin, after the registry's delay."""

    async def write(bench: Bench) -> Sequence[Step]:
        return [administration.set_admin(bench.code, address_of(address))]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=False, said=f"will be administered by {address}")


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    app.add_typer(agency_app, name="agency")


def _admin(bench: Bench) -> bytes:
    """Find the address of the admin's key that lies here."""
    if not bench.admin_file.exists():
        raise Refused("who administers the agency? Give --admin ADDRESS, or --make-keys to make a key here")
    return address_in(bench.admin_file)

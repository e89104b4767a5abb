"""`ecert agency key` and `ecert agency operator`: what an agency's admin says of its keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from chain import administration
from chain.administration import Step
from ecert.errors import EcertError
from ecert.strict_json import loads
from ecert.suite import from_jwk
from verifier.commands.agency_desk import (
    Bench,
    CodeArgument,
    KeyOption,
    Ordered,
    UntilOption,
    WaitOption,
    ZoneOption,
    carry_out,
)
from verifier.commands.key_files import PasswordOption, address_of
from verifier.commands.options import DataOption, JsonOption
from verifier.errors import Refused
from verifier.keys.keyring import Purpose
from verifier.services.agencies import PURPOSES, own_key, own_operators, public_key
from verifier.times import USUAL_ZONE, moment

KID_DIGITS = 64

KidArgument = Annotated[str, typer.Argument(metavar="KID", help="The key's id, as `ecert agency show` prints it.")]

key_app = typer.Typer(no_args_is_help=True, help="Keys that sign an agency's certificates.")
operator_app = typer.Typer(no_args_is_help=True, help="Addresses that write to the ledger for an agency.")


@key_app.command("add")
def add_key(
    *,
    code: CodeArgument,
    jwk: Annotated[
        Path | None,
        typer.Option("--jwk", metavar="FILE", help="A public key (JWK, P-256). [default: the one in DATA/keys]"),
    ] = None,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a certificate key; it counts after the registry's delay."""

    async def write(bench: Bench) -> Sequence[Step]:
        return [own_key(bench.keyring, code) if jwk is None else public_key(code, _read_jwk(jwk))]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=True, said="has its certificate key")


@key_app.command("retire")
def retire_key(
    *,
    code: CodeArgument,
    kid: KidArgument,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a key sign no more. What it signed stays good."""

    async def write(bench: Bench) -> Sequence[Step]:
        return [administration.retire_key(bench.code, _kid(kid))]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=True, said="retired the key")


@key_app.command("revoke")
def revoke_key(
    *,
    code: CodeArgument,
    kid: KidArgument,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="When it came into wrong hands.")],
    zone: ZoneOption = USUAL_ZONE,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a key was in wrong hands: what was anchored since then is INVALID. There is no way back."""

    async def write(bench: Bench) -> Sequence[Step]:
        return [administration.revoke_key(bench.code, _kid(kid), compromised_since=moment(since, zone))]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=True, said=f"revoked the key since {since}")


@operator_app.command("set")
def set_operator(
    *,
    code: CodeArgument,
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="[ADDRESS]", help="Who may write. [default: the two keys in DATA/keys, each for its own]"
        ),
    ] = None,
    purposes: Annotated[
        list[Purpose] | None, typer.Option("--purpose", help="What ADDRESS may do; may be repeated.")
    ] = None,
    until: UntilOption = None,
    zone: ZoneOption = USUAL_ZONE,
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an address anchor or change statuses for the agency, after the registry's delay."""

    async def write(bench: Bench) -> Sequence[Step]:
        end = None if until is None else moment(until, zone, whole_day=True)
        if address is None:
            return own_operators(bench.keyring, code, until=end)
        if not purposes:
            raise Refused("what may it do? Give --purpose anchor or --purpose status")
        bits = sum(PURPOSES[purpose] for purpose in set(purposes))
        return [administration.set_operator(code, address_of(address), bits, until=end)]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=True, said="has its operators")


@operator_app.command("remove")
def remove_operator(
    *,
    code: CodeArgument,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Who may write no more.")],
    key: KeyOption = None,
    password_file: PasswordOption = None,
    wait: WaitOption = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take everything from an operator, at once."""

    async def write(bench: Bench) -> Sequence[Step]:
        return [administration.remove_operator(bench.code, address_of(address))]

    ordered = Ordered(data=data, key=key, password_file=password_file, wait=wait, as_json=as_json)
    carry_out(code, ordered, write, by_admin=True, said=f"{address} may write no more")


def _kid(text: str) -> bytes:
    digits = text.removeprefix("0x")
    try:
        kid = bytes.fromhex(digits)
    except ValueError:
        kid = b""
    if len(kid) * 2 != KID_DIGITS:
        raise Refused(
            f"{text!r} is no key id: {KID_DIGITS} hexadecimal digits are due, as `ecert agency show` prints them"
        )
    return kid


def _read_jwk(path: Path) -> bytes:
    try:
        found = loads(path.read_text("utf-8"), path.name)
        if isinstance(found, dict):
            return from_jwk({name: found[name] for name in ("kty", "crv", "x", "y") if name in found}, path.name)
    except (OSError, UnicodeDecodeError, EcertError) as error:
        raise Refused(f"{path} is no public key: {error}") from error
    raise Refused(f"{path} is no public key: a JSON object with kty, crv, x and y is due")

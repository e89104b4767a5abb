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
from verifier.commands.agency_desk import Bench, UntilOption, ZoneOption, add_command, last_moment
from verifier.commands.key_files import address_of
from verifier.errors import Refused
from verifier.keys.keyring import LedgerKey
from verifier.services.agencies import PURPOSES, own_key, own_operators, public_key
from verifier.system_words import why
from verifier.times import USUAL_ZONE, moment

KID_DIGITS = 64

KidArgument = Annotated[str, typer.Argument(metavar="KID", help="The key's id, as `ecert agency show` prints it.")]

key_app = typer.Typer(no_args_is_help=True, help="Keys that sign an agency's certificates.")
operator_app = typer.Typer(no_args_is_help=True, help="Addresses that write to the ledger for an agency.")


@add_command(key_app, "add", said="has its certificate key", by_admin=True)
async def add_key(
    bench: Bench,
    *,
    jwk: Annotated[
        Path | None,
        typer.Option("--jwk", metavar="FILE", help="A public key (JWK, P-256). [default: the one in DATA/keys]"),
    ] = None,
) -> Sequence[Step]:
    """Add a certificate key; it counts after the registry's delay."""
    return [own_key(bench.keyring, bench.code) if jwk is None else public_key(bench.code, _read_jwk(jwk))]


@add_command(key_app, "retire", said="retired the key", by_admin=True)
async def retire_key(bench: Bench, *, kid: KidArgument) -> Sequence[Step]:
    """Let a key sign no more. What it signed stays good."""
    return [administration.retire_key(bench.code, _kid(kid))]


@add_command(key_app, "revoke", said="revoked the key since {since}", by_admin=True)
async def revoke_key(
    bench: Bench,
    *,
    kid: KidArgument,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="When it came into wrong hands.")],
    zone: ZoneOption = USUAL_ZONE,
) -> Sequence[Step]:
    """Say that a key was in wrong hands: what was anchored since then is INVALID. There is no way back."""
    return [administration.revoke_key(bench.code, _kid(kid), compromised_since=moment(since, zone))]


@add_command(operator_app, "set", said="has its operators", by_admin=True)
async def set_operator(
    bench: Bench,
    *,
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="[ADDRESS]", help="Who may write. [default: the two keys in DATA/keys, each for its own]"
        ),
    ] = None,
    purposes: Annotated[
        list[LedgerKey] | None, typer.Option("--purpose", help="What ADDRESS may do; may be repeated.")
    ] = None,
    until: UntilOption = None,
    zone: ZoneOption = USUAL_ZONE,
) -> Sequence[Step]:
    """Let an address anchor or change statuses for the agency, after the registry's delay."""
    end = last_moment(until, zone)
    if address is None:
        return own_operators(bench.keyring, bench.code, until=end)
    if not purposes:
        raise Refused("what may it do? Give --purpose anchor or --purpose status")
    bits = sum(PURPOSES[purpose] for purpose in set(purposes))
    return [administration.set_operator(bench.code, address_of(address), bits, until=end)]


@add_command(operator_app, "remove", said="{address} may write no more", by_admin=True)
async def remove_operator(
    bench: Bench, *, address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Who may write no more.")]
) -> Sequence[Step]:
    """Take everything from an operator, at once."""
    return [administration.remove_operator(bench.code, address_of(address))]


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
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} is no public key: {why(error).en}") from error
    except EcertError as error:
        raise Refused(f"{path} is no public key: {error}") from error
    raise Refused(f"{path} is no public key: a JSON object with kty, crv, x and y is due")

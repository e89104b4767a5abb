"""How a trust file is shown: what it says, who signed it, and what its roots' holders compare before they sign."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer

from chain.answers import to_hex
from ecert import base64url
from ecert.trust import Trust, TrustedLedger
from ecert.trust_file import TrustFile
from verifier.times import shown


def said_of_trust(file: TrustFile) -> Mapping[str, object]:
    """Give it as JSON for programs."""
    trust = file.trust
    return {
        "version": trust.version,
        "iat": trust.iat,
        "exp": trust.exp,
        "hash": base64url.encode(file.hash),
        "previous": None if trust.previous is None else base64url.encode(trust.previous),
        "roots": {
            "fingerprint": trust.roots.fingerprint,
            "threshold": trust.roots.threshold,
            "kids": [base64url.encode(kid) for kid in trust.roots.kids],
            "signed": [base64url.encode(kid) for kid in file.signers(trust.roots)],
        },
        "others_signed": [base64url.encode(kid) for kid in file.others],
        "ledgers": [
            {"ledger": each.name, "block": each.checkpoint.block, "time": each.checkpoint.time, **_to_compare(each)}
            for each in trust.ledgers
        ],
    }


def tell_trust(path: Path, file: TrustFile) -> None:
    """Show it as lines for people."""
    trust: Trust = file.trust
    signed = len(file.signers(trust.roots))
    typer.echo(f"{path}: version {trust.version}, good until {shown(trust.exp)}")
    for each in trust.ledgers:
        at = each.checkpoint
        agencies = len(each.agencies)
        typer.echo(f"  {each.name} up to block {at.block} of {shown(at.time)}, {agencies} agencies")
        for what, value in _to_compare(each).items():
            typer.echo(f"    {what.replace('_', ' ')} {value}")
    typer.echo(f"  roots {trust.roots.fingerprint}")
    typer.echo(f"  signed by {signed} of {len(trust.roots.keys)} roots; {trust.roots.threshold} must")
    if file.others:
        typer.echo(f"  and by {len(file.others)} that are no roots of it: a change of roots needs those before, too")


def _to_compare(ledger: TrustedLedger) -> Mapping[str, str]:
    """Give what a root's holder compares with a node: the block, and where both contracts' events stand in it."""
    at = ledger.checkpoint
    return {
        "hash": to_hex(at.hash),
        "registry_head": to_hex(at.registry.head),
        "ledger_head": to_hex(at.ledger.head),
    }

"""`ecert receipt check`: relies on a receipt, or says why not, with nothing but the keys of the service it is of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer

from ecert import strict_json
from ecert.errors import MalformedError, UntrustedToken
from ecert.jwks import KeySet
from ecert.jws import read_jws
from ecert.receipt import TYP, Judged, Receipt, check_receipt
from verifier.commands.office import answered, print_json
from verifier.commands.options import JsonOption
from verifier.errors import Refused
from verifier.plain_text import plain
from verifier.times import shown

NOT_GOOD = 1
"""Exit code of a receipt that is not to be relied on."""
TIMEOUT = 30.0
_MOST = 64 << 20
FileArgument = Annotated[Path, typer.Argument(help="A receipt, or a JSON answer that has one as `receipt`.")]
JwksOption = Annotated[str, typer.Option("--jwks", metavar="FILE_OR_URL", help="Keys: /.well-known/jwks.json.")]
IssOption = Annotated[str | None, typer.Option("--iss", help="The service that it must be of. Default: any.")]


def check(file: FileArgument, *, jwks: JwksOption, iss: IssOption = None, as_json: JsonOption = False) -> None:
    """Check a receipt's signature, that its key signed at its time, and that an answer around it says the same.

    Exit code 1: do not rely on it.
    """
    with answered(as_json=as_json, resume="Run the same again."):
        token, answer = _read(_content(file), file)
        keys = _keys(jwks)
        try:
            receipt = check_receipt(token, keys, iss=_issuer(token) if iss is None else iss)
        except (MalformedError, UntrustedToken) as error:
            _say_bad(str(error), as_json=as_json)
            raise typer.Exit(NOT_GOOD) from error
        if (other := said_otherwise(answer, receipt)) is not None:
            _say_bad(f"the answer around it says otherwise than the receipt: {other}", as_json=as_json)
            raise typer.Exit(NOT_GOOD)
        _say(receipt, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    group = typer.Typer(no_args_is_help=True, help="Receipts: what a service said, signed.")

    @group.callback()
    def receipt() -> None:
        """Receipts: what a service said, signed."""

    group.command("check")(check)
    app.add_typer(group, name="receipt")


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST:
            raise Refused(f"{path} is larger than any receipt")
        return path.read_text("utf-8").strip()
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no text") from error


def _read(content: str, path: Path) -> tuple[str, Mapping[str, Any]]:
    """Give the receipt, and the answer that it stands in."""
    if not content.startswith("{"):
        return content, {}
    try:
        said = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path} is neither a receipt nor JSON") from error
    token = said.get("receipt")
    if not isinstance(token, str):
        raise Refused(f"{path} has no `receipt`")
    return token, said


def said_otherwise(answer: Mapping[str, Any], receipt: Receipt) -> str | None:
    """Name the first member of an answer that is not as its receipt has it; what either has not is not compared."""
    if answer.get("id", receipt.jti) != receipt.jti:
        return "id"
    if not receipt.batch:
        return _other(answer, receipt.judged[0], "")
    results = answer.get("results")
    if results is None:
        return None
    if not isinstance(results, list) or len(results) != len(receipt.judged):
        return "results"
    pairs = enumerate(zip(results, receipt.judged, strict=True))
    found = (_other(said, judged, f"results[{number}].") for number, (said, judged) in pairs)
    return next((other for other in found if other is not None), None)


def _other(said: object, judged: Judged, place: str) -> str | None:
    if not isinstance(said, dict):
        return place.removesuffix(".")
    for name, value in judged.verdict.items():
        if said.get(name, value) != value:
            return f"{place}{name}"
    named, certificate = judged.certificate or {}, said.get("certificate")
    shown = certificate if isinstance(certificate, dict) else {}
    wrong = [name for name, value in named.items() if shown.get(name, value) != value]
    return f"{place}certificate.{wrong[0]}" if wrong else None


def _keys(jwks: str) -> KeySet:
    try:
        text = _fetched(jwks) if urlsplit(jwks).scheme in {"http", "https"} else Path(jwks).read_text("utf-8")
        return KeySet.from_json(strict_json.loads(text, "jwks"))
    except (MalformedError, UnicodeDecodeError) as error:
        raise Refused(f"{jwks} is no list of keys: {error}") from error


def _fetched(url: str) -> str:
    try:
        return httpx.get(url, timeout=TIMEOUT, follow_redirects=True).raise_for_status().text
    except httpx.HTTPError as error:
        raise Refused(f"{url} did not give the keys: {error}") from error


def _issuer(token: str) -> str:
    """Read who a receipt says that it is of."""
    return read_jws(token, typ=TYP, place="receipt", max_size=_MOST).payload.text("iss")


def _say_bad(why: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"good": False, "why": why})
    else:
        typer.echo(plain(f"not to be relied on: {why}"))


def _say(receipt: Receipt, *, as_json: bool) -> None:
    verdicts = [{"certificate": each.certificate, **each.verdict, "compared": each.compared} for each in receipt.judged]
    if as_json:
        said = {"iss": receipt.iss, "id": receipt.jti, "time": receipt.iat, "audit": receipt.audit}
        print_json({"good": True, **said, "verdicts": verdicts})
        return
    typer.echo(plain(f"good: receipt {receipt.jti} of {receipt.iss}, {shown(receipt.iat)}"))
    for each in receipt.judged:
        named = each.certificate or {}
        reasons = each.verdict["reasons"]
        why = f" ({', '.join(map(str, reasons))})" if isinstance(reasons, list) and reasons else ""
        line = f"{each.verdict['result']}{why}: {named.get('iss', 'no certificate')} {named.get('serial', '')}"
        typer.echo(plain(line.rstrip()))

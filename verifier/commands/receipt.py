"""`ecert receipt check`: relies on a receipt, or says why not, with nothing but the keys of the service it is of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ecert.errors import MalformedError, MalformedToken, UntrustedToken
from ecert.jwks import KeySet
from ecert.jws import read_jws
from ecert.receipt import TYP, Receipt, check_receipt
from verifier.commands.options import JsonOption
from verifier.commands.printing import print_json
from verifier.commands.receipt_keys import JWKS_HELP, read_keys
from verifier.commands.reporting import answered
from verifier.errors import Refused
from verifier.plain_text import plain
from verifier.record.told import said_otherwise, unproved
from verifier.record.told_lines import Group, groups_of, lines_otherwise, lines_unproved, without_receipt
from verifier.times import shown

NOT_GOOD = 1
"""Exit code of a receipt that is not to be relied on."""
_MOST = 64 << 20
FileArgument = Annotated[Path, typer.Argument(help="A receipt, or a JSON answer that has one as `receipt`.")]
JwksOption = Annotated[str, typer.Option("--jwks", metavar="FILE_OR_URL", help=JWKS_HELP)]
IssOption = Annotated[str | None, typer.Option("--iss", help="The service that it must be of. Default: any.")]


def check(file: FileArgument, *, jwks: JwksOption, iss: IssOption = None, as_json: JsonOption = False) -> None:
    """Check a receipt's signature, that its key signed at its time, and that an answer around it says the same.

    Of a file of several lines (NDJSON), each is checked; of an answer to lines each verdict, against the receipt of its
    group. Exit code 1: do not rely on it.
    """
    with answered(as_json=as_json, resume="Run the same again."):
        keys = read_keys(jwks)
        try:
            said = _read(_content(file), file)
            groups = groups_of(said)
            if groups is None:
                found = [_checked(each, keys, iss) for each in said if "receipt" in each]
            else:
                found = [each for group in groups if (each := _checked_lines(group, keys, iss)) is not None]
        except MalformedToken as error:
            found = [_bad(error)]
        if not found:
            raise Refused(f"{file} has no `receipt`")
        _say(found, as_json=as_json)
    if not all(each["good"] for each in found):
        raise typer.Exit(NOT_GOOD)


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    group = typer.Typer(no_args_is_help=True, help="Receipts: what a service said, signed.")

    @group.callback()
    def receipt() -> None:
        """Receipts: what a service said, signed."""

    group.command("check")(check)
    app.add_typer(group, name="receipt")


def _checked(answer: Mapping[str, Any], keys: KeySet, iss: str | None) -> dict[str, Any]:
    """Give what is known of a receipt: whether it is good, and what it says or why it is not."""
    try:
        receipt = _relied_on(answer, keys, iss)
    except (MalformedError, UntrustedToken) as error:
        return _bad(error)
    said = _told(receipt, said_otherwise(answer, receipt))
    return {**said, "unproved": unproved(answer)} if said["good"] else said


def _checked_lines(group: Group, keys: KeySet, iss: str | None) -> dict[str, Any] | None:
    """Give the same of the lines of a group, each verdict with its line; None where all of them were refused."""
    if group.end is None or "receipt" not in group.end:
        why = without_receipt(group)
        return None if why is None else {"good": False, "why": why}
    try:
        receipt = _relied_on(group.end, keys, iss)
    except (MalformedError, UntrustedToken) as error:
        return {**_bad(error), "lines": group.end["lines"]}
    said = {**_told(receipt, lines_otherwise(group, receipt)), "lines": group.end["lines"]}
    if not said["good"]:
        return said
    pairs = zip(group.judged, said["verdicts"], strict=True)
    verdicts = [{"line": line["line"], **verdict} for line, verdict in pairs]
    return {**said, "verdicts": verdicts, "unproved": lines_unproved(group)}


def _relied_on(answer: Mapping[str, Any], keys: KeySet, iss: str | None) -> Receipt:
    token = answer["receipt"]
    return check_receipt(token, keys, iss=_issuer(token) if iss is None else iss)


def _told(receipt: Receipt, other: str | None) -> dict[str, Any]:
    said = {"iss": receipt.iss, "id": receipt.jti, "time": receipt.iat, "audit": receipt.audit}
    if other is not None:
        return {"good": False, "why": f"the answer around it says otherwise than the receipt: {other}", **said}
    verdicts = [{"certificate": each.certificate, **each.verdict, "compared": each.compared} for each in receipt.judged]
    return {"good": True, **said, "verdicts": verdicts}


def _bad(error: Exception) -> dict[str, Any]:
    return {"good": False, "why": str(error)}


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST:
            raise Refused(f"{path} is larger than any receipt")
        return path.read_text("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no text") from error


def _read(content: str, path: Path) -> Sequence[Mapping[str, Any]]:
    """Give the receipts, each in the answer that it stands in, and whatever lines stand between them."""
    if not content.startswith("{"):
        return [{"receipt": content}]
    try:
        said = _answers(content)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path} is neither a receipt nor JSON") from error
    if not all(isinstance(each, dict) and (_of_lines(each) or isinstance(each.get("receipt"), str)) for each in said):
        raise Refused(f"{path} has no `receipt`")
    return said


def _of_lines(said: Mapping[str, Any]) -> bool:
    """Tell what stands in an answer to lines without a receipt of its own."""
    return "receipt" not in said and not {"line", "lines", "problem"}.isdisjoint(said)


def _answers(content: str) -> Sequence[Any]:
    """Read JSON, or a line of JSON each."""
    try:
        return [json.loads(content, object_pairs_hook=_object)]
    except json.JSONDecodeError:
        lines = [line for line in content.split("\n") if line.strip()]
        if len(lines) == 1:
            raise
        return [json.loads(line, object_pairs_hook=_object) for line in lines]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what a person and a program could read as two things."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name in found if [each for each, _ in pairs].count(name) > 1)
        raise MalformedToken("answer", f"the name {twice!r} appears twice")
    return found


def _issuer(token: str) -> str:
    """Read who a receipt says that it is of."""
    return read_jws(token, typ=TYP, place="receipt", max_size=_MOST).payload.text("iss")


def _say(found: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json and len(found) == 1:
        print_json(found[0])
        return
    for each in found:
        if as_json:
            typer.echo(json.dumps(each, ensure_ascii=False))
            continue
        for line in _lines(each):
            typer.echo(plain(line))


def _lines(said: Mapping[str, Any]) -> Iterator[str]:
    named = f"receipt {said['id']} of {said['iss']}, {shown(said['time'])}" if "id" in said else ""
    if not said["good"]:
        yield f"not to be relied on: {said['why']}{f' ({named})' if named else ''}"
        return
    yield f"good: {named}"
    for each in said["verdicts"]:
        certificate, reasons = each["certificate"] or {}, each["reasons"]
        why = f" ({', '.join(map(str, reasons))})" if isinstance(reasons, list) and reasons else ""
        of = f"line {each['line']}: " if "line" in each else ""
        line = f"{of}{each['result']}{why}: {certificate.get('iss', 'no certificate')} {certificate.get('serial', '')}"
        yield line.rstrip()
    if said["unproved"]:
        yield f"the receipt says nothing of: {', '.join(said['unproved'])}"

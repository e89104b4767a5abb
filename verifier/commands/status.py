"""`ecert status`: suspend, reinstate or revoke certificates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ecert.certificate import Certificate
from ecert.errors import MalformedCertificate
from ecert.parsing import parse
from verifier.commands.bars import Bars
from verifier.commands.opening import open_office
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.presented_files import read_presented_file
from verifier.commands.printing import print_json
from verifier.commands.reporting import FAILED, answered
from verifier.errors import Refused
from verifier.plain_text import is_plain
from verifier.services.numbered import Numbered
from verifier.services.office import Office
from verifier.services.status import change_status
from verifier.services.status_order import Action, StatusOrder, StatusOutcome
from verifier.tables.type_names import type_named

MOST_SERIALS = 100_000
RESUME = (
    "What was asked for is done by `ecert serve` if it was stored already; the same command again stores it otherwise,"
    " and waits for it."
)
SERIALS = re.compile(r"(\d{1,16})(?:-(\d{1,16}))?")

AgencyArgument = Annotated[str, typer.Argument(metavar="AGENCY", help="Code of the agency, or a certificate's file.")]
SerialsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="SERIAL...", help="Serials (7), ranges (7-12) or certificates' files.")
]
NumberOption = Annotated[str | None, typer.Option("--number", help="Number on the certificate, with --type.")]
TypeOption = Annotated[
    str | None, typer.Option("--type", help="Certificate type of --number: slug, Chinese name or vct.")
]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why; is kept here and never put on the ledger.")]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the ledger.")]
TimeoutOption = Annotated[float | None, typer.Option("--timeout", min=0, help="Seconds to wait. [default: for ever]")]

status_app = typer.Typer(no_args_is_help=True, help="Suspend, reinstate or revoke certificates.")


_SAID = {
    Action.SUSPEND: "Suspend certificates: they are INVALID until they are reinstated.",
    Action.REINSTATE: "Reinstate suspended certificates.",
    Action.REVOKE: "Revoke certificates for good; there is no way back.",
}


def _command(action: Action) -> Callable[..., None]:
    """Make the command of an action; all of them take the same."""

    def command(
        *,
        agency: AgencyArgument,
        serials: SerialsArgument = None,
        number: NumberOption = None,
        certificate_type: TypeOption = None,
        reason: ReasonOption = None,
        wait: WaitOption = True,
        timeout: TimeoutOption = None,
        data: DataOption = None,
        as_json: JsonOption = False,
    ) -> None:
        names = _Names(agency, serials or (), number, certificate_type)
        _change(action, names, reason=reason, wait=wait, timeout=timeout, data=data, as_json=as_json)

    command.__doc__ = _SAID[action]
    return command


for _action in Action:
    status_app.command(_action)(_command(_action))


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    app.add_typer(status_app, name="status")


class _Names:
    """How a person names certificates: agency and serials, files, or a number."""

    def __init__(self, agency: str, serials: Sequence[str], number: str | None, certificate_type: str | None) -> None:
        self._words = [agency, *serials]
        self._number = number
        self._type = certificate_type

    def resolve(self, office: Office) -> tuple[str, tuple[int, ...]]:
        """Give the one agency and the serials that are meant; refuse what names none, several agencies, too many."""
        agencies: set[str] = set()
        found: list[int] = []
        for position, word in enumerate(self._words):
            match = SERIALS.fullmatch(word) if position else None
            if match is not None:
                found.extend(_range(word, int(match[1]), int(match[2] or match[1])))
            elif Path(word).is_file():
                certificate = _read(Path(word), office.ledgers)
                agencies.add(certificate.iss.agency)
                found.append(certificate.serial)
            elif position:
                raise Refused(f"{word!r} is no serial, no range of serials and no file")
            else:
                agencies.add(word)
        if len(agencies) != 1:
            raise Refused(f"these are certificates of several agencies: {', '.join(sorted(agencies))}")
        agency = agencies.pop()
        found.extend(self._numbered(office, agency))
        if not found:
            raise Refused("no certificate is named: give serials, ranges, files, or --number with --type")
        if len(found) > MOST_SERIALS:
            raise Refused(
                f"{len(found)} certificates at once are too many; {MOST_SERIALS} can be changed by one command"
            )
        return agency, tuple(found)

    def _numbered(self, office: Office, agency: str) -> Iterator[int]:
        if self._number is None:
            return
        if self._type is None:
            raise Refused("--number needs --type, the certificate type that the number is of")
        yield Numbered.of(office, agency, type_named(self._type)).serial(self._number)


def _range(word: str, first: int, last: int) -> Sequence[int]:
    if last < first or last - first >= MOST_SERIALS:
        raise Refused(f"{word} is no range of at most {MOST_SERIALS} serials")
    return range(first, last + 1)


def _read(path: Path, ledgers: Sequence[str]) -> Certificate:
    """Read whose certificate a file is. It is not judged: the ledger refuses what is not the agency's to change."""
    try:
        certificate = parse(read_presented_file(str(path)))
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    except MalformedCertificate as error:
        raise Refused(f"{path} is no certificate: {error}") from error
    if certificate.iss.ledger not in ledgers:
        raise Refused(f"{path} is a certificate of another ledger, {certificate.iss.ledger}")
    return certificate


def _change(
    action: Action,
    names: _Names,
    *,
    reason: str | None,
    wait: bool,
    timeout: float | None,
    data: Path | None,
    as_json: bool,
) -> None:
    with answered(as_json=as_json, resume=RESUME), open_office(data, Bars()) as (office, _):
        if reason is not None and not is_plain(reason):
            raise Refused("--reason: one line of text is due, without characters that turn or hide what is written")
        agency, serials = names.resolve(office)
        order = StatusOrder(action=action, agency=agency, serials=serials, reason=reason, wait=wait, timeout=timeout)
        outcome = change_status(office, order)
    if as_json:
        print_json(outcome_to_json(outcome))
    else:
        typer.echo(_said(action, outcome))
    if wait and not outcome.complete:
        raise typer.Exit(FAILED)


def _said(action: Action, outcome: StatusOutcome) -> str:
    """Say how many were changed, and how many needed no change."""
    changed, before = len(outcome.changed), len(outcome.already)
    done = {"suspend": "suspended", "reinstate": "reinstated", "revoke": "revoked"}[action]
    state = "settled on the ledger" if outcome.complete else "asked for"
    said = [f"{changed} {done} ({state})"] if changed or not before else []
    if before:
        said.append(
            f"{before} {'was' if before == 1 else 'were'} {'in force' if done == 'reinstated' else done} before"
        )
    return ", ".join(said)


def outcome_to_json(outcome: StatusOutcome) -> dict[str, object]:
    """Give an outcome as JSON."""
    return {
        "state": "done" if outcome.complete else "waiting",
        "action": outcome.order.action,
        "agency": outcome.order.agency,
        "changed": list(outcome.changed),
        "already": list(outcome.already),
        "calls": [
            {
                "id": call.id,
                "state": call.state,
                "transaction": None if call.tx_hash is None else "0x" + call.tx_hash.hex(),
                "block": call.block,
            }
            for call in outcome.calls
        ],
    }

"""`ecert issue`: a table of an agency becomes certificates, anchored, verified and handed out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecert.types import TypeCatalogue
from verifier.commands.office import ERROR, Bars, answered, open_office, print_json
from verifier.commands.options import DataOption, JsonOption
from verifier.errors import Refused
from verifier.services.issuing import LARGEST_BATCH, Order, Outcome
from verifier.services.issuing import issue as issue_table

RESUME = "Run the same command again: it goes on where this one stopped, and issues nothing twice."


def issue(
    *,
    file: Annotated[Path, typer.Argument(help="CSV: a column for each field, then valid_from and valid_until.")],
    certificate_type: Annotated[str, typer.Option("--type", help="Certificate type, such as real-estate-title.")],
    agency: Annotated[str, typer.Option("--agency", help="Code of the agency that issues.")],
    data: DataOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the certificate files. [default: DATA/certificates]")
    ] = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, max=LARGEST_BATCH, help="Certificates anchored by one call.")
    ] = 1000,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Issue the good rows of a file with faults.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the file; store nothing.")] = False,
    documents: Annotated[
        Path | None,
        typer.Option("--documents", help="Folder with each row's original, named in the column document or by number."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the ledger and hand out.")] = True,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0, help="Seconds to wait at most. [default: for ever]")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Issue the certificates of a table. Exit code 0: all is anchored, verified and handed out; 2: it is not.

    Every row is checked before anything is stored. The same file again goes on where it was left.
    """
    bars = Bars()
    with answered(as_json=as_json, resume=RESUME), open_office(data, bars) as (office, settings):
        found = TypeCatalogue.bundled().by_slug(certificate_type)
        if found is None:
            known = ", ".join(sorted(each.slug for each in TypeCatalogue.bundled()))
            raise Refused(f"there is no certificate type {certificate_type!r}; there are {known}")
        order = Order(
            file=file,
            certificate_type=found,
            agency=agency,
            folder=(out or settings.certificates_dir).absolute(),
            batch_size=batch_size,
            skip_bad=skip_bad,
            dry_run=dry_run,
            documents=documents,
            wait=wait,
            timeout=timeout,
        )
        outcome = issue_table(office, order)
    _render(outcome, as_json=as_json)
    if not (outcome.complete or dry_run or (not wait and not outcome.withheld)):
        raise typer.Exit(ERROR)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("issue")(issue)


def state_of(outcome: Outcome) -> str:
    """Say in a word what came of an order."""
    if outcome.order.dry_run:
        return "checked"
    if outcome.withheld:
        return "withheld"
    return "done" if outcome.complete else "waiting"


def _render(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        print_json(outcome_to_json(outcome))
        return
    for fault in outcome.faults[:20]:
        typer.echo(str(fault), err=True)
    if outcome.order.dry_run:
        typer.echo(f"{outcome.rows} rows can be issued, {outcome.bad} cannot; nothing was stored")
        return
    typer.echo(
        f"{outcome.issued} certificates in {len(outcome.batches)} batches, {outcome.handed_out} handed out,"
        f" {outcome.bad} rows passed over"
    )
    for serial, reasons in list(outcome.withheld.items())[:20]:
        typer.echo(f"withheld: serial {serial}: {', '.join(reasons)}", err=True)
    typer.echo(f"each row: {outcome.results}")


def outcome_to_json(outcome: Outcome) -> dict[str, object]:
    """Give an outcome as JSON."""
    order = outcome.order
    return {
        "state": state_of(outcome),
        "file": str(order.file),
        "agency": order.agency,
        "type": order.certificate_type.slug,
        "job": outcome.job,
        "rows": outcome.rows,
        "bad": outcome.bad,
        "issued": outcome.issued,
        "handed_out": outcome.handed_out,
        "withheld": {str(serial): list(reasons) for serial, reasons in outcome.withheld.items()},
        "withdrawn": {str(serial): list(reasons) for serial, reasons in outcome.withdrawn.items()},
        "batches": [
            {"first_serial": batch.first_serial, "count": batch.count, "state": batch.call_state}
            for batch in outcome.batches
        ],
        "results": None if outcome.results is None else str(outcome.results),
        "faults": [fault.to_json() for fault in outcome.faults],
    }

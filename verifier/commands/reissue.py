"""`ecert reissue`: what the ledger refused is issued again, under new serials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from verifier.commands.bars import Bars
from verifier.commands.kept_back import kept_back, print_withheld
from verifier.commands.opening import open_office
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import FAILED, answered
from verifier.services.issuing import LARGEST_BATCH
from verifier.services.reissuance import Reissued, ReissueOrder
from verifier.services.reissuing import reissue as reissue_refused
from verifier.services.serial_ranges import range_words, ranges

RESUME = "Run the same command again: it goes on where this one stopped, and issues nothing twice."


def reissue(
    *,
    agency: Annotated[
        str | None, typer.Option("--agency", metavar="CODE", help="Only of this agency. [default: of all]")
    ] = None,
    data: DataOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the certificate files. [default: DATA/certificates]")
    ] = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, max=LARGEST_BATCH, help="Certificates anchored by one call.")
    ] = 1000,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the ledger and hand out.")] = True,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0, help="Seconds to wait at most. [default: for ever]")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Issue the rows of refused batches again, each once, from what was signed then; the tables are not needed.

    Given again, it hands out what it did not wait for before. Exit code 2: something is not done, and is named.
    """
    with answered(as_json=as_json, resume=RESUME), open_office(data, Bars()) as (office, settings):
        folder = (out or settings.certificates_dir).absolute()
        order = ReissueOrder(folder=folder, agency=agency, batch_size=batch_size, wait=wait, timeout=timeout)
        done = reissue_refused(office, order)
    _render(done, as_json=as_json)
    if any(one.stopped or one.passed_over or one.anchored.withheld or (wait and not one.complete) for one in done):
        raise typer.Exit(FAILED)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("reissue")(reissue)


def _render(done: list[Reissued], *, as_json: bool) -> None:
    if as_json:
        print_json({**_state(done), "jobs": [_to_json(one) for one in done]})
        return
    for one in done:
        where, out = f"{one.job.agency}: {one.job.name}", one.anchored
        serials = ", ".join(range_words(ranges(one.serials))) or "none"
        kept = kept_back(out.withdrawn, out.withheld)
        later = "" if out.complete else ", the rest by the same command when the ledger has it"
        typer.echo(f"{where}: {len(one.serials)} issued again, serials {serials}; {out.files} handed out{kept}{later}")
        print_withheld(out.withheld)
        for serial, why in list(one.passed_over.items())[:20]:
            typer.echo(f"passed over: serial {serial}: {why}", err=True)
        if one.stopped is not None:
            typer.echo(f"ecert: {where}: {one.stopped}", err=True)
    if not done:
        typer.echo("nothing of a refused batch is left to issue again or to hand out")


def _state(done: list[Reissued]) -> dict[str, object]:
    stops = [f"{one.job.agency}: {one.job.name}: {one.stopped}" for one in done if one.stopped is not None]
    return {"state": "stopped", "message": "; ".join(stops)} if stops else {"state": "done"}


def _to_json(one: Reissued) -> dict[str, object]:
    return {
        "job": one.job.id,
        "name": one.job.name,
        "agency": one.job.agency,
        "serials": list(one.serials),
        "passed_over": {str(serial): why for serial, why in one.passed_over.items()},
        "handed_out": one.anchored.files,
        "withheld": {str(serial): list(reasons) for serial, reasons in one.anchored.withheld.items()},
        "withdrawn": {str(serial): list(reasons) for serial, reasons in one.anchored.withdrawn.items()},
        "complete": one.complete,
        "stopped": one.stopped,
    }

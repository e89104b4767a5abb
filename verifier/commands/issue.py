"""`ecert issue`: a table of an agency becomes certificates, anchored, verified and handed out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecert.explaining import Language
from ecert.fields import Words
from verifier.commands.bars import Bars
from verifier.commands.kept_back import kept_back, print_withheld
from verifier.commands.opening import open_office
from verifier.commands.options import DataOption, JsonOption, LanguageOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import FAILED, answered
from verifier.services.issuing import LARGEST_BATCH
from verifier.services.issuing import issue as issue_table
from verifier.services.table_issuance import Order, TableOutcome
from verifier.tables.type_names import type_named
from verifier.times import shown

RESUME = Words(
    en="Run the same command again: it goes on where this one stopped, and issues nothing twice."
    " Where files could not be written, it writes them; --out chooses another folder.",
    zh="请重新运行同一命令：它会从中断处继续，不会重复签发；未能写入的文件会重新写出，可用 --out 指定其他文件夹。",
)


def issue(
    *,
    file: Annotated[
        Path, typer.Argument(readable=False, help="CSV: a column for each field, then valid_from and valid_until.")
    ],
    certificate_type: Annotated[
        str, typer.Option("--type", help="Certificate type: real-estate-title, 不动产权证书, or its vct.")
    ],
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
    lang: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Issue the certificates of a table. Exit code 0: all is anchored, verified and handed out; 2: it is not.

    Every row is checked before anything is stored. The same file again goes on where it was left. A table
    (*.results.csv) says what came of each row; in it an apostrophe stands before what a spreadsheet would calculate.
    """
    bars = Bars(language=lang)
    with answered(as_json=as_json, resume=RESUME, language=lang), open_office(data, bars) as (office, settings):
        order = Order(
            file=file,
            certificate_type=type_named(certificate_type),
            agency=agency,
            folder=(out or settings.certificates_dir).absolute(),
            batch_size=batch_size,
            skip_bad=skip_bad,
            dry_run=dry_run,
            documents=documents,
            spool=settings.data_dir,
            wait=wait,
            timeout=timeout,
        )
        outcome = issue_table(office, order)
    if as_json:
        print_json(outcome_to_json(outcome))
    else:
        _render(outcome, lang)
    if not (outcome.complete or dry_run or (not wait and not outcome.withheld)):
        raise typer.Exit(FAILED)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("issue")(issue)


def state_of(outcome: TableOutcome) -> str:
    """Say in a word what came of an order."""
    if outcome.order.dry_run:
        return "checked"
    if outcome.withheld:
        return "withheld"
    return "done" if outcome.complete else "waiting"


def _render(outcome: TableOutcome, language: Language) -> None:
    for fault in outcome.faults[:20]:
        typer.echo(fault.said(language), err=True)
    if outcome.order.dry_run:
        typer.echo(language.of(_checked(outcome)))
        return
    if outcome.done_before is not None:
        typer.echo(language.of(_done_before(shown(outcome.done_before))))
    typer.echo(language.of(_issued(outcome, _kept_back(outcome, language))))
    print_withheld(outcome.withheld, language)
    typer.echo(language.of(Words(en=f"each row: {outcome.results}", zh=f"逐行结果：{outcome.results}")))


def _checked(outcome: TableOutcome) -> Words:
    return Words(
        en=f"{outcome.rows} rows can be issued, {outcome.bad} cannot; nothing was stored",
        zh=f"{outcome.rows} 行可以签发，{outcome.bad} 行不能；未保存任何内容",
    )


def _done_before(then: str) -> Words:
    return Words(
        en=f"issued already on {then}; the files were written again where they lacked",
        zh=f"已于 {then} 签发；缺少的文件已重新写出",
    )


def _issued(outcome: TableOutcome, kept: str) -> Words:
    return Words(
        en=f"{_count(outcome.issued, 'certificate')} in {_count(len(outcome.batches), 'batch', 'batches')},"
        f" {outcome.handed_out} handed out{kept}, {_count(outcome.bad, 'row')} passed over",
        zh=f"已签发 {outcome.issued} 份证照，共 {len(outcome.batches)} 批；"
        f"已发放 {outcome.handed_out} 份{kept}；略过 {outcome.bad} 行",
    )


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _kept_back(outcome: TableOutcome, language: Language) -> str:
    waiting = outcome.issued - outcome.handed_out - len(outcome.withdrawn) - len(outcome.withheld)
    return kept_back(outcome.withdrawn, outcome.withheld, waiting=waiting, language=language)


def outcome_to_json(outcome: TableOutcome) -> dict[str, object]:
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
        "done_before": outcome.done_before,
        "withheld": {str(serial): list(reasons) for serial, reasons in outcome.withheld.items()},
        "withdrawn": {str(serial): list(reasons) for serial, reasons in outcome.withdrawn.items()},
        "batches": [
            {"first_serial": batch.first_serial, "count": batch.count, "state": batch.call_state}
            for batch in outcome.batches
        ],
        "results": None if outcome.results is None else str(outcome.results),
        "faults": [fault.to_json() for fault in outcome.faults],
    }

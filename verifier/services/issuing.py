"""Issuing a table of certificates: check all, sign and store, wait for the ledger, verify, hand out.

The table's hash with agency and type is the job: the same file again goes on where it was left or answers what came
of it, and never issues twice. Nothing is stored of a table with a fault unless the good rows are asked for.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, replace
from typing import BinaryIO

from ecert.certificate_type import CertificateType
from ecert.fields import Words
from ecert.types import TypeCatalogue
from store import batches, certificates, jobs
from store.records import Job
from store.states import BatchState, JobState
from verifier.faults import IssuingStopped, RowFault, RowsRefused
from verifier.keys.keyring import LedgerKey
from verifier.services.abandoned import void_abandoned
from verifier.services.anchoring import Anchored, wait_and_hand_out
from verifier.services.at_rest import AtRest
from verifier.services.blind_indexes import BlindIndexes
from verifier.services.checking import Checked, check_rows
from verifier.services.filling import Filling
from verifier.services.handing_out import folder_of
from verifier.services.office import Office, Patience, obstacle
from verifier.services.table_issuance import Order, Plan, TableOutcome
from verifier.system_words import why
from verifier.tables.document_folder import DocumentFolder
from verifier.tables.linted_rows import LintedRows, columns_of, type_of_header
from verifier.tables.result_file import RowResults, write_results
from verifier.tables.rows import Table
from verifier.tables.spool import Spool
from verifier.tables.survey import Survey, open_plain, survey
from verifier.written_files import assure_writable

LARGEST_BATCH = 65_536
LEDGER_PATIENCE = 30
"""Seconds to wait for our copy of the ledger to show that the agency may issue."""


def issue(office: Office, order: Order) -> TableOutcome:
    """Issue a table, or go on with it.

    Raises:
        RowsRefused: the table has faults; nothing of it was stored.
        KeyringError: the agency's keys are not here.
        IssuingStopped: the ledger does not let the agency issue, rows or files cannot be written, or the time is over;
            the same order goes on later.
    """
    if not 1 <= order.batch_size <= LARGEST_BATCH:
        raise IssuingStopped(f"a batch has 1 to {LARGEST_BATCH} certificates, not {order.batch_size}")
    patience = Patience(office, order.timeout)
    with open_plain(order.file) as file, closing(Spool(order.spool)) as spool:
        before = os.fstat(file.fileno())
        found = survey(file, order.file.name)
        table = _table(file, found, order.certificate_type)
        rows = LintedRows(table, order.certificate_type, DocumentFolder(order.documents), spool)
        job = before_this = _job(office, order, found)
        checked = check_rows(office, rows, _blind(office, order), found.sha256)
        _refuse(order, checked, found.name)
        if order.dry_run:
            return TableOutcome(
                order=order, job=None, rows=checked.good, bad=len(checked.bad), faults=tuple(checked.faults.listed)
            )
        _assure_folder(order)
        opened = _Opened(file=file, before=before, found=found, table=table, rows=rows, checked=checked)
        if job is None or job.state is JobState.FILLING:
            job = _fill(office, order, job, opened, patience)
        spool.close()  # the ledger may let us wait long
        anchored = wait_and_hand_out(office, job, order.certificate_type, order.folder, patience, wait=order.wait)
        outcome = _outcome(office, order, job, opened, anchored)
        done = before_this is not None and before_this.state is JobState.DONE
        return replace(outcome, done_before=job.updated_at) if done else outcome


def _assure_folder(order: Order) -> None:
    """See, before anything is stored, that what is handed out can be written."""
    folder = folder_of(order.folder, order.agency, order.certificate_type)
    try:
        assure_writable(folder)
    except OSError as error:
        words = why(error)
        raise IssuingStopped(
            Words(
                en=f"nothing was stored by this run: files cannot be written in {folder}: {words.en};"
                " choose another --out",
                zh=f"本次运行未保存任何内容：无法在 {folder} 中写入文件：{words.zh}；请用 --out 指定其他文件夹",
            )
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    file: BinaryIO
    before: os.stat_result
    found: Survey
    table: Table
    rows: LintedRows
    checked: Checked


def _table(file: BinaryIO, found: Survey, certificate_type: CertificateType) -> Table:
    table = Table(file, found, columns_of(certificate_type))
    if table.header.faults:
        other = type_of_header(table.header_cells, TypeCatalogue.bundled())
        if other is None or other is certificate_type:
            raise RowsRefused(table.header.faults)
        fault = RowFault(
            file=found.name,
            line=table.header_line,
            field=None,
            reason="wrong_type",
            en=f"these are the columns of {other.slug} ({other.zh}), not of {certificate_type.slug}",
            zh=f"这些是“{other.zh}”的列，不是“{certificate_type.zh}”的列",
        )
        raise RowsRefused([fault, *table.header.faults])
    return table


def _job(office: Office, order: Order, found: Survey) -> Job | None:
    with office.database.read() as connection:
        return jobs.find(
            connection,
            ledger=office.ledger,
            agency=order.agency,
            certificate_type=order.certificate_type.vct_hash,
            sha256=found.sha256,
        )


def _refuse(order: Order, checked: Checked, name: str) -> None:
    if checked.bad and not order.skip_bad:
        raise RowsRefused(checked.faults.listed, checked.faults.count)
    if not checked.good:
        empty = RowFault(
            file=name, line=None, field=None, reason="no_rows", en="there is no row to issue", zh="没有可签发的行"
        )
        raise RowsRefused([*checked.faults.listed, empty], checked.faults.count + 1)


def _blind(office: Office, order: Order) -> BlindIndexes:
    return AtRest.of(office).blind(order.agency, order.certificate_type)


def _fill(office: Office, order: Order, job: Job | None, opened: _Opened, patience: Patience) -> Job:
    key = office.keyring.certificate_key(order.agency)
    address = office.keyring.address(order.agency, LedgerKey.ANCHOR)
    _wait_until_allowed(office, order, key.kid, patience)
    void_abandoned(office, agency=order.agency, but=job)
    with office.database.begin() as connection:
        job = jobs.start(
            connection,
            ledger=office.ledger,
            agency=order.agency,
            certificate_type=order.certificate_type.vct_hash,
            sha256=opened.found.sha256,
            name=opened.found.name,
            rows=opened.checked.good,
            now=office.clock(),
        ).job
    plan = Plan(
        file=opened.file,
        before=opened.before,
        rows=opened.rows,
        bad=opened.checked.bad.keys(),
        good=opened.checked.good,
        batch_size=order.batch_size,
        key=key,
        anchor_address=address,
        certificate_type=order.certificate_type,
    )
    Filling(office, job, plan).run(patience)
    return job


def _wait_until_allowed(office: Office, order: Order, kid: bytes, patience: Patience) -> None:
    """Wait a little for our copy of the ledger, which may be behind, to show that the agency may issue; then refuse.

    What is known to stand in the way for longer than that is refused at once.
    """
    last: float = office.clock() + LEDGER_PATIENCE
    if patience.until is not None:
        last = min(last, patience.until)
    while True:
        now = office.clock()
        found = obstacle(office.copy(), agency=order.agency, certificate_type=order.certificate_type, kid=kid, now=now)
        if found is None:
            return
        en, zh = found.why.en, found.why.zh
        if now >= last or (found.ends is not None and found.ends > last):
            raise IssuingStopped(Words(en=f"{en}; nothing was stored", zh=f"{zh}；未保存任何内容"))
        if found.ends is None:
            en = f"{en}, says our copy of the ledger; it may be behind: looking again for {LEDGER_PATIENCE} s"
            zh = f"账本副本显示：{zh}；副本可能滞后，{LEDGER_PATIENCE} 秒内将再次查看"
        else:
            en, zh = f"{en}; waiting", f"{zh}；等待中"
        office.progress.note(Words(en=en, zh=zh))
        patience.wait(found.why)


def _outcome(office: Office, order: Order, job: Job, opened: _Opened, anchored: Anchored) -> TableOutcome:
    checked = opened.checked
    with office.database.read() as connection:
        records = batches.of_job(connection, job.id)
        serials = certificates.issued_lines(connection, job.id)
    closed = tuple(record for record in records if record.state is BatchState.CLOSED)
    folder = folder_of(order.folder, order.agency, order.certificate_type)
    results = folder / f"{order.file.stem}-{job.sha256.hex()[:8]}.results.csv"
    write_results(
        results,
        opened.table,
        order.certificate_type.number,
        RowResults(serials=serials, bad=checked.bad, anchored=anchored, folder=folder),
    )
    return TableOutcome(
        order=order,
        job=job.id,
        rows=checked.good + len(checked.bad),
        bad=len(checked.bad),
        faults=tuple(checked.faults.listed),
        issued=sum(record.count for record in closed),
        handed_out=anchored.files,
        withheld=anchored.withheld,
        withdrawn=anchored.withdrawn,
        batches=closed,
        complete=anchored.complete and not anchored.withheld,
        results=results,
    )

"""Waiting for the ledger: each batch of a job is handed out as soon as our copy of the ledger shows it settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ecert.certificate_type import CertificateType
from ecert.fields import Words
from ecert.verdict import Reason
from store import batches, jobs
from store.records import BatchRecord, Job
from store.states import BatchState, CallState
from verifier.faults import IssuingStopped
from verifier.keys.field_key import FieldKeys
from verifier.services.abandoned import void_abandoned
from verifier.services.handing_out import folder_of, hand_out, is_settled
from verifier.services.held_up import held_up
from verifier.services.office import Office, Patience
from verifier.services.online_batches import OnlineBatches
from verifier.services.progress import Stage
from verifier.services.vigil import QUIET, Vigil, not_taken

_WAITING = Words(en="waiting for the ledger", zh="等待账本")
_TOO_OLD = Words(
    en="our copy of the ledger is too old to judge by: is the indexer (`ecert serve`) running?",
    zh="账本副本过旧，无法据以核验：索引程序（`ecert serve`）是否在运行？",
)
_BEHIND = Words(
    en="the ledger has it, our copy does not yet: is the indexer (`ecert serve`) running?",
    zh="账本已登记，账本副本尚未更新：索引程序（`ecert serve`）是否在运行？",
)


@dataclass(slots=True, kw_only=True)
class Anchored:
    """What is out: ranges of serials, but for those withheld or withdrawn; `complete`: nothing is left to wait for."""

    serials: list[range] = field(default_factory=list)
    files: int = 0
    withheld: dict[int, tuple[Reason, ...]] = field(default_factory=dict)
    withdrawn: dict[int, tuple[Reason, ...]] = field(default_factory=dict)
    complete: bool = False


def wait_and_hand_out(
    office: Office, job: Job, certificate_type: CertificateType, folder: Path, patience: Patience, *, wait: bool
) -> Anchored:
    """Hand out every batch of a job; with `wait` false, only what is settled by now.

    Raises:
        IssuingStopped: the ledger refused a batch (its rows can be issued again), nobody is at work, or time is over.
    """
    anchored = Anchored()
    waiting = {record.id: record for record in _closed(office, job)}
    total = sum(record.count for record in waiting.values())
    if waiting:
        _clear_the_way(office, job.agency)
    office.progress.begin(Stage.ANCHOR, total)
    watch = _Watch(office, patience)
    while waiting:
        for record in _ready(office, waiting):
            if _hand_out(office, record, certificate_type, folder, anchored):
                del waiting[record.id]
                office.progress.reach(anchored.files + len(anchored.withheld) + len(anchored.withdrawn))
        if not waiting or not wait:
            break
        now_known = _look(office, job, waiting)
        watch.tell(now_known)
        patience.wait(_WAITING)
    if not waiting:
        anchored.complete = True
        if not anchored.withheld:
            with office.database.begin() as connection:
                jobs.finish(connection, job.id, now=office.clock())
    return anchored


def _clear_the_way(office: Office, agency: str) -> None:
    """Close or void the agency's batches that are filling and that nobody is at work on: they hold up later anchors.

    Those of certificates asked for one by one are closed. The office does so within seconds, but where it is down
    nobody else would. How young they are does not matter: whoever still adds to one begins another.
    """
    OnlineBatches(office=office, seconds=0).close_due(agency=agency)
    void_abandoned(office, agency=agency)


def _closed(office: Office, job: Job) -> Sequence[BatchRecord]:
    with office.database.read() as connection:
        return [record for record in batches.of_job(connection, job.id) if record.state is BatchState.CLOSED]


def _ready(office: Office, waiting: dict[int, BatchRecord]) -> list[BatchRecord]:
    copies = office.copies()
    if copies is None:
        return []
    return [record for record in waiting.values() if is_settled(copies.of(record.ledger), record)]


def _hand_out(
    office: Office, record: BatchRecord, certificate_type: CertificateType, folder: Path, anchored: Anchored
) -> bool:
    """Hand out one batch; False where our copy leaves a doubt that will pass."""
    copies = office.copies()
    if copies is None:
        return False
    place = folder_of(folder, record.agency, certificate_type)
    fields = FieldKeys.under(office.keyring.folder)
    database, now = office.database, office.clock()
    result = hand_out(database, record, certificate_type, copies, fields=fields, folder=place, now=now)
    if result.later:
        office.progress.note(_TOO_OLD)
        return False
    anchored.files += result.files
    anchored.withheld |= result.withheld
    anchored.withdrawn |= result.withdrawn
    anchored.serials.append(record.serials)
    return True


def _look(office: Office, job: Job, waiting: dict[int, BatchRecord]) -> list[BatchRecord]:
    """Read the waiting batches again; a refused one ends the waiting."""
    with office.database.read() as connection:
        records = [record for record in batches.of_job(connection, job.id) if record.id in waiting]
    for record in records:
        if record.state is BatchState.VOID or record.call_state is CallState.FAILED:
            first, last = record.first_serial, record.first_serial + record.count - 1
            why = record.error or record.void_reason
            raise IssuingStopped(
                Words(
                    en=f"the ledger refused the batch of serials {first} to {last}: {why or 'no reason given'};"
                    " its rows are issued again, under new serials, by the same command",
                    zh=f"账本拒绝了序列号 {first} 至 {last} 的批次：{why or '未说明原因'}；"
                    "重新运行同一命令，其各行将以新的序列号重新签发",
                )
            )
    return records


class _Watch:
    """Tells a person what is being waited for, when nothing has moved for a while."""

    def __init__(self, office: Office, patience: Patience) -> None:
        self._office = office
        self._vigil = Vigil(office, patience)

    def tell(self, records: Sequence[BatchRecord]) -> None:
        """Say something where a word of the ledger or a long silence asks for it; end where nobody is at work."""
        for record in records:
            if record.waiting_reason:
                self._office.progress.note(not_taken(record.waiting_reason))
        before = held_up(self._office, records)
        if before is not None and void_abandoned(self._office, agency=before.batch.agency):
            before = held_up(self._office, records)
        states = [(record.id, record.call_state, record.waiting_reason) for record in records]
        open_calls = [record.call for record in records if record.call_state is not CallState.SETTLED]
        quiet = self._vigil.quiet((states, before), settled=not open_calls)
        self._vigil.look(open_calls[0] if open_calls else None, before)
        if quiet < QUIET or any(record.waiting_reason for record in records):
            return
        if before is not None:
            self._office.progress.note(Words(en=f"{before.words.en}; waiting", zh=f"{before.words.zh}；等待中"))
            return
        if all(record.call_state is CallState.QUEUED for record in records):
            missing = self._vigil.missing(open_calls[0])
            if missing is not None:
                self._office.progress.note(missing)
        elif any(record.call_state in {CallState.SETTLED, CallState.MINED} for record in records):
            self._office.progress.note(_BEHIND)

"""Issuing a table: all or nothing, once, and handed out only when our own verifier says so."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

import pytest

from ecert.certificate_type import CertificateType
from ecert.draft import LintedCertificate, lint
from ecert.events import KeyAdded, KeyRevoked
from ecert.facts import Status
from ecert.judging import judge
from ecert.parsing import parse
from ecert.suite import SUITE
from ecert.types import bundled_types
from ecert.verdict import Reason, Result
from store import batches, calls, inventory, jobs, leases
from store.records import Job
from store.states import BatchState, JobState
from tests.verifier.office import AGENCY, NOW, City, make_city
from tests.verifier.test_spool import full_disk
from verifier.faults import IssuingStopped, RowsRefused
from verifier.services.held_job import HeldJob
from verifier.services.issuing import issue
from verifier.services.office import Office, Patience
from verifier.services.progress import Stage
from verifier.services.table_issuance import Order, TableOutcome
from verifier.services.vigil import DESERTED
from verifier.times import shown

HEALTH = bundled_types()["health-certificate"]
HEADER = "holder_name,holder_id,certificate_number,work_category,examined_by,valid_from,valid_until"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@pytest.fixture(name="city")
def city_(tmp_path: Path) -> Iterator[City]:
    city = make_city(tmp_path / "city")
    with city.database:
        yield city


def citizen_id(number: int) -> str:
    body = f"42010619900101{number % 1000:03d}"
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 11]


def row(number: int, **changes: str) -> str:
    cells = {
        "holder_name": "罗文超",
        "holder_id": citizen_id(number),
        "certificate_number": f"42011120170{number:07d}",
        "work_category": "食品",
        "examined_by": "某市疾病预防控制中心",
        "valid_from": "2026-05-17",
        "valid_until": "2036-05-16",
    }
    return ",".join((cells | changes).values())


def table(city: City, rows: list[str], *, name: str = "health.csv", encoding: str = "utf-8", end: str = "\n") -> Path:
    path = city.folder / name
    path.write_bytes((end.join([HEADER, *rows]) + end).encode(encoding))
    return path


class Options(TypedDict, total=False):
    certificate_type: CertificateType
    batch_size: int
    skip_bad: bool
    dry_run: bool
    documents: Path
    spool: Path
    wait: bool
    timeout: float | None


def run(city: City, file: Path, **options: Unpack[Options]) -> TableOutcome:
    standard = Order(file=file, certificate_type=HEALTH, agency=AGENCY, folder=city.certificates)
    return issue(city.office, replace(standard, **options))


def refused(city: City, file: Path, **options: Unpack[Options]) -> RowsRefused:
    before = stored(city)
    with pytest.raises(RowsRefused) as caught:
        run(city, file, **options)
    assert stored(city) == before
    return caught.value


def stored(city: City) -> tuple[int, int]:
    with city.database.read() as connection:
        certificates = inventory.count_certificates(connection, city.office.ledger)
        return certificates, len(calls.open_calls(connection, city.office.ledger))


def nothing_stored(city: City) -> bool:
    with city.database.read() as connection:
        return not inventory.has_issued(connection)


def results(outcome: TableOutcome) -> list[dict[str, str]]:
    assert outcome.results is not None
    with outcome.results.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_all_valid(city: City) -> None:
    copy = city.office.copy()
    assert copy is not None
    for path in city.files():
        certificate = parse(path.read_bytes())
        verdict = judge(certificate, copy.facts(certificate), now=city.clock.now, certificate_type=HEALTH)
        assert verdict.result is Result.VALID, verdict.reasons


def test_a_table_becomes_certificates_that_are_anchored_and_valid(city: City) -> None:
    outcome = run(city, table(city, [row(n) for n in range(25)]), batch_size=10)
    assert (outcome.issued, outcome.handed_out, outcome.complete) == (25, 25, True)
    assert [(batch.first_serial, batch.count) for batch in outcome.batches] == [(0, 10), (10, 10), (20, 5)]
    assert [path.name for path in city.files()] == sorted(f"{n}.ecert.json" for n in range(25))
    assert {path.parent for path in city.files()} == {city.certificates / AGENCY / HEALTH.slug}
    assert_all_valid(city)


def test_a_table_that_is_too_long_to_keep_is_linted_once_and_issued_whole(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    linted = []

    def counted(*arguments: Any, **options: Any) -> LintedCertificate:
        linted.append(arguments)
        return lint(*arguments, **options)

    monkeypatch.setattr("verifier.tables.linted_rows.lint", counted)
    monkeypatch.setattr("verifier.tables.linted_rows.KEPT", 3)
    rows = [row(n) for n in range(25)]
    rows[7] = row(7, holder_name="")
    outcome = run(city, table(city, rows), skip_bad=True, batch_size=10, spool=city.folder)
    assert (outcome.issued, outcome.bad, outcome.complete) == (24, 1, True)
    assert [each["line"] for each in results(outcome) if not each["serial"]] == ["9"]
    assert_all_valid(city)
    assert len(linted) == 25


def test_rows_that_cannot_be_laid_aside_are_said_before_anything_is_stored(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.tables.linted_rows.KEPT", 3)
    absent = city.folder / "absent"
    with pytest.raises(IssuingStopped, match=f"nothing was stored by this run: .* laid aside in {absent}: No such"):
        run(city, table(city, [row(n) for n in range(25)]), spool=absent)
    assert nothing_stored(city)
    assert run(city, table(city, [row(n) for n in range(3)], name="short.csv"), spool=absent).complete


def test_rows_that_the_disk_does_not_take_are_said_before_anything_is_stored(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.tables.linted_rows.KEPT", 3)
    monkeypatch.setattr("verifier.tables.spool.TemporaryFile", full_disk)
    with pytest.raises(IssuingStopped, match=f"nothing was stored .* in {city.folder}: No space left on device"):
        run(city, table(city, [row(n) for n in range(5)]), spool=city.folder)
    assert nothing_stored(city)


def test_each_row_is_answered_with_its_serial_and_file(city: City) -> None:
    found = results(run(city, table(city, [row(7), row(8)])))
    assert [(each["line"], each["number"], each["serial"], each["status"]) for each in found] == [
        ("2", "420111201700000007", "0", "handed_out"),
        ("3", "420111201700000008", "1", "handed_out"),
    ]
    assert json.loads(Path(found[1]["file"]).read_bytes())["payload"]


def test_a_certificate_says_what_its_row_says(city: City) -> None:
    run(city, table(city, [row(7)]))
    certificate = parse(city.files()[0].read_bytes())
    fields = {each.name: each.value for each in certificate.disclosures}
    assert fields["holder_name"] == "罗文超"
    assert fields["certificate_number"] == "420111201700000007"
    assert fields["document"] is None
    assert certificate.iss.agency == AGENCY


@pytest.mark.parametrize(("encoding", "end"), [("utf-8-sig", "\r\n"), ("gb18030", "\r\n"), ("gb18030", "\n")])
def test_a_spreadsheets_table_is_read_right(city: City, encoding: str, end: str) -> None:
    run(city, table(city, [row(7)], encoding=encoding, end=end))
    certificate = parse(city.files()[0].read_bytes())
    assert {"罗文超", "某市疾病预防控制中心"} <= {str(each.value) for each in certificate.disclosures}


def test_a_wrong_check_digit_in_row_117_is_named_and_nothing_is_issued(city: City) -> None:
    rows = [row(n) for n in range(200)]
    right = citizen_id(115)
    wrong = right[:-1] + ("1" if right[-1] != "1" else "2")
    rows[115] = row(115, holder_id=wrong)
    error = refused(city, table(city, rows))
    (fault,) = error.faults
    assert (fault.file, fault.line, fault.field, fault.reason) == ("health.csv", 117, "holder_id", "citizen_id_check")
    assert city.files() == []


def test_every_fault_of_a_table_is_told(city: City) -> None:
    rows = [row(n, holder_name="", valid_from="2026-02-30") for n in range(3)]
    error = refused(city, table(city, rows))
    assert {(fault.line, fault.field) for fault in error.faults} == {
        (line, field) for line in (2, 3, 4) for field in ("holder_name", "valid_from")
    }


def test_faults_are_listed_up_to_a_limit_and_counted_beyond(city: City) -> None:
    error = refused(city, table(city, [row(n, holder_name="") for n in range(1200)]))
    assert (len(error.faults), error.count) == (1000, 1200)


def test_a_number_that_stands_twice_in_a_table_names_both_lines(city: City) -> None:
    error = refused(city, table(city, [row(1), row(2), row(1)]))
    (fault,) = error.faults
    assert (fault.line, fault.field, fault.reason) == (4, "certificate_number", "duplicate_number")
    assert "line 2" in fault.en


def test_a_number_that_was_issued_before_names_its_serial(city: City) -> None:
    run(city, table(city, [row(1), row(2)]))
    error = refused(city, table(city, [row(3), row(2, holder_name="另一人")], name="more.csv"))
    (fault,) = error.faults
    assert (fault.line, fault.field, fault.reason) == (3, "certificate_number", "number_taken")
    assert "serial 1" in fault.en


def test_numbers_are_compared_in_their_normal_form(city: City) -> None:
    run(city, table(city, [row(1)]))
    wide = "".join(chr(ord(c) + 0xFEE0) for c in "420111201700000001")
    error = refused(city, table(city, [row(2, certificate_number=wide)], name="more.csv"))
    assert error.faults[0].reason == "number_taken"


def test_a_table_of_another_type_is_recognised(city: City) -> None:
    error = refused(city, table(city, [row(1)]), certificate_type=bundled_types()["real-estate-title"])
    assert error.faults[0].reason == "wrong_type"
    assert "health-certificate" in error.faults[0].en
    assert {fault.reason for fault in error.faults[1:]} == {"unknown_column", "missing_column"}


def test_a_missing_column_is_refused_before_anything_else(city: City) -> None:
    path = city.folder / "short.csv"
    path.write_text("holder_name,holder_id\n罗,1\n", encoding="utf-8")
    assert {fault.field for fault in refused(city, path).faults} == {
        "certificate_number",
        "work_category",
        "examined_by",
        "valid_from",
        "valid_until",
    }


def test_a_missing_column_is_not_taken_for_another_type(city: City) -> None:
    path = city.folder / "missing.csv"
    path.write_text(HEADER.replace(",valid_until", "") + "\n", encoding="utf-8")
    assert [fault.reason for fault in refused(city, path).faults] == ["missing_column"]


def test_a_truncated_table_issues_nothing(city: City) -> None:
    path = table(city, [row(n) for n in range(5)])
    path.write_bytes(path.read_bytes()[:-30])
    error = refused(city, path)
    assert (error.faults[0].line, error.faults[0].reason) == (6, "truncated")


def test_a_table_without_rows_is_refused(city: City) -> None:
    assert refused(city, table(city, [])).faults[0].reason == "no_rows"


def test_the_good_rows_are_issued_when_asked(city: City) -> None:
    rows = [row(1), row(2, holder_name=""), row(3), row(1), row(5)]
    outcome = run(city, table(city, rows), skip_bad=True)
    assert (outcome.issued, outcome.bad, outcome.complete) == (3, 2, True)
    assert [each["status"] for each in results(outcome)] == [
        "handed_out",
        "bad:missing",
        "handed_out",
        "bad:duplicate_number",
        "handed_out",
    ]
    assert_all_valid(city)


def test_a_dry_run_stores_nothing(city: City) -> None:
    outcome = run(city, table(city, [row(1), row(2)]), dry_run=True)
    assert (outcome.rows, outcome.job) == (2, None)
    assert nothing_stored(city)
    assert city.notes.stages == [Stage.CHECK]


def test_the_same_table_again_is_answered_and_not_issued_again(city: City) -> None:
    path = table(city, [row(n) for n in range(5)])
    first, second = run(city, path), run(city, path)
    assert second.issued == 5
    assert second.batches == first.batches
    assert results(second) == results(first)
    assert len(city.files()) == 5


def test_a_file_that_was_lost_is_written_again_as_it_was(city: City) -> None:
    path = table(city, [row(1), row(2)])
    run(city, path)
    lost, broken = city.files()
    before = {each: each.read_bytes() for each in (lost, broken)}
    lost.unlink()
    broken.write_bytes(b"{")
    run(city, path)
    assert {each: each.read_bytes() for each in city.files()} == before


def test_without_waiting_nothing_is_handed_out_until_the_command_runs_again(city: City) -> None:
    path = table(city, [row(1)])
    first = run(city, path, wait=False)
    assert (first.issued, first.handed_out, first.complete) == (1, 0, False)
    assert results(first)[0]["status"] == "waiting"
    city.clock.pause(1)
    assert run(city, path, wait=False).complete


def test_an_expired_and_a_future_certificate_are_handed_out(city: City) -> None:
    rows = [row(1, valid_until="2026-06-01"), row(2, valid_from="2036-01-01", valid_until="")]
    assert run(city, table(city, rows)).handed_out == 2


def test_what_the_agency_has_withdrawn_meanwhile_is_not_handed_out(city: City) -> None:
    path = table(city, [row(1), row(2)])
    run(city, path, wait=False)
    city.clock.pause(1)
    with city.database.begin() as connection:
        calls.add(
            connection,
            ledger=city.office.ledger,
            agency=AGENCY,
            kind="revoke",
            args={"agency": AGENCY, "serials": [1]},
            sender=bytes(20),
            now=NOW,
        )
    city.clock.pause(1)
    outcome = run(city, path)
    assert outcome.withdrawn == {1: (Reason.REVOKED,)}
    assert outcome.complete
    assert [each["status"] for each in results(outcome)] == ["handed_out", "withdrawn:revoked"]
    assert [each.name for each in city.files()] == ["0.ecert.json"]


def test_what_our_own_verifier_does_not_find_good_is_withheld(city: City) -> None:
    path = table(city, [row(1), row(2)])
    run(city, path, wait=False)
    city.ledger.emit(
        lambda place: KeyRevoked(place=place, agency=AGENCY, kid=city.key.kid, compromised_since=place.time - 1)
    )
    outcome = run(city, path)
    assert outcome.withheld == dict.fromkeys((0, 1), (Reason.KEY_COMPROMISED,))
    assert not outcome.complete
    assert [each["status"] for each in results(outcome)] == ["withheld:key_compromised"] * 2
    assert city.files() == []


def test_a_refused_batch_is_void_and_the_same_table_issues_its_rows_under_new_serials(city: City) -> None:
    path = table(city, [row(n) for n in range(3)])
    city.ledger.refuses = "RootIsZero()"
    with pytest.raises(IssuingStopped, match=r"RootIsZero\(\)"):
        run(city, path)
    city.ledger.refuses = None
    outcome = run(city, path)
    assert (outcome.issued, outcome.complete) == (3, True)
    assert [batch.first_serial for batch in outcome.batches] == [3]
    assert_all_valid(city)


def test_an_agency_that_may_not_issue_the_type_is_told_and_nothing_is_stored(city: City) -> None:
    city.end_accreditation(HEALTH.vct_hash)
    for timeout in (None, 5):
        with pytest.raises(IssuingStopped, match=r"not accredited for health-certificate; nothing was stored$"):
            run(city, table(city, [row(1)]), timeout=timeout)
    assert nothing_stored(city)
    assert any("it may be behind: looking again" in note for note in city.notes.notes)


def test_an_agency_whose_registration_is_on_its_way_is_waited_for(tmp_path: Path) -> None:
    city = make_city(tmp_path / "city", register=False)
    with city.database:
        with pytest.raises(IssuingStopped, match="not registered"):
            run(city, table(city, [row(1)]))
        assert nothing_stored(city)


def key_counts(city: City, at: int) -> None:
    """Give the agency another certificate key, which counts from a moment on."""
    path = city.folder / "keys" / AGENCY / "certificate.pem"
    path.unlink()
    keyring = city.office.keyring
    password = keyring.add_passwords(AGENCY).certificate
    assert password is not None
    key = keyring.create_certificate_key(AGENCY, password)
    city.ledger.emit(
        lambda place: KeyAdded(
            place=place, agency=AGENCY, kid=key.kid, suite=SUITE, public_key=key.public_key, added=at
        )
    )


def test_a_key_that_counts_too_late_ends_it_at_once(city: City) -> None:
    key_counts(city, NOW + 86_292)
    why = f"does not count yet, but from {re.escape(shown(NOW + 86_292))}; nothing was stored$"
    with pytest.raises(IssuingStopped, match=why):
        run(city, table(city, [row(1)]))
    assert (city.notes.notes, city.clock.now) == ([], NOW)
    assert nothing_stored(city)


def test_a_key_that_counts_only_after_the_time_given_ends_it_at_once(city: City) -> None:
    key_counts(city, NOW + 20)
    with pytest.raises(IssuingStopped, match="nothing was stored"):
        run(city, table(city, [row(1)]), timeout=5)
    assert city.clock.now == NOW


def test_a_key_that_counts_soon_is_waited_for_and_said_in_the_same_words(city: City) -> None:
    key_counts(city, NOW + 20)
    assert run(city, table(city, [row(1)])).complete
    (said,) = set(city.notes.notes)
    assert said == f"the certificate key of {AGENCY} does not count yet, but from {shown(NOW + 20)}; waiting"


def test_what_the_ledger_waits_for_is_said(city: City) -> None:
    city.ledger.waits = "AgencyIsSuspended"
    with pytest.raises(IssuingStopped, match="nothing is lost"):
        run(city, table(city, [row(1)]), timeout=30)
    assert any("AgencyIsSuspended" in note for note in city.notes.notes)


def test_a_sender_that_is_not_running_is_missed_after_a_while(city: City) -> None:
    city.ledger.stands_still = True
    with pytest.raises(IssuingStopped, match="not done within 60 s"):
        run(city, table(city, [row(1)]), timeout=60)
    assert any("no sender is working on this: start `ecert serve`" in note for note in city.notes.notes)


@pytest.mark.parametrize("settled", [False, True])
def test_where_nobody_is_at_work_the_waiting_ends_and_loses_nothing(city: City, settled: bool) -> None:  # noqa: FBT001
    city.ledger.stands_still = True
    file = table(city, [row(1)])
    if settled:
        run(city, file, wait=False)
        with city.database.begin() as connection:
            (call,) = calls.open_calls(connection, city.office.ledger)
            calls.sign(connection, call.id, nonce=1, raw=bytes(1), tx_hash=bytes(32), now=city.clock.now)
            calls.sent(connection, call.id, now=city.clock.now)
            calls.mined(connection, call.id, block=city.ledger.block + 5, now=city.clock.now)
            calls.settle(connection, call.id, now=city.clock.now)
    began = city.clock.now
    with pytest.raises(IssuingStopped, match="it is written down and will be done as soon as `ecert serve` runs"):
        run(city, file)
    assert city.clock.now - began == DESERTED


def test_a_sender_that_holds_the_key_is_waited_for(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    city.ledger.stands_still = True
    file = table(city, [row(1)])
    run(city, file, wait=False)
    with city.database.read() as connection:
        (call,) = calls.open_calls(connection, city.office.ledger)
    began, seconds = city.clock.now, leases.LONGEST

    def hold(now: int) -> None:
        if now <= began + 2 * DESERTED:
            with city.database.begin() as connection:
                name = leases.sender_name(call.chain, call.sender)
                assert leases.take(connection, name, holder="a", now=now, seconds=seconds) is not None

    monkeypatch.setattr(city.ledger, "step", hold)
    with pytest.raises(IssuingStopped, match="written down"):
        run(city, file)
    assert city.clock.now - began == 2 * DESERTED + seconds


def test_files_that_cannot_be_written_are_said_before_anything_is_stored(city: City) -> None:
    blocked = city.folder / "a-file"
    blocked.write_text("")
    for folder in (blocked, Path("/proc/nope")):
        order = Order(file=table(city, [row(1)]), certificate_type=HEALTH, agency=AGENCY, folder=folder)
        with pytest.raises(IssuingStopped, match="nothing was stored by this run: files cannot be written in"):
            issue(city.office, order)
    assert nothing_stored(city)


def test_no_cell_of_the_results_is_a_formula(city: City) -> None:
    numbers = ["=1+1", "+1", "-1", "@1", "＝2", "7"]
    path = table(city, [row(n, certificate_number=number) for n, number in enumerate(numbers)])
    assert [each["number"] for each in results(run(city, path))] == ["'=1+1", "'+1", "'-1", "'@1", "'＝2", "7"]


def left_open(city: City, job: int | None) -> int:
    """A batch that somebody began long ago and then forgot."""
    with city.database.begin() as connection:
        return batches.begin(
            connection,
            ledger=city.office.ledger,
            agency=AGENCY,
            certificate_type=HEALTH.vct_hash,
            job=job,
            capacity=10,
            now=NOW - 1000,
        ).id


def test_a_batch_that_nobody_feeds_holds_nobody_up(city: City) -> None:
    with city.database.begin() as connection:
        job = jobs.start(
            connection,
            ledger=city.office.ledger,
            agency=AGENCY,
            certificate_type=HEALTH.vct_hash,
            sha256=bytes(32),
            name="another.csv",
            rows=10,
            now=NOW - 1000,
        ).job
    left = left_open(city, job.id)
    assert run(city, table(city, [row(1)])).complete
    with city.database.read() as connection:
        assert batches.read(connection, left).state is BatchState.VOID


def test_a_table_that_changes_while_it_is_issued_closes_no_batch(city: City) -> None:
    path = table(city, [row(n) for n in range(30)])
    before = path.stat()

    def change(stage: Stage, done: int) -> None:
        if stage is Stage.CHECK and done:
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("罗文超", "罗文起"), encoding="utf-8")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))

    city.notes.at_reach = change
    with pytest.raises(IssuingStopped, match="changed while"):
        run(city, path)
    with city.database.read() as connection:
        assert not calls.open_calls(connection, city.office.ledger)
    assert city.files() == []


@pytest.mark.parametrize("when", range(5))
def test_a_process_that_ends_at_any_moment_is_gone_on_with_by_the_same_command(city: City, when: int) -> None:
    """An exception that nothing catches stands for the end of the process; the next run takes over at once."""
    rows = [row(n) for n in range(1300)]
    path = table(city, rows)
    count = 0

    class Ended(BaseException):
        pass

    def end(stage: Stage, done: int) -> None:
        nonlocal count
        del done
        if stage is not Stage.CHECK:
            count += 1
            if count == when + 1:
                raise Ended

    city.notes.at_reach = end
    with pytest.raises(Ended):
        run(city, path, batch_size=1100)
    city.notes.at_reach = lambda _stage, _done: None
    outcome = run(city, path, batch_size=1100)
    assert (outcome.issued, outcome.handed_out, outcome.complete) == (1300, 1300, True)
    serials = [int(each["serial"]) for each in results(outcome)]
    assert sorted(serials) == list(range(1300))
    copy = city.office.copy()
    assert copy is not None
    assert {copy.status(AGENCY, serial) for serial in serials} == {Status.VALID}
    with city.database.read() as connection:
        assert jobs.read(connection, outcome.job or 0).state is JobState.DONE


@pytest.mark.parametrize("done_before", [0, 1000, 1300])
def test_what_another_process_issues_before_it_lets_the_job_go_is_not_issued_twice(
    city: City, monkeypatch: pytest.MonkeyPatch, done_before: int
) -> None:
    """It ends, or is killed, in the moment in which this one waits for the job."""
    path = table(city, [row(n) for n in range(1300)])
    take, others = HeldJob.take, [done_before]

    class Ended(BaseException):
        pass

    def end(stage: Stage, done: int) -> None:
        if stage is Stage.SIGN and done >= done_before:
            raise Ended

    def take_later(office: Office, job: Job, patience: Patience) -> HeldJob:
        if others:
            others.pop()
            city.notes.at_reach = end if done_before < 1300 else city.notes.at_reach
            with suppress(Ended):
                run(city, path, batch_size=1100)
            city.notes.at_reach = lambda _stage, _done: None
        return take(office, job, patience)

    monkeypatch.setattr(HeldJob, "take", take_later)
    outcome = run(city, path, batch_size=1100)
    assert (outcome.issued, outcome.handed_out, outcome.complete) == (1300, 1300, True)
    assert sorted(int(each["serial"]) for each in results(outcome)) == list(range(1300))
    with city.database.read() as connection:
        assert [each.count for each in batches.of_job(connection, outcome.job or 0)] == [1100, 200]


def test_what_another_process_issues_of_the_same_file_while_it_is_checked_is_this_files_own(city: City) -> None:
    """The second thousand is compared with the store when the other process has issued it already."""
    path, others = table(city, [row(n) for n in range(1300)]), [1]

    def issue_it_first(stage: Stage, done: int) -> None:
        if stage is Stage.CHECK and done == 1000 and others:
            others.pop()
            run(city, path)
            city.notes.stages.append(Stage.CHECK)

    city.notes.at_reach = issue_it_first
    outcome = run(city, path)
    assert not others
    assert (outcome.issued, outcome.bad, outcome.complete) == (1300, 0, True)
    assert sorted(int(each["serial"]) for each in results(outcome)) == list(range(1300))


class TestDocuments:
    """`--documents`: the hash of each row's file is in its certificate."""

    def test_the_column_names_the_file(self, city: City) -> None:
        folder = city.folder / "originals"
        folder.mkdir()
        (folder / "a.pdf").write_bytes(b"%PDF-1.7 one")
        path = city.folder / "with.csv"
        path.write_text(f"{HEADER},document\n{row(1)},a.pdf\n{row(2)},\n", encoding="utf-8")
        run(city, path, documents=folder)
        first, second = (parse(each.read_bytes()) for each in city.files())
        shown = {each.name: each.value for each in first.disclosures}["document"]
        assert isinstance(shown, dict)
        assert (shown["media_type"], shown["size"]) == ("application/pdf", 12)
        assert {each.name: each.value for each in second.disclosures}["document"] is None

    def test_files_may_be_named_after_the_number(self, city: City) -> None:
        folder = city.folder / "originals"
        folder.mkdir()
        (folder / "420111201700000001.ofd").write_bytes(b"PK\3\4 something")
        run(city, table(city, [row(1)]), documents=folder)
        shown = {each.name: each.value for each in parse(city.files()[0].read_bytes()).disclosures}
        assert shown["document"] is not None

    @pytest.mark.parametrize("name", ["absent.pdf", "../health.csv", "/etc/hostname", "."])
    def test_a_file_that_is_not_in_the_folder_is_a_fault_of_its_row(self, city: City, name: str) -> None:
        folder = city.folder / "originals"
        folder.mkdir()
        path = city.folder / "with.csv"
        path.write_text(f"{HEADER},document\n{row(1)},{name}\n", encoding="utf-8")
        table(city, [row(1)])
        (fault,) = refused(city, path, documents=folder).faults
        assert (fault.line, fault.field, fault.reason) == (2, "document", "document_missing")

    def test_every_row_needs_a_file_where_files_are_named_after_numbers(self, city: City) -> None:
        folder = city.folder / "originals"
        folder.mkdir()
        (fault,) = refused(city, table(city, [row(1)]), documents=folder).faults
        assert fault.reason == "document_missing"

    def test_two_files_of_one_number_are_one_too_many(self, city: City) -> None:
        folder = city.folder / "originals"
        folder.mkdir()
        for name in ("420111201700000001.pdf", "420111201700000001.jpg"):
            (folder / name).write_bytes(b"x")
        (fault,) = refused(city, table(city, [row(1)]), documents=folder).faults
        assert fault.reason == "document_ambiguous"

    def test_a_column_without_a_folder_is_a_fault(self, city: City) -> None:
        path = city.folder / "with.csv"
        path.write_text(f"{HEADER},document\n{row(1)},a.pdf\n", encoding="utf-8")
        assert refused(city, path).faults[0].reason == "documents_not_given"

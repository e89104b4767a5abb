from __future__ import annotations

import pytest

from store import batches, calls, certificates, inventory, jobs
from store.database import Database
from store.errors import BatchClosedOtherwise, BatchFull, NoSuchRow, NumberTaken
from store.records import CertificateRecord, Origin
from store.states import BatchState, CallState, JobState, Purpose
from tests.store.makers import (
    AGENCY,
    LEDGER,
    LICENCE,
    OTHER_AGENCY,
    ROOT,
    SENDER,
    TITLE,
    batch,
    certificate,
    certificates_from,
    close,
    digest,
    job,
)


def test_serials_are_given_in_order_for_each_agency(database: Database) -> None:
    with database.begin() as connection:
        assert batch(connection, capacity=10).first_serial == 0
        assert batch(connection, capacity=5, certificate_type=LICENCE).first_serial == 10
        assert batch(connection, capacity=5, agency=OTHER_AGENCY).first_serial == 0
        assert batch(connection).first_serial == 15


@pytest.mark.parametrize("capacity", [0, -1, 2**20 + 1])
def test_a_batch_that_no_ledger_takes_is_not_begun(database: Database, capacity: int) -> None:
    with pytest.raises(ValueError, match="cannot be"), database.begin() as connection:
        batch(connection, capacity=capacity)


def test_rows_get_consecutive_serials_and_come_back_as_they_were(database: Database) -> None:
    with database.begin() as connection:
        batch(connection, capacity=7)
        begun = batch(connection)
        assert batches.fill(connection, begun.id, position=0, rows=certificates_from(0, 2), now=101).moved
        assert batches.fill(connection, begun.id, position=2, rows=certificates_from(2, 1), now=102).moved
    with database.read() as connection:
        stored = list(certificates.of_batch(connection, begun.id))
        assert [one.serial for one in stored] == [7, 8, 9]
        assert stored[1] == certificates.read(connection, LEDGER, AGENCY, 8)
        assert stored[1] == CertificateRecord(
            ledger=LEDGER,
            agency=AGENCY,
            serial=8,
            batch=begun.id,
            position=1,
            certificate_type=TITLE,
            number_index=digest(1),
            live=True,
            line=3,
            leaf=certificate(1).leaf,
            jwt=certificate(1).jwt,
            disclosures=certificate(1).disclosures,
        )
        assert batches.leaves(connection, begun.id) == tuple(one.leaf for one in stored)
        assert batches.read(connection, begun.id).count == 3


def test_filling_again_what_is_there_already_is_harmless(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection)
        batches.fill(connection, begun.id, position=0, rows=certificates_from(0, 2), now=101)
    with database.begin() as connection:
        assert not batches.fill(connection, begun.id, position=0, rows=certificates_from(0, 2), now=101).moved
        assert batches.read(connection, begun.id).count == 2


def test_a_batch_takes_no_more_than_was_set_aside(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection, capacity=2)
    with pytest.raises(BatchFull, match="room for 2 certificates, not for 3"), database.begin() as connection:
        batches.fill(connection, begun.id, position=0, rows=certificates_from(0, 3), now=101)


def test_closing_writes_rows_root_and_call_and_gives_back_what_was_not_used(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection, capacity=10)
        batches.fill(connection, begun.id, position=0, rows=certificates_from(0, 2), now=101)
    with database.begin() as connection:
        closed = close(connection, begun, certificates_from(2, 1), position=2)
    assert closed.moved
    with database.read() as connection:
        found = batches.read(connection, begun.id)
        call = calls.read(connection, closed.call)
        assert inventory.next_serials(connection, LEDGER)[AGENCY] == 3
    assert (found.state, found.root, found.count, found.call) == (BatchState.CLOSED, ROOT, 3, call.id)
    assert found.call_state is CallState.QUEUED
    assert (call.kind, call.purpose, call.order, call.sender) == ("anchor", Purpose.ANCHOR, 0, SENDER)
    assert call.args == {
        "agency": AGENCY,
        "certificate_type": f"0x{TITLE.hex()}",
        "suite": 1,
        "root": f"0x{ROOT.hex()}",
        "first_serial": 0,
        "count": 3,
    }


def test_closing_again_with_the_same_root_is_harmless(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection)
        first = close(connection, begun, certificates_from(0, 2))
    with database.begin() as connection:
        again = close(connection, begun, certificates_from(0, 2))
        assert (again.moved, again.call) == (False, first.call)
        assert len(calls.open_calls(connection, LEDGER)) == 1
        assert batches.read(connection, begun.id).count == 2


def test_closing_again_with_another_root_is_refused(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection)
        close(connection, begun, certificates_from(0, 2))
    with pytest.raises(BatchClosedOtherwise), database.begin() as connection:
        close(connection, begun, certificates_from(0, 2), root=b"\x01" * 32)


def test_a_close_that_fails_half_way_leaves_the_batch_as_it_was(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection)
        batches.fill(connection, begun.id, position=0, rows=certificates_from(0, 2), now=101)
    with pytest.raises(NumberTaken), database.begin() as connection:
        close(connection, begun, [certificate(5), certificate(1)], position=2)
    with database.read() as connection:
        assert batches.read(connection, begun.id).state is BatchState.FILLING
        assert batches.read(connection, begun.id).count == 2
        assert calls.open_calls(connection, LEDGER) == ()


def test_an_empty_batch_is_not_closed(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection)
    with pytest.raises(ValueError, match="empty batch"), database.begin() as connection:
        close(connection, begun, [])


def test_a_number_belongs_to_one_live_certificate_of_a_type(database: Database) -> None:
    with database.begin() as connection:
        first = batch(connection)
        batches.fill(connection, first.id, position=0, rows=[certificate("A1"), certificate(None)], now=101)
        second = batch(connection)
    rows = [certificate("A2"), certificate("A1", line=117), certificate("A2", line=118), certificate(None)]
    with pytest.raises(NumberTaken, match=r"2 certificate number\(s\) are taken; that of line 117") as caught:  # noqa: SIM117
        with database.begin() as connection:
            batches.fill(connection, second.id, position=0, rows=rows, now=101)
    told = [(one.index, one.line, one.serial) for one in caught.value.collisions]
    assert told == [(1, 117, 0), (2, 118, None)]
    with database.begin() as connection:
        assert batches.read(connection, second.id).count == 0
        licence = batch(connection, certificate_type=LICENCE)
        assert batches.fill(connection, licence.id, position=0, rows=[certificate("A1")], now=101).moved
        other = batch(connection, agency=OTHER_AGENCY)
        assert batches.fill(connection, other.id, position=0, rows=[certificate("A1")], now=101).moved


def test_one_can_ask_beforehand_which_numbers_are_taken(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection, capacity=1000)
        batches.fill(connection, begun.id, position=0, rows=certificates_from(0, 600), now=101)
        asked = [digest(number) for number in range(300, 1200)]
        assert certificates.taken(connection, LEDGER, AGENCY, TITLE, asked) == {
            digest(number): number for number in range(300, 600)
        }
        assert certificates.taken(connection, LEDGER, OTHER_AGENCY, TITLE, asked) == {}


def test_a_void_batch_gives_up_its_numbers_and_its_unused_serials(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection, capacity=10)
        batches.fill(connection, begun.id, position=0, rows=certificates_from(0, 2), now=101)
    with database.begin() as connection:
        assert batches.void(connection, begun.id, reason="nobody feeds it", now=200).moved
        assert not batches.void(connection, begun.id, reason="again", now=201).moved
    with database.begin() as connection:
        found = batches.read(connection, begun.id)
        assert (found.state, found.void_reason) == (BatchState.VOID, "nobody feeds it")
        again = batch(connection, capacity=10)
        assert again.first_serial == 2
        assert batches.fill(connection, again.id, position=0, rows=certificates_from(0, 2), now=201).moved
        stored = [certificates.read(connection, LEDGER, AGENCY, serial) for serial in (0, 2)]
        assert [(one.number_index, one.live) for one in stored if one] == [(digest(0), False), (digest(0), True)]
        assert not batches.fill(connection, begun.id, position=2, rows=certificates_from(7, 1), now=202).moved


def test_an_empty_batch_can_be_void_any_number_of_times_without_using_serials(database: Database) -> None:
    for _ in range(3):
        with database.begin() as connection:
            begun = batch(connection, capacity=65536)
            batches.void(connection, begun.id, reason="stopped", now=101)
    with database.read() as connection:
        assert inventory.next_serials(connection, LEDGER).get(AGENCY, 0) == 0


def test_serials_that_were_given_after_it_stay_given(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection, capacity=10)
        batch(connection, capacity=10)
        batches.void(connection, begun.id, reason="stopped", now=101)
        assert inventory.next_serials(connection, LEDGER)[AGENCY] == 20


def test_the_batch_that_covers_a_serial_is_found(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection, capacity=10)
        close(connection, begun, certificates_from(0, 3))
        later = batch(connection, capacity=10)
        batches.fill(connection, later.id, position=0, rows=certificates_from(3, 1), now=101)
        found = [batches.covering(connection, LEDGER, AGENCY, serial) for serial in range(5)]
        assert [one and one.id for one in found] == [begun.id, begun.id, begun.id, later.id, None]
        assert batches.covering(connection, LEDGER, OTHER_AGENCY, 0) is None


def test_a_batch_is_handed_out_once(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection)
        assert not batches.hand_out(connection, begun.id, now=120).moved
        close(connection, begun, certificates_from(0, 1))
        assert batches.hand_out(connection, begun.id, now=121).moved
        assert not batches.hand_out(connection, begun.id, now=122).moved
        assert batches.read(connection, begun.id).handed_out_at == 121


def test_what_is_not_there_is_said(database: Database) -> None:
    with pytest.raises(NoSuchRow, match="batches has no row 99"), database.read() as connection:
        batches.read(connection, 99)
    with pytest.raises(NoSuchRow, match="jobs has no row 99"), database.read() as connection:
        jobs.read(connection, 99)
    with pytest.raises(NoSuchRow, match="calls has no row 99"), database.read() as connection:
        calls.read(connection, 99)
    with database.read() as connection:
        assert certificates.read(connection, LEDGER, AGENCY, 99) is None


def test_the_same_file_is_the_same_job(database: Database) -> None:
    with database.begin() as connection:
        first = job(connection, file="a.csv")
        again = jobs.start(
            connection,
            ledger=LEDGER,
            agency=AGENCY,
            certificate_type=TITLE,
            sha256=digest("a.csv"),
            name="copy of a.csv",
            rows=3,
            now=500,
        )
        assert (again.created, again.job) == (False, first)
        assert job(connection, file="b.csv").id != first.id
        assert job(connection, file="a.csv", agency=OTHER_AGENCY).id != first.id


def test_a_job_goes_from_filling_over_closed_to_done(database: Database) -> None:
    with database.begin() as connection:
        begun = job(connection)
        filling = batch(connection, job=begun.id)
        assert not jobs.close(connection, begun.id, now=101).moved
        close(connection, filling, certificates_from(0, 3))
        assert jobs.close(connection, begun.id, now=102).moved
        assert jobs.finish(connection, begun.id, now=105).moved
        late = jobs.finish(connection, begun.id, now=106)
        assert (late.moved, late.state) == (False, JobState.DONE)


def test_a_job_is_void_only_where_nothing_of_it_was_issued(database: Database) -> None:
    with database.begin() as connection:
        empty = job(connection, file="a")
        issued = job(connection, file="b")
        close(connection, batch(connection, job=issued.id), certificates_from(0, 1))
        assert jobs.void(connection, empty.id, now=101).moved
        assert not jobs.void(connection, issued.id, now=101).moved
        assert job(connection, file="a").id != empty.id


def test_progress_and_issued_lines_leave_out_what_is_void(database: Database) -> None:
    with database.begin() as connection:
        begun = job(connection)
        first = batch(connection, job=begun.id)
        close(connection, first, certificates_from(0, 3))
        second = batch(connection, job=begun.id)
        batches.fill(connection, second.id, position=0, rows=certificates_from(3, 2), now=101)
        third = batch(connection, job=begun.id)
        batches.fill(connection, third.id, position=0, rows=certificates_from(5, 1), now=101)
        batches.void(connection, third.id, reason="stopped", now=102)
        assert batches.counts(connection, begun.id) == {"queued": 3, "filling": 2, "void": 1}
        assert certificates.issued_lines(connection, begun.id) == {2: 0, 3: 1, 4: 2, 5: 3 + 0, 6: 4}
        assert [one.id for one in batches.of_job(connection, begun.id)] == [first.id, second.id, third.id]


def test_a_certificate_knows_the_file_and_the_line_that_it_comes_from(database: Database) -> None:
    with database.begin() as connection:
        first, second = job(connection, file="a"), job(connection, file="b")
        close(connection, batch(connection, job=first.id), certificates_from(0, 3))
        filling = batch(connection, job=second.id)
        batches.fill(connection, filling.id, position=0, rows=certificates_from(3, 2), now=101)
        single = batch(connection)
        batches.fill(connection, single.id, position=0, rows=certificates_from(5, 1), now=101)
        of_first = {"job": first.id, "sha256": digest("a"), "name": first.name, "filling": False}
        of_second = {"job": second.id, "sha256": digest("b"), "name": second.name, "filling": True}
        asked = [0, 2, filling.first_serial, single.first_serial]
        assert certificates.origins(connection, LEDGER, AGENCY, asked) == {
            0: Origin(**of_first, line=2),
            2: Origin(**of_first, line=4),
            filling.first_serial: Origin(**of_second, line=5),
        }
        assert certificates.origins(connection, LEDGER, OTHER_AGENCY, asked) == {}

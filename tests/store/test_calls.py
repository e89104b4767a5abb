from __future__ import annotations

from dataclasses import replace

import pytest

from store import batches, calls, certificates, jobs
from store.database import Connection, Database
from store.errors import NonceTaken
from store.states import BatchState, CallState, JobState
from tests.store.makers import (
    AGENCY,
    CHAIN,
    LEDGER,
    OTHER_AGENCY,
    OTHER_LEDGER,
    OTHER_SENDER,
    SENDER,
    TITLE,
    anchor_call,
    batch,
    certificate,
    close,
    digest,
    job,
    sign,
    status_call,
)


def ready(connection: Connection, sender: bytes = SENDER) -> list[int]:
    return [call.id for call in calls.ready(connection, CHAIN, sender)]


def state(connection: Connection, call: int) -> CallState:
    return calls.read(connection, call).state


def test_a_call_with_a_key_is_written_once(database: Database) -> None:
    with database.begin() as connection:
        first = status_call(connection, key="order 7")
    with database.begin() as connection:
        assert status_call(connection, key="order 7") == first
        assert status_call(connection).id != first.id
        assert status_call(connection).id != first.id


def test_a_call_lives_from_queued_to_settled(database: Database) -> None:
    with database.begin() as connection:
        call = status_call(connection).id
        tx_hash = sign(connection, call, 4)
        assert calls.sent(connection, call, now=121).moved
        assert calls.sent(connection, call, now=131).moved
        assert calls.mined(connection, call, block=50, now=140).moved
        seen = calls.read(connection, call)
        assert (seen.state, seen.nonce, seen.raw, seen.tx_hash) == (CallState.MINED, 4, b"raw", tx_hash)
        assert (seen.block, seen.sent_at, seen.attempts) == (50, 131, 2)
        assert calls.unmine(connection, call, now=141).moved
        assert calls.read(connection, call).block is None
        assert calls.mined(connection, call, block=51, now=142).moved
        assert calls.settle(connection, call, now=150).moved
        again = calls.settle(connection, call, now=151)
        assert (again.moved, again.state) == (False, CallState.SETTLED)
        assert not calls.fail(connection, call, error="late", now=152).moved


def test_no_move_is_made_from_a_state_that_it_does_not_fit(database: Database) -> None:
    with database.begin() as connection:
        call = status_call(connection).id
        assert not calls.sent(connection, call, now=1).moved
        assert not calls.mined(connection, call, block=1, now=1).moved
        assert not calls.unmine(connection, call, now=1).moved
        assert not calls.replace(connection, call, old_hash=b"", raw=b"", tx_hash=b"", now=1).moved
        assert not calls.resign(connection, call, old_nonce=0, nonce=1, raw=b"", tx_hash=b"", now=1).moved
        assert calls.forms(connection, [call])[call] == ()
        sign(connection, call, 1)
        assert not calls.wait(connection, call, reason="x", until=None, now=1).moved
        late = calls.sign(connection, call, nonce=2, raw=b"other", tx_hash=digest("other"), now=1)
        assert (late.moved, late.state) == (False, CallState.SIGNED)
        assert calls.read(connection, call).nonce == 1


def test_a_waiting_call_says_why_until_it_goes_on(database: Database) -> None:
    with database.begin() as connection:
        call = status_call(connection).id
        assert calls.wait(connection, call, reason="AgencyIsSuspended", until=130, now=120).moved
        waiting = calls.read(connection, call)
        assert (waiting.state, waiting.waiting_reason, waiting.waiting_until) == (
            CallState.QUEUED,
            "AgencyIsSuspended",
            130,
        )
        sign(connection, call, 0)
        assert calls.read(connection, call).waiting_reason is None


def test_a_nonce_is_given_once(database: Database) -> None:
    with database.begin() as connection:
        first = status_call(connection).id
        second = status_call(connection, agency=OTHER_AGENCY).id
        third = status_call(connection, sender=OTHER_SENDER, agency="HEALTH-1").id
        sign(connection, first, 7)
        with pytest.raises(NonceTaken):
            calls.sign(connection, second, nonce=7, raw=b"raw", tx_hash=digest(2), now=121)
        assert state(connection, second) is CallState.QUEUED
        sign(connection, second, 8)
        sign(connection, third, 7)
        assert calls.highest_nonce(connection, CHAIN, SENDER) == 8
        assert calls.highest_nonce(connection, CHAIN, b"\x33" * 20) is None


def test_replacing_keeps_the_nonce_and_every_signed_form(database: Database) -> None:
    with database.begin() as connection:
        call = status_call(connection).id
        first = sign(connection, call, 3)
        calls.sent(connection, call, now=121)
        higher = digest("higher price")
        assert calls.replace(connection, call, old_hash=first, raw=b"higher", tx_hash=higher, now=125).moved
        assert not calls.replace(connection, call, old_hash=first, raw=b"?", tx_hash=digest("?"), now=126).moved
        seen = calls.read(connection, call)
        assert (seen.state, seen.nonce, seen.raw, seen.sent_at) == (CallState.SIGNED, 3, b"higher", None)
        assert [(one.tx_hash, one.nonce) for one in calls.forms(connection, [call])[call]] == [(first, 3), (higher, 3)]


def test_a_second_nonce_is_given_only_against_the_first(database: Database) -> None:
    with database.begin() as connection:
        call = status_call(connection).id
        other = status_call(connection, agency=OTHER_AGENCY).id
        sign(connection, call, 3)
        sign(connection, other, 4)
        with pytest.raises(NonceTaken):
            calls.resign(connection, call, old_nonce=3, nonce=4, raw=b"", tx_hash=digest(9), now=130)
        assert calls.resign(connection, call, old_nonce=3, nonce=5, raw=b"new", tx_hash=digest(10), now=131).moved
        assert not calls.resign(connection, call, old_nonce=3, nonce=6, raw=b"", tx_hash=digest(11), now=132).moved
        assert [one.nonce for one in calls.forms(connection, [call])[call]] == [3, 5]
        assert [one.id for one in calls.in_flight(connection, CHAIN, SENDER)] == [other, call]


def test_calls_of_one_agency_and_purpose_go_one_after_the_other(database: Database) -> None:
    with database.begin() as connection:
        first, second = status_call(connection).id, status_call(connection, "suspend").id
        elsewhere = status_call(connection, agency=OTHER_AGENCY).id
        anchor = anchor_call(connection).id
        assert ready(connection) == [first, elsewhere, anchor]
        calls.wait(connection, first, reason="NotAnOperator", until=None, now=1)
        assert ready(connection) == [first, elsewhere, anchor]
        sign(connection, first, 0)
        assert ready(connection) == [second, elsewhere, anchor]
        calls.settle(connection, first, now=130)
        assert ready(connection) == [second, elsewhere, anchor]


def test_a_call_under_way_with_another_key_is_in_the_way(database: Database) -> None:
    with database.begin() as connection:
        first = status_call(connection, sender=OTHER_SENDER).id
        second = status_call(connection).id
        sign(connection, first, 0)
        assert ready(connection) == []
        calls.mined(connection, first, block=9, now=1)
        assert ready(connection) == []
        calls.settle(connection, first, now=1)
        assert ready(connection) == [second]
        assert calls.at_work(connection, CHAIN, [SENDER, OTHER_SENDER]) == {SENDER}


def test_anchors_go_in_the_order_of_their_serials_whatever_closed_first(database: Database) -> None:
    with database.begin() as connection:
        lower = batch(connection, capacity=5)
        higher = anchor_call(connection, number=1).id
        assert ready(connection) == []
        closed = close(connection, lower, [certificate("x")])
        assert ready(connection) == [closed.call]
        sign(connection, closed.call, 0)
        assert ready(connection) == [higher]


def test_a_void_batch_lets_the_next_one_go(database: Database) -> None:
    with database.begin() as connection:
        lower = batch(connection, capacity=5)
        higher = anchor_call(connection, number=1).id
        batches.void(connection, lower.id, reason="nobody feeds it", now=1)
        assert ready(connection) == [higher]


def test_a_failed_anchor_makes_its_batch_void_and_its_job_fill_again(database: Database) -> None:
    with database.begin() as connection:
        begun = job(connection)
        filled = batch(connection, job=begun.id)
        call = close(connection, filled, [certificate("A1", line=2)]).call
        jobs.close(connection, begun.id, now=111)
        assert calls.fail(connection, call, error="SerialTaken(0)", now=130).moved
        found = batches.read(connection, filled.id)
        assert (found.state, found.void_reason, found.call_state) == (
            BatchState.VOID,
            "SerialTaken(0)",
            CallState.FAILED,
        )
        assert jobs.read(connection, begun.id).state is JobState.FILLING
        assert certificates.issued_lines(connection, begun.id) == {}
        again = batch(connection, job=begun.id)
        assert again.first_serial == 1
        assert close(connection, again, [certificate("A1", line=2)], root=b"\x01" * 32).moved
        assert batches.counts(connection, begun.id) == {"void": 1, "queued": 1}


def test_revoked_and_superseded_certificates_give_up_their_numbers_once_settled(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection)
        close(connection, begun, [certificate("A"), certificate("B"), certificate("C")])
        revoke = status_call(connection, "revoke", (0,)).id
        suspend = status_call(connection, "suspend", (2,)).id
        supersede = calls.add(
            connection,
            ledger=LEDGER,
            agency=AGENCY,
            kind="supersede",
            args={"agency": AGENCY, "old": 1, "successors": [5]},
            sender=SENDER,
            now=100,
        ).id
        numbers = [digest("A"), digest("B"), digest("C")]
        assert len(certificates.taken(connection, LEDGER, AGENCY, TITLE, numbers)) == 3
        for call in (revoke, suspend, supersede):
            calls.settle(connection, call, now=130)
        assert certificates.taken(connection, LEDGER, AGENCY, TITLE, numbers) == {digest("C"): 2}


def test_open_calls_of_a_ledger_or_of_an_agency_are_listed(database: Database) -> None:
    with database.begin() as connection:
        first, second = status_call(connection).id, status_call(connection, agency=OTHER_AGENCY).id
        over = status_call(connection).id
        calls.fail(connection, over, error="x", now=1)
        assert [one.id for one in calls.open_calls(connection, LEDGER)] == [first, second]
        assert [one.id for one in calls.open_calls(connection, LEDGER, OTHER_AGENCY)] == [second]


def test_a_fork_brings_back_what_was_over_in_the_blocks_that_it_undid(database: Database) -> None:
    with database.begin() as connection:
        settled, failed, lower, unsent, elsewhere = (
            status_call(connection).id,
            status_call(connection).id,
            status_call(connection).id,
            status_call(connection).id,
            status_call(connection, ledger=OTHER_LEDGER).id,
        )
        for nonce, call in enumerate((settled, failed, lower, elsewhere)):
            sign(connection, call, nonce)
        calls.settle(connection, settled, now=130, block=9)
        calls.fail(connection, failed, error="UnknownSerial", now=130, block=9)
        calls.settle(connection, lower, now=130, block=8)
        calls.fail(connection, unsent, error="UnknownSerial", now=130)
        calls.settle(connection, elsewhere, now=130, block=9)
        assert sorted(calls.bring_back(connection, LEDGER, above=8)) == [settled, failed]
        found = [calls.read(connection, call) for call in (settled, failed)]
        assert [(one.state, one.block, one.error) for one in found] == [
            (CallState.SENT, None, None),
            (CallState.SENT, None, "UnknownSerial"),
        ]
        over = [state(connection, call) for call in (lower, unsent, elsewhere)]
        assert over == [CallState.SETTLED, CallState.FAILED, CallState.SETTLED]
        assert calls.settle(connection, failed, now=131, block=12).moved
        assert calls.read(connection, failed).error is None


def test_a_void_batch_stays_void_when_the_failure_of_its_anchor_is_undone(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection)
        call = close(connection, begun, [certificate("A")]).call
        sign(connection, call, 0)
        calls.fail(connection, call, error="NotAccredited", now=130, block=9)
        calls.bring_back(connection, LEDGER, above=8)
        assert calls.fail(connection, call, error="NotAccredited", now=131, block=10).moved
        assert batches.read(connection, begun.id).state is BatchState.VOID


def test_why_a_call_waits_is_said_until_it_moves(database: Database) -> None:
    with database.begin() as connection:
        call = status_call(connection).id
        calls.explain(connection, call, reason="it has no nonce yet")
        assert calls.read(connection, call).waiting_reason is None
        sign(connection, call, 0)
        before = calls.read(connection, call)
        calls.explain(connection, call, reason="no node takes it")
        assert calls.read(connection, call) == replace(before, waiting_reason="no node takes it")
        calls.mined(connection, call, block=9, now=140)
        assert calls.read(connection, call).waiting_reason is None

"""Suspend, reinstate, revoke: asked for once, done once, never what cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.sizes import MAX_SERIALS
from ecert.facts import Status
from store import calls, leases, sightings
from store.sightings import Sighting
from store.states import CallState, NodeTrouble
from tests.verifier.office import AGENCY, City, make_city
from tests.verifier.test_issuing import HEALTH, row, run, table
from verifier.faults import IssuingStopped
from verifier.keys.keyring import Keyring, LedgerKey
from verifier.services.numbered import Numbered
from verifier.services.status import change_status
from verifier.services.status_order import Action, StatusOrder, StatusOutcome


@pytest.fixture(name="city")
def city_(tmp_path: Path) -> Iterator[City]:
    city = make_city(tmp_path / "city")
    with city.database:
        run(city, table(city, [row(n) for n in range(5)]))
        yield city


def change(city: City, action: Action, *serials: int, wait: bool = True, timeout: float | None = None) -> StatusOutcome:
    order = StatusOrder(action=action, agency=AGENCY, serials=serials, wait=wait, timeout=timeout)
    return change_status(city.office, order)


def status(city: City, serial: int) -> Status:
    copy = city.office.copy()
    assert copy is not None
    return copy.status(AGENCY, serial)


def count_calls(city: City) -> int:
    with city.database.read() as connection:
        return len(calls.open_calls(connection, city.office.ledger))


def test_a_certificate_is_suspended_reinstated_and_revoked(city: City) -> None:
    for action, due in (
        (Action.SUSPEND, Status.SUSPENDED),
        (Action.REINSTATE, Status.VALID),
        (Action.SUSPEND, Status.SUSPENDED),
        (Action.REVOKE, Status.REVOKED),
    ):
        outcome = change(city, action, 3)
        assert (outcome.complete, outcome.changed) == (True, (3,))
        assert {call.state for call in outcome.calls} == {CallState.SETTLED}
        assert status(city, 3) is due
    assert status(city, 2) is Status.VALID


def test_what_is_so_already_is_passed_over(city: City) -> None:
    change(city, Action.REVOKE, 1)
    outcome = change(city, Action.REVOKE, 2, 1, 2)
    assert (outcome.changed, outcome.already, outcome.complete) == ((2,), (1,), True)
    outcome = change(city, Action.REINSTATE, 0)
    assert (outcome.changed, outcome.already, outcome.calls, outcome.complete) == ((), (0,), (), True)


@pytest.mark.parametrize("action", [Action.SUSPEND, Action.REINSTATE])
def test_what_is_revoked_stays_revoked_and_nothing_else_is_done(city: City, action: Action) -> None:
    change(city, Action.REVOKE, 1)
    with pytest.raises(IssuingStopped, match="serial 1 of HOUSING-1 is revoked, that is final"):
        change(city, action, 0, 1)
    assert count_calls(city) == 0
    assert status(city, 0) is Status.VALID


def test_a_serial_that_was_never_anchored_is_named(city: City) -> None:
    with pytest.raises(IssuingStopped, match="serial 5 of HOUSING-1 is not on the ledger"):
        change(city, Action.REVOKE, 4, 5)
    assert count_calls(city) == 0


def test_asked_again_while_it_is_on_its_way_it_is_not_asked_for_twice(city: City) -> None:
    city.ledger.stands_still = True
    first = change(city, Action.SUSPEND, 1, 2, wait=False)
    second = change(city, Action.SUSPEND, 2, 1, wait=False)
    assert [call.id for call in first.calls] == [call.id for call in second.calls]
    assert count_calls(city) == 1
    city.ledger.stands_still = False
    assert change(city, Action.SUSPEND, 1, 2).complete


def test_what_is_on_its_way_counts_for_what_can_be_asked_next(city: City) -> None:
    city.ledger.stands_still = True
    change(city, Action.SUSPEND, 1, wait=False)
    change(city, Action.REINSTATE, 1, wait=False)
    assert count_calls(city) == 2
    change(city, Action.REVOKE, 1, wait=False)
    with pytest.raises(IssuingStopped, match="final"):
        change(city, Action.SUSPEND, 1, wait=False)


def test_what_undid_a_change_on_its_way_is_undone_by_a_new_one(city: City) -> None:
    city.ledger.stands_still = True
    change(city, Action.SUSPEND, 1, wait=False)
    change(city, Action.SUSPEND, 2, 3, wait=False)
    change(city, Action.REINSTATE, 1, 2, wait=False)
    change(city, Action.SUSPEND, 1, wait=False)
    change(city, Action.SUSPEND, 2, 3, wait=False)
    assert count_calls(city) == 5
    city.ledger.stands_still = False
    for _ in range(5):
        city.clock.pause(1)
    assert [status(city, serial) for serial in (1, 2, 3)] == [Status.SUSPENDED] * 3


def test_of_several_only_those_that_are_not_on_their_way_are_asked_for(city: City) -> None:
    city.ledger.stands_still = True
    first = change(city, Action.SUSPEND, 1, wait=False)
    both = change(city, Action.SUSPEND, 0, 1, 2, wait=False)
    assert (both.changed, both.calls[0].id) == ((0, 1, 2), first.calls[0].id)
    assert [call.args["serials"] for call in both.calls] == [[1], [0, 2]]


class Meanwhile(Keyring):
    """Keys that are found just when the ledger takes what waits."""

    def __init__(self, city: City) -> None:
        super().__init__(city.office.keyring.folder, city.folder / "keys" / "passwords")
        self._city = city

    def address(self, agency: str, purpose: LedgerKey) -> bytes:
        self._city.ledger.step(self._city.clock.now)
        return super().address(agency, purpose)


def test_what_the_ledger_took_just_before_is_not_taken_for_what_was(city: City) -> None:
    change(city, Action.SUSPEND, 1)
    city.ledger.stands_still = True
    change(city, Action.REINSTATE, 1, wait=False)
    city.ledger.stands_still = False
    order = StatusOrder(action=Action.SUSPEND, agency=AGENCY, serials=(1,), wait=False)
    outcome = change_status(replace(city.office, keyring=Meanwhile(city)), order)
    assert (outcome.changed, outcome.already) == ((1,), ())


def test_a_refusal_of_the_ledger_is_said(city: City) -> None:
    city.ledger.refuses = "StatusIsFinal(serial=1)"
    with pytest.raises(IssuingStopped, match=r"refused to suspend: StatusIsFinal\(serial=1\)"):
        change(city, Action.SUSPEND, 1)


def test_a_sender_that_is_not_running_is_missed(city: City) -> None:
    city.ledger.stands_still = True
    with pytest.raises(IssuingStopped, match="not done within 30 s"):
        change(city, Action.REVOKE, 1, timeout=30)
    assert any("no sender" in note for note in city.notes.notes)
    assert count_calls(city) == 1


def look(city: City, trouble: NodeTrouble | None) -> None:
    """Let an indexer have looked at the node just before each pause ends."""
    pause = city.clock.pause

    def looking(seconds: float) -> None:
        pause(seconds)
        with city.database.begin() as connection:
            sightings.put(connection, Sighting(ledger=city.office.ledger, looked_at=city.clock.now, trouble=trouble))

    city.office = replace(city.office, pause=looking)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [(NodeTrouble.AWAY, "the node does not answer"), (NodeTrouble.UNFIT, "what the node says cannot be used")],
)
def test_a_node_that_does_not_answer_is_told_from_a_sender_that_is_missing(
    city: City, trouble: NodeTrouble, said: str
) -> None:
    city.ledger.stands_still = True
    look(city, trouble)
    with pytest.raises(IssuingStopped, match="not done within 30 s"):
        change(city, Action.REVOKE, 1, timeout=30)
    assert any(said in note for note in city.notes.notes)
    assert not any("no sender" in note for note in city.notes.notes)
    with pytest.raises(IssuingStopped, match="done as soon as the node answers again"):
        change(city, Action.REVOKE, 1)


def test_while_a_look_at_the_node_may_hang_nobody_is_blamed(city: City) -> None:
    city.ledger.stands_still = True
    with city.database.begin() as connection:
        sightings.put(connection, Sighting(ledger=city.office.ledger, looked_at=city.clock.now))
    with pytest.raises(IssuingStopped, match="not done within 12 s"):
        change(city, Action.REVOKE, 1, timeout=12)
    assert city.notes.notes == []


def test_the_more_nodes_may_hang_the_longer_nobody_is_blamed(city: City) -> None:
    city.ledger.stands_still = True
    with city.database.begin() as connection:
        sightings.put(connection, Sighting(ledger=city.office.ledger, looked_at=city.clock.now))
    city.office = replace(city.office, late_seconds=68)
    with pytest.raises(IssuingStopped, match="not done within 50 s"):
        change(city, Action.REVOKE, 1, timeout=50)
    assert city.notes.notes == []
    city.office = replace(city.office, late_seconds=28)
    with pytest.raises(IssuingStopped, match="not done within 50 s"):
        change(city, Action.REVOKE, 1, timeout=50)
    assert any("no sender" in note for note in city.notes.notes)


def test_an_indexer_that_sees_a_well_node_leaves_a_sender_that_is_missing(city: City) -> None:
    city.ledger.stands_still = True
    look(city, None)
    with pytest.raises(IssuingStopped, match="not done within 30 s"):
        change(city, Action.REVOKE, 1, timeout=30)
    assert any("no sender" in note for note in city.notes.notes)


def test_a_sender_that_holds_the_key_is_not_missed(city: City) -> None:
    city.ledger.stands_still = True
    change(city, Action.REVOKE, 1, wait=False)
    with city.database.begin() as connection:
        (call,) = calls.open_calls(connection, city.office.ledger)
        name = leases.sender_name(call.chain, call.sender)
        leases.take(connection, name, holder="a sender", now=city.clock.now, seconds=leases.LONGEST)
    with pytest.raises(IssuingStopped, match="not done within 30 s"):
        change(city, Action.REVOKE, 1, timeout=30)
    assert any("the sender is at work on this" in note for note in city.notes.notes)


def test_where_nobody_is_at_work_the_waiting_ends_and_the_change_is_kept(city: City) -> None:
    city.ledger.stands_still = True
    with pytest.raises(IssuingStopped, match="same command again shows how it went"):
        change(city, Action.REVOKE, 1)
    assert count_calls(city) == 1
    city.ledger.stands_still = False
    assert change(city, Action.REVOKE, 1, wait=False).already == ()
    assert count_calls(city) == 1
    assert change(city, Action.REVOKE, 1).complete


def test_what_the_ledger_waits_for_is_said(city: City) -> None:
    city.ledger.waits = "NotAnOperator"
    with pytest.raises(IssuingStopped):
        change(city, Action.REVOKE, 1, timeout=5)
    assert any("NotAnOperator" in note for note in city.notes.notes)


def test_many_serials_are_split_into_calls_that_a_transaction_can_hold(city: City) -> None:
    run(city, table(city, [row(n) for n in range(100, 600)], name="more.csv"))
    city.ledger.stands_still = True
    outcome = change(city, Action.REVOKE, *range(505), wait=False)
    assert [len(call.args["serials"]) for call in outcome.calls] == [MAX_SERIALS, 505 - MAX_SERIALS]


def test_a_certificate_is_found_by_its_number_however_that_is_written(city: City) -> None:
    assert Numbered.of(city.office, AGENCY, HEALTH).serial("420111201700000003") == 3
    assert Numbered.of(city.office, AGENCY, HEALTH).serial(" 4201112017-00000003 ") == 3
    with pytest.raises(IssuingStopped, match="no health-certificate with the number 5"):
        Numbered.of(city.office, AGENCY, HEALTH).serial("5")


def test_a_revoked_number_can_be_issued_again(city: City) -> None:
    change(city, Action.REVOKE, 3)
    outcome = run(city, table(city, [row(3, holder_name="另一人")], name="again.csv"))
    assert (outcome.issued, outcome.complete) == (1, True)
    assert Numbered.of(city.office, AGENCY, HEALTH).serial("420111201700000003") == 5

from __future__ import annotations

from dataclasses import replace

import pytest

from ecert.events import CertificateSuperseded, Event
from ecert.facts import Status
from store import blocks, calls, cursors, events, inventory, statuses
from store.database import Connection, Database
from store.errors import CursorMoved, NoSuchRow, SequenceBroken, WriteRefused
from store.records import Cursor, SeenEvent
from store.states import Contract
from tests.store.makers import (
    AGENCY,
    LEDGER,
    OTHER_AGENCY,
    anchored,
    authority,
    changed,
    digest,
    header,
    place,
    seen,
    start,
    status_call,
)


def up_to(before: Cursor, number: int, *, registry: int = 0, ledger: int = 0) -> Cursor:
    """The cursor at a block, with so many more events of each contract."""
    return replace(
        before,
        block=number,
        hash=header(number).hash,
        time=number * 100,
        registry_sequence=before.registry_sequence + registry,
        registry_head=digest(("head", (Contract.REGISTRY, number, before.registry_sequence + registry)))
        if registry
        else before.registry_head,
        ledger_sequence=before.ledger_sequence + ledger,
        ledger_head=digest(("head", (Contract.LEDGER, number, before.ledger_sequence + ledger)))
        if ledger
        else before.ledger_head,
    )


def step(connection: Connection, before: Cursor, number: int, *happened: SeenEvent) -> Cursor:
    registry = sum(one.contract is Contract.REGISTRY for one in happened)
    after = up_to(before, number, registry=registry, ledger=len(happened) - registry)
    return events.append(connection, before, after, seen=happened, headers=[header(number)])


def three_blocks(database: Database) -> tuple[Cursor, Cursor, Cursor]:
    with database.begin() as connection:
        begun = cursors.start(connection, start())
        ten = step(
            connection,
            begun,
            10,
            seen(Contract.REGISTRY, authority(10, 1), 0),
            seen(Contract.LEDGER, authority(10, 1), 1),
        )
        eleven = step(connection, ten, 11, seen(Contract.LEDGER, anchored(11, 2)))
        twelve = step(connection, eleven, 12, seen(Contract.LEDGER, changed(12, 3, 2, 1, 3)))
    return ten, eleven, twelve


def everything(database: Database, after_block: int = -1) -> list[Event]:
    with database.read() as connection:
        return list(events.stream(connection, LEDGER, after_block=after_block))


def test_reading_begins_once(database: Database) -> None:
    with database.begin() as connection:
        assert cursors.read(connection, LEDGER) is None
        assert cursors.start(connection, start()) == start()
        assert cursors.start(connection, replace(start(), block=50)) == start()
        assert cursors.all(connection) == (start(),)
        assert cursors.origin(connection, LEDGER) == start()


def test_events_come_back_typed_and_in_the_order_in_which_they_happened(database: Database) -> None:
    _, _, twelve = three_blocks(database)
    assert everything(database) == [authority(10, 1), authority(10, 1), anchored(11, 2), changed(12, 3, 2, 1, 3)]
    assert everything(database, after_block=11) == [changed(12, 3, 2, 1, 3)]
    with database.read() as connection:
        assert cursors.read(connection, LEDGER) == twelve


def test_the_cursor_and_the_events_move_together_or_not_at_all(database: Database) -> None:
    _, _, twelve = three_blocks(database)
    head_of_another_block = replace(header(13), number=12)
    after = up_to(twelve, 13, ledger=1)
    with pytest.raises(WriteRefused), database.begin() as connection:
        events.append(
            connection,
            twelve,
            after,
            seen=[seen(Contract.LEDGER, changed(13, 4, 1, 1))],
            headers=[head_of_another_block],
        )
    assert len(everything(database)) == 4
    with database.read() as connection:
        assert cursors.read(connection, LEDGER) == twelve


def test_a_second_indexer_that_comes_late_writes_nothing(database: Database) -> None:
    _, eleven, twelve = three_blocks(database)
    with pytest.raises(CursorMoved), database.begin() as connection:
        step(connection, eleven, 12, seen(Contract.LEDGER, changed(12, 3, 1, 9)))
    assert everything(database)[-1] == changed(12, 3, 2, 1, 3)
    with database.read() as connection:
        assert cursors.read(connection, LEDGER) == twelve


@pytest.mark.parametrize("sequence", [3, 5])
def test_an_event_that_is_missing_or_comes_twice_is_refused(database: Database, sequence: int) -> None:
    _, _, twelve = three_blocks(database)
    with pytest.raises(SequenceBroken, match="event 4 of the ledger"), database.begin() as connection:
        step(connection, twelve, 13, seen(Contract.LEDGER, changed(13, sequence, 1, 1)))


def test_a_cursor_that_skips_an_event_is_refused(database: Database) -> None:
    _, _, twelve = three_blocks(database)
    with pytest.raises(SequenceBroken, match="registry"), database.begin() as connection:
        events.append(connection, twelve, up_to(twelve, 13, registry=1), seen=[], headers=[header(13)])


def test_only_the_settled_block_may_move_too(database: Database) -> None:
    _, _, twelve = three_blocks(database)
    with database.begin() as connection:
        after = events.append(connection, twelve, replace(twelve, settled_block=12), seen=[], headers=[])
        assert cursors.read(connection, LEDGER) == after


def test_a_roll_back_takes_back_events_blocks_and_heads_and_tells_readers(database: Database) -> None:
    ten, eleven, twelve = three_blocks(database)
    with database.begin() as connection:
        settled = events.append(connection, twelve, replace(twelve, settled_block=12), seen=[], headers=[])
        back = events.roll_back(connection, settled, 11)
    assert back == replace(eleven, generation=1, settled_block=11)
    assert everything(database) == [authority(10, 1), authority(10, 1), anchored(11, 2)]
    with database.begin() as connection:
        assert [one.number for one in blocks.latest(connection, LEDGER)] == [11, 10]
        again = step(connection, back, 12, seen(Contract.LEDGER, changed(12, 3, 1, 4)))
        assert again.generation == 1
        assert events.roll_back(connection, again, 10) == replace(ten, generation=2, settled_block=10)


def test_a_roll_back_to_the_start_takes_back_everything(database: Database) -> None:
    _, _, twelve = three_blocks(database)
    with database.begin() as connection:
        assert events.roll_back(connection, twelve, 9) == replace(start(), generation=1)
    assert everything(database) == []


def test_a_roll_back_to_a_block_that_nobody_knows_is_refused(database: Database) -> None:
    _, _, twelve = three_blocks(database)
    with pytest.raises(NoSuchRow, match="blocks has no row 8"), database.begin() as connection:
        events.roll_back(connection, twelve, 8)


def test_of_two_roll_backs_at_once_one_happens(database: Database) -> None:
    _, _, twelve = three_blocks(database)
    with database.begin() as connection:
        events.roll_back(connection, twelve, 11)
    with pytest.raises(CursorMoved), database.begin() as connection:
        events.roll_back(connection, twelve, 10)
    assert len(everything(database)) == 3


def test_an_anchor_is_found_by_its_first_serial(database: Database) -> None:
    three_blocks(database)
    with database.read() as connection:
        assert events.find_anchor(connection, LEDGER, AGENCY, 0) == anchored(11, 2)
        assert events.find_anchor(connection, LEDGER, AGENCY, 1) is None
        assert events.find_anchor(connection, LEDGER, OTHER_AGENCY, 0) is None


@pytest.mark.reads_through
def test_events_are_found_by_transaction(database: Database) -> None:
    three_blocks(database)
    with database.read() as connection:
        transaction = seen(Contract.LEDGER, anchored(11, 2)).transaction
        assert events.of_transaction(connection, LEDGER, transaction) == (anchored(11, 2),)


def test_the_latest_change_of_a_serial_is_its_status(database: Database) -> None:
    _, _, twelve = three_blocks(database)
    superseded = CertificateSuperseded(place=place(14, 5), agency=AGENCY, old=4, successors=(7, 8))
    with database.begin() as connection:
        after = step(connection, twelve, 13, seen(Contract.LEDGER, changed(13, 4, 0, 1)))
        step(connection, after, 14, seen(Contract.LEDGER, superseded))
        assert statuses.latest(connection, LEDGER, AGENCY, [0, 1, 3, 4]) == {
            1: Status.VALID,
            3: Status.SUSPENDED,
            4: Status.SUPERSEDED,
        }


def test_serials_that_another_office_anchored_are_not_given_again(database: Database) -> None:
    three_blocks(database)
    with database.read() as connection:
        assert inventory.next_serials(connection, LEDGER)[AGENCY] == 5
        assert inventory.next_serials(connection, LEDGER).get(OTHER_AGENCY, 0) == 0


def test_old_headers_are_forgotten_but_for_those_with_events(database: Database) -> None:
    _, _, cursor = three_blocks(database)
    with database.begin() as connection:
        for number in (13, 14, 15):
            cursor = step(connection, cursor, number)
        assert blocks.prune(connection, LEDGER, 15) == 2
        assert [one.number for one in blocks.latest(connection, LEDGER)] == [15, 12, 11, 10]
        assert blocks.latest(connection, LEDGER, 1) == (header(15),)
        assert blocks.read(connection, LEDGER, 12) == header(12)
        assert blocks.read(connection, LEDGER, 13) is None


def test_what_was_concluded_before_a_roll_back_is_not_written_after_it(database: Database) -> None:
    _, eleven, twelve = three_blocks(database)
    with database.begin() as connection:
        cursors.assure(connection, eleven)
        events.roll_back(connection, twelve, 10)
        with pytest.raises(CursorMoved):
            cursors.assure(connection, eleven)


def test_what_overtook_an_order_is_what_none_of_ours_did_since_and_made_otherwise(database: Database) -> None:
    _, _, twelve = three_blocks(database)
    ours = seen(Contract.LEDGER, changed(14, 5, 2, 2))
    with database.begin() as connection:
        thirteen = step(connection, twelve, 13, seen(Contract.LEDGER, changed(13, 4, 0, 1)))
        step(connection, thirteen, 14, ours)
        call = status_call(connection, "suspend", (2,))
        calls.sign(connection, call.id, nonce=0, raw=b"raw", tx_hash=ours.transaction, now=100)

    def overtaken(aim: Status, since: int) -> frozenset[int]:
        with database.read() as connection:
            return statuses.overtaken(connection, LEDGER, AGENCY, range(5), aim=aim, since=since)

    assert overtaken(Status.VALID, 1200) == {3}
    assert overtaken(Status.VALID, 1201) == frozenset()
    assert overtaken(Status.SUSPENDED, 1300) == {1}
    assert overtaken(Status.SUSPENDED, 1301) == frozenset()

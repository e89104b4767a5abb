"""Which keys rows are written with: moved by compare-and-set, and never behind a writer's back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from store import batches, certificates, key_uses, lookups, sweeping
from store.database import Connection, Database
from store.errors import KeyUseMoved, NumberTaken
from store.key_uses import START, KeyUse, Position, Use
from store.sweeping import NewIndexes
from tests.store.makers import AGENCY, OTHER_AGENCY, batch, certificate, digest


def started(database: Database, field: int = 1, index: int = 1) -> None:
    with database.begin() as connection:
        key_uses.start(connection, Use.FIELD, field)
        key_uses.start(connection, Use.INDEX, index)


def now(database: Database, use: Use = Use.INDEX) -> KeyUse:
    with database.read() as connection:
        return key_uses.read(connection)[use]


def rotated(database: Database, use: Use = Use.INDEX, *, before: int = 1) -> bool:
    with database.begin() as connection:
        return key_uses.rotate(connection, use, before=before, after=before + 1)


def assured(connection: Connection) -> None:
    key_uses.assure(connection, {Use.INDEX: 1})


def current(connection: Connection) -> None:
    assert key_uses.current(connection, Use.INDEX) == 1


def test_the_first_key_that_is_named_stays(database: Database) -> None:
    with database.read() as connection:
        assert key_uses.read(connection) == {}
    started(database)
    started(database, field=7, index=8)
    assert now(database) == KeyUse(use=Use.INDEX, current=1, former=None, swept=None)


def test_a_rotation_begins_a_sweep_and_keeps_the_former_key_until_its_end(database: Database) -> None:
    started(database)
    assert rotated(database)
    assert now(database) == KeyUse(use=Use.INDEX, current=2, former=1, swept=START)
    assert now(database, Use.FIELD).current == 1
    with database.begin() as connection:
        assert key_uses.hold(connection, Use.INDEX).swept == START
        key_uses.advance(connection, Use.INDEX, Position(issuer=1, serial=7))
    assert now(database).swept == Position(issuer=1, serial=7)
    with database.begin() as connection:
        key_uses.finish(connection, Use.INDEX)
    assert now(database) == KeyUse(use=Use.INDEX, current=2, former=None, swept=None)


def test_nothing_is_rotated_twice_or_while_a_sweep_is_on(database: Database) -> None:
    started(database)
    assert rotated(database)
    assert not rotated(database)
    assert not rotated(database, before=2)
    with database.begin() as connection:
        assert not key_uses.begin_sweep(connection, Use.INDEX, current=2)
        key_uses.finish(connection, Use.INDEX)
        assert not key_uses.begin_sweep(connection, Use.INDEX, current=1)
        assert key_uses.begin_sweep(connection, Use.INDEX, current=2)
    assert now(database) == KeyUse(use=Use.INDEX, current=2, former=None, swept=START)


def test_a_writer_with_keys_that_are_not_current_is_stopped(database: Database) -> None:
    started(database)
    with database.begin() as connection:
        key_uses.assure(connection, {Use.FIELD: 1, Use.INDEX: 1})
    rotated(database)
    with database.begin() as connection:
        key_uses.assure(connection, {Use.FIELD: 1, Use.INDEX: 2})
        with pytest.raises(KeyUseMoved, match="index key was rotated"):
            key_uses.assure(connection, {Use.FIELD: 1, Use.INDEX: 1})
        with pytest.raises(KeyUseMoved, match="field key was rotated"):
            key_uses.assure(connection, {Use.FIELD: 2, Use.INDEX: 2})


@pytest.mark.parametrize("writes", [assured, current], ids=["assure", "current"])
def test_a_rotation_waits_for_whoever_is_writing_with_the_old_key(
    writes: Callable[[Connection], object], database: Database
) -> None:
    """Else a row could be written behind the sweep, with a key that is thrown away."""
    started(database)
    order: list[str] = []
    writing = threading.Event()

    def rotate() -> None:
        writing.wait()
        rotated(database)
        order.append("rotated")

    rotating = threading.Thread(target=rotate)
    rotating.start()
    with database.begin() as connection:
        writes(connection)
        writing.set()
        rotating.join(0.3)
        order.append("written")
    rotating.join()
    assert order == ["written", "rotated"]


def test_a_number_under_the_former_key_is_taken_at_the_write(database: Database) -> None:
    with database.begin() as connection:
        first = batch(connection)
        batches.fill(connection, first.id, position=0, rows=[certificate("old")], now=1)
        second = batch(connection)
    same = replace(certificate("new", line=9), former_index=digest("old"))
    with pytest.raises(NumberTaken) as caught, database.begin() as connection:
        batches.fill(connection, second.id, position=0, rows=[certificate("other"), same], now=1)
    (collision,) = caught.value.collisions
    assert (collision.index, collision.line, collision.serial) == (1, 9, 0)
    with database.begin() as connection:
        batches.void(connection, first.id, reason="x", now=2)
        assert batches.fill(connection, second.id, position=0, rows=[same], now=1).moved


def test_a_sweep_sees_every_certificate_once_in_one_order(database: Database) -> None:
    with database.begin() as connection:
        for agency in (AGENCY, OTHER_AGENCY):
            begun = batch(connection, agency=agency)
            rows = [certificate((agency, number)) for number in range(5)]
            batches.fill(connection, begun.id, position=0, rows=rows, now=1)
    seen, position = [], START
    with database.read() as connection:
        while piece := sweeping.piece(connection, position, 3):
            assert len(piece) <= 3
            seen += [(swept.record.agency, swept.record.serial) for swept in piece]
            position = piece[-1].position
        assert sweeping.count(connection) == 10
        assert sweeping.keys_in_rows(connection) == {1}
    assert seen == [(agency, serial) for agency in (AGENCY, OTHER_AGENCY) for serial in range(5)]


def test_what_is_sealed_and_indexed_anew_replaces_what_was(database: Database) -> None:
    with database.begin() as connection:
        begun = batch(connection)
        rows = [certificate(number) for number in range(3)]
        batches.fill(connection, begun.id, position=0, rows=rows, now=1)
        one, two, _ = (swept.position for swept in sweeping.piece(connection, START, 10))
        sweeping.seal(connection, {two: b"\5sealed"})
        sweeping.index(connection, {one: NewIndexes(number_index=None, lookups=(b"a" * 16, b"b" * 16))})
        sweeping.seal(connection, {})
        sweeping.index(connection, {})
    with database.read() as connection:
        first, second, third = certificates.of_batch(connection, begun.id)
        assert (first.number_index, first.disclosures) == (None, b"\x010")
        assert (second.number_index, second.disclosures) == (digest(1), b"\5sealed")
        found = lookups.of_batch(connection, begun.id)
        assert sweeping.keys_in_rows(connection) == {1, 5}
    assert found == {0: {b"a" * 16, b"b" * 16}, 1: set(rows[1].lookups), 2: set(rows[2].lookups)}
    assert third.number_index == digest(2)

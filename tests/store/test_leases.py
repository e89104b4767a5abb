from __future__ import annotations

import pytest

from store import leases
from store.database import Database
from store.errors import LeaseLost

NAME = leases.sender_name("eip155:31337", b"\x11" * 20)


def test_one_holder_at_a_time_and_a_higher_number_for_each(database: Database) -> None:
    with database.begin() as connection:
        first = leases.take(connection, NAME, holder="a", now=100, seconds=30)
        assert first is not None
        assert (first.number, first.until) == (1, 130)
        assert leases.take(connection, NAME, holder="b", now=129, seconds=30) is None
        second = leases.take(connection, NAME, holder="b", now=130, seconds=30)
        assert second is not None
        assert second.number == 2


def test_a_lease_that_some_may_hold_for_longer_counts_until_their_longest(database: Database) -> None:
    with database.begin() as connection:
        assert leases.take(connection, NAME, holder="a", now=100, seconds=60) is not None
        assert leases.take(connection, NAME, holder="b", now=110, seconds=15, longest=60) is None
        assert leases.held(connection, NAME, now=110)
        assert not leases.held(connection, NAME, now=99)
        assert leases.take(connection, NAME, holder="b", now=99, seconds=15, longest=60) is not None


def test_the_holder_may_take_its_own_lease_again_under_the_same_number(database: Database) -> None:
    with database.begin() as connection:
        leases.take(connection, NAME, holder="a", now=100, seconds=30)
        again = leases.take(connection, NAME, holder="a", now=120, seconds=30)
        assert again is not None
        assert (again.number, again.until) == (1, 150)


def test_a_holder_that_slept_learns_that_it_must_not_write(database: Database) -> None:
    with database.begin() as connection:
        slept = leases.take(connection, NAME, holder="a", now=100, seconds=30)
        assert slept is not None
        leases.assure(connection, slept, now=129)
    with pytest.raises(LeaseLost), database.begin() as connection:
        leases.assure(connection, slept, now=130)
    with database.begin() as connection:
        assert leases.take(connection, NAME, holder="b", now=131, seconds=30) is not None
    with pytest.raises(LeaseLost), database.begin() as connection:
        leases.assure(connection, slept, now=132)
    with pytest.raises(LeaseLost), database.begin() as connection:
        leases.renew(connection, slept, now=132, seconds=30)


def test_a_renewed_lease_lasts_longer(database: Database) -> None:
    with database.begin() as connection:
        lease = leases.take(connection, NAME, holder="a", now=100, seconds=30)
        assert lease is not None
        renewed = leases.renew(connection, lease, now=120, seconds=30)
        assert (renewed.number, renewed.until) == (1, 150)
        leases.assure(connection, renewed, now=149)
        assert leases.take(connection, NAME, holder="b", now=149, seconds=30) is None


def test_a_released_lease_is_free_at_once(database: Database) -> None:
    with database.begin() as connection:
        lease = leases.take(connection, NAME, holder="a", now=100, seconds=30)
        assert lease is not None
        leases.release(connection, lease)
        leases.release(connection, lease)
        taken = leases.take(connection, NAME, holder="b", now=101, seconds=30)
        assert taken is not None
        leases.release(connection, lease)
        leases.assure(connection, taken, now=102)


def test_a_lease_taken_before_the_clock_was_set_back_is_free_and_its_holder_writes_no_more(database: Database) -> None:
    with database.begin() as connection:
        before = leases.take(connection, "key", holder="one", now=10_000, seconds=15)
        after = leases.take(connection, "key", holder="two", now=500, seconds=15)
    assert before is not None
    assert after is not None
    with pytest.raises(LeaseLost), database.begin() as connection:
        leases.assure(connection, before, now=501)


def test_anybody_can_see_whether_a_lease_is_held(database: Database) -> None:
    with database.begin() as connection:
        assert not leases.held(connection, NAME, now=100)
        lease = leases.take(connection, NAME, holder="a", now=100, seconds=30)
        assert lease is not None
        assert leases.held(connection, NAME, now=129)
        assert not leases.held(connection, NAME, now=130)
        assert not leases.held(connection, NAME, now=129 - leases.LONGEST), "it was taken by a clock that was ahead"
        leases.release(connection, lease)
        assert not leases.held(connection, NAME, now=129)

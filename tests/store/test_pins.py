from __future__ import annotations

from dataclasses import replace

import pytest

from store import pins
from store.database import Database
from store.errors import PinsDiffer
from store.records import Pins
from tests.store.makers import CHAIN, LEDGER, digest

FOUND = Pins(
    ledger=LEDGER,
    chain_id=31337,
    genesis=digest("genesis"),
    registry=b"\x01" * 20,
    registry_instance=digest("registry"),
    ledger_instance=digest("ledger"),
    access_manager_code=digest("code 0"),
    registry_code=digest("code 1"),
    ledger_code=digest("code 2"),
)


def test_a_chain_is_pinned_at_first_and_known_again(database: Database) -> None:
    for _ in range(2):
        with database.begin() as connection:
            pins.pin(connection, FOUND)
    with database.read() as connection:
        assert pins.read(connection, LEDGER) == FOUND


def test_a_restarted_local_chain_is_refused_with_all_that_differs(database: Database) -> None:
    with database.begin() as connection:
        pins.pin(connection, FOUND)
    restarted = replace(FOUND, genesis=digest("another"), ledger_instance=digest("another"))
    with (
        pytest.raises(PinsDiffer, match="made with another chain: genesis is 0x") as caught,
        database.begin() as connection,
    ):
        pins.pin(connection, restarted)
    assert [one.name for one in caught.value.differences] == ["genesis", "ledger_instance"]
    with database.read() as connection:
        assert pins.read(connection, LEDGER) == FOUND


def test_a_new_ledger_on_a_restarted_chain_is_refused_too(database: Database) -> None:
    with database.begin() as connection:
        pins.pin(connection, FOUND)
    elsewhere = replace(FOUND, ledger=f"{CHAIN}:0x{'22' * 20}", genesis=digest("another"))
    with pytest.raises(PinsDiffer, match=f"genesis of {LEDGER}"), database.begin() as connection:
        pins.pin(connection, elsewhere)
    with database.read() as connection:
        assert pins.read(connection, elsewhere.ledger) is None


def test_a_successor_ledger_on_the_same_chain_is_welcome(database: Database) -> None:
    successor = replace(FOUND, ledger=f"{CHAIN}:0x{'22' * 20}", ledger_instance=digest("successor"))
    with database.begin() as connection:
        pins.pin(connection, FOUND)
        pins.pin(connection, successor)
        assert [pins.read(connection, one.ledger) for one in (FOUND, successor)] == [FOUND, successor]

"""The sums for those who watch: of nothing, and of what waits."""

from __future__ import annotations

from store import calls, cursors, leases, standing
from store.database import Database
from store.records import Cursor
from store.states import BatchState, CallState, DeliveryState

LEDGER = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
SENDER = bytes(20)


def test_an_empty_database_has_zeros_and_no_ages(database: Database) -> None:
    with database.read() as connection:
        found = standing.read(connection, 1000, [LEDGER])
    assert found.calls == dict.fromkeys(CallState, 0)
    assert found.batches == dict.fromkeys(BatchState, 0)
    assert found.deliveries == dict.fromkeys(DeliveryState, 0)
    assert (found.oldest_call, found.oldest_delivery, found.oldest_token, found.head_time) == (None, None, None, None)
    assert (found.held_up, found.senders) == (0, 0)


def test_what_waits_is_counted_with_the_age_of_the_oldest(database: Database) -> None:
    with database.begin() as connection:
        for now, serial in ((900, 1), (800, 2)):
            made = calls.add(
                connection,
                ledger=LEDGER,
                agency="A-1",
                kind="revoke",
                args={"agency": "A-1", "serials": [serial]},
                sender=SENDER,
                now=now,
            )
            calls.wait(connection, made.id, reason="NotAnOperator", until=None, now=now)
        calls.fail(connection, made.id, error="refused", now=950)
        name = leases.sender_name("eip155:31337", SENDER)
        leases.take(connection, name, holder="one", now=900, seconds=60)
        leases.take(connection, "something:else", holder="one", now=900, seconds=600)
    with database.read() as connection:
        found = standing.read(connection, 930, [LEDGER])
        later = standing.read(connection, 1000, [LEDGER])
    assert (found.calls[CallState.QUEUED], found.calls[CallState.FAILED], found.oldest_call) == (1, 1, 900)
    assert found.held_up == 1
    assert (found.senders, later.senders) == (1, 0)


def test_of_several_ledgers_the_one_of_which_least_was_read_is_told_of(database: Database) -> None:
    names = [f"{LEDGER[:-1]}{number}" for number in range(3)]
    with database.begin() as connection:
        for name, time in zip(names, (300, 200, 100), strict=True):
            cursors.start(connection, _cursor(name, time))
        assert standing.read(connection, 1000, names[:2]).head_time == 200
        assert standing.read(connection, 1000, names[2:]).head_time == 100


def _cursor(ledger: str, time: int) -> Cursor:
    return Cursor(
        ledger=ledger,
        block=time,
        hash=bytes(32),
        time=time,
        settled_block=time,
        generation=0,
        registry_sequence=0,
        registry_head=bytes(32),
        ledger_sequence=0,
        ledger_head=bytes(32),
    )

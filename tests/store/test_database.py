from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from store import batches, calls, cursors, inventory
from store.database import Connection, Database, migrate
from store.errors import CommitUncertain, DatabaseAway, StoreError, WriteRefused
from store.records import NewCertificate
from tests.store.makers import AGENCY, LEDGER, batch, certificate, start, status_call


class Interrupted(Exception):
    pass


def write_and_stop(database: Database) -> None:
    with database.begin() as connection:
        status_call(connection)
        raise Interrupted


def break_off(database: Database, connection: Connection) -> None:
    """End a connection's server process, from another connection."""
    own = connection.scalar(text("SELECT pg_backend_pid()"))
    with database.begin() as other:
        other.execute(text("SELECT pg_terminate_backend(:own, 5000)"), {"own": own})


def write_and_break(database: Database) -> None:
    with database.begin() as connection:
        status_call(connection)
        break_off(database, connection)


def break_and_write(database: Database) -> None:
    with database.begin() as connection:
        break_off(database, connection)
        status_call(connection)


def test_an_exception_takes_the_whole_transaction_back(database: Database) -> None:
    with pytest.raises(Interrupted):
        write_and_stop(database)
    with database.read() as connection:
        assert calls.open_calls(connection, LEDGER) == ()
        assert inventory.next_serials(connection, LEDGER).get(AGENCY, 0) == 0


def test_a_reader_sees_one_state_however_long_it_looks(database: Database) -> None:
    with database.begin() as connection:
        cursors.start(connection, start())
    with database.read() as reader:
        assert cursors.read(reader, LEDGER) == start()
        with database.begin() as writer:
            cursors.move(writer, start(), replace(start(), settled_block=10))
        assert cursors.read(reader, LEDGER) == start()
    with database.read() as reader:
        assert cursors.read(reader, LEDGER) == replace(start(), settled_block=10)


def test_a_read_transaction_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError), database.read() as connection:
        status_call(connection)
    with database.begin() as connection:
        assert calls.open_calls(connection, LEDGER) == ()


def write_to_standby(database: Database) -> None:
    standby = "PRAGMA query_only = ON" if database.local else "SET TRANSACTION READ ONLY"
    with database.begin() as connection:
        connection.execute(text(standby))
        batch(connection)


def test_a_database_that_takes_no_writes_for_now_is_away(database: Database) -> None:
    with pytest.raises(DatabaseAway):
        write_to_standby(database)


def test_a_row_that_refers_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(WriteRefused), database.begin() as connection:
        batch(connection, job=999)


def test_an_error_shows_nothing_of_a_certificate(database: Database) -> None:
    secret = NewCertificate(
        jwt="Zhang San 110101199003074258", disclosures=b"Zhang", leaf=b"leaf", number_index=b"index", line=2**70
    )
    with database.begin() as connection:
        begun = batch(connection)
    with pytest.raises((StoreError, OverflowError)) as caught, database.begin() as connection:
        batches.fill(connection, begun.id, position=0, rows=[secret], now=1)
    assert "Zhang" not in "".join(traceback.format_exception(caught.value))


def test_a_connection_that_breaks_during_the_commit_leaves_it_open_what_happened(
    database: Database, database_url: str
) -> None:
    if database_url.startswith("sqlite"):
        return  # there is no connection that could break: a commit in a file happens or raises
    with pytest.raises(CommitUncertain):
        write_and_break(database)
    with database.begin() as connection:
        assert calls.open_calls(connection, LEDGER) == ()


def test_a_connection_that_breaks_before_the_commit_changes_nothing(database: Database, database_url: str) -> None:
    if database_url.startswith("sqlite"):
        return
    with pytest.raises(DatabaseAway):
        break_and_write(database)
    with database.begin() as connection:
        status_call(connection)


def test_a_full_disk_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ecert.sqlite'}"
    migrate(url)
    with Database.open(url) as database:
        with database.begin() as connection:
            begun = batch(connection, capacity=100_000)
        rows = [replace(certificate(number), jwt="x" * 5000) for number in range(1000)]
        with database.begin() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(DatabaseAway, match="full"), database.begin() as connection:
            batches.fill(connection, begun.id, position=0, rows=rows, now=1)
        with database.read() as connection:
            assert batches.read(connection, begun.id).count == 0
            assert batches.leaves(connection, begun.id) == ()


def test_a_commit_on_sqlite_is_on_the_disk_before_it_returns(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ecert.sqlite'}"
    migrate(url)
    with Database.open(url) as database, database.begin() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys")
        told = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    assert told == ["wal", 2, 1]

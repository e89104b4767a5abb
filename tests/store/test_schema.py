from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from ecert.merkle import Tree
from store import arrivals, batches, changes
from store.arrivals import Extent
from store.database import Database, migrate
from store.engine import make_engine, new_file
from store.errors import DatabaseAway, SchemaMismatch, UnusableUrl
from store.schema import MIGRATIONS, upgrade
from store.tables import METADATA, SCHEMA


def stamp(url: str, version: str) -> None:
    engine = make_engine(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    engine.dispose()


def test_an_empty_database_gets_its_tables(empty_url: str) -> None:
    done = migrate(empty_url)
    assert (done.before, done.after) == (None, SCHEMA)
    Database.open(empty_url).close()


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    migrate(empty_url)
    done = migrate(empty_url)
    assert (done.before, done.after) == (SCHEMA, SCHEMA)


LEAVES = [bytes([number]) * 32 for number in range(40)]


def test_an_older_database_keeps_its_rows_and_gets_the_subtrees_of_its_batches(empty_url: str) -> None:
    new_file(empty_url)
    engine = make_engine(empty_url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        upgrade(connection, "0004")
        connection.execute(text("INSERT INTO ledgers (id, name) VALUES (1, 'l')"))
        connection.execute(text("INSERT INTO issuers (id, ledger_id, agency, next_serial) VALUES (1, 1, 'A', 3)"))
        make_batch = text(
            "INSERT INTO batches (id, issuer_id, certificate_type, state, first_serial, capacity, count, root,"
            " fed_at, created_at) VALUES (:id, 1, 'x', :state, :first, :count, :count, :root, 1, 1)"
        )
        connection.execute(make_batch, {"id": 6, "state": "closed", "first": 2, "count": 40, "root": b"r"})
        connection.execute(make_batch, {"id": 7, "state": "filling", "first": 42, "count": 1, "root": None})
        a_leaf_is_lost = {"id": 8, "state": "closed", "first": 43, "count": 2, "root": b"r"}
        connection.execute(make_batch, a_leaf_is_lost)
        make_certificate = text(
            "INSERT INTO certificates (issuer_id, serial, batch_id, certificate_type, live, leaf, jwt, disclosures)"
            " VALUES (1, :serial, :batch, 'x', true, :leaf, 'x', 'x')"
        )
        for serial, leaf in enumerate(LEAVES, 2):
            connection.execute(make_certificate, {"serial": serial, "batch": 6, "leaf": leaf})
        for serial, batch in ((42, 7), (43, 8)):
            connection.execute(make_certificate, {"serial": serial, "batch": batch, "leaf": LEAVES[0]})
    engine.dispose()
    assert migrate(empty_url).before == "0004"
    with Database.open(empty_url) as database, database.read() as connection:
        assert [batch.id for batch in batches.filling(connection)] == [7]
        assert [batches.subtrees_of(connection, id_) for id_ in (6, 7, 8)] == [Tree(LEAVES).subtrees, None, None]


def test_an_older_database_keeps_the_changes_that_were_told_and_takes_others_of_the_same_place(empty_url: str) -> None:
    new_file(empty_url)
    engine = make_engine(empty_url)
    told = {"caller": "tax", "ledger_id": 1, "agency": "A", "serial": 4, "successors": None}
    told |= {"block": 9, "log": 0, "time": 900}
    columns = ["id", "status", *told]
    written = text(f"INSERT INTO changes ({', '.join(columns)}) VALUES (:{', :'.join(columns)})")  # noqa: S608 - ours
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        upgrade(connection, "0006")
        connection.execute(text("INSERT INTO ledgers (id, name) VALUES (1, 'l')"))
        connection.execute(written, {"id": 5, "status": "suspended", **told})
    engine.dispose()
    assert migrate(empty_url).before == "0006"
    with Database.open(empty_url) as database:
        with database.begin() as connection:
            added = [changes.add(connection, [{"status": each, **told}]) for each in ("suspended", "revoked")]
        with database.read() as connection:
            found = changes.of_caller(connection, "tax", after=0, limit=9)
    assert added == [0, 1]
    assert [one.status.name for one in found] == ["SUSPENDED", "REVOKED"]


def test_an_older_database_keeps_its_verifications_and_lets_them_be_followed(empty_url: str) -> None:
    new_file(empty_url)
    engine = make_engine(empty_url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        upgrade(connection, "0007")
        connection.execute(
            text('INSERT INTO shipments (lineage, number, position, "offset", hash) VALUES (:lineage, 2, 3, 9, :hash)'),
            {"lineage": "api-00000001", "hash": b"h"},
        )
        copied = text(
            "INSERT INTO verifications (id, time, caller, result, segment, position, hash, record, receipt)"
            " VALUES (:id, 1, 'tax', 'VALID', 'api-00000001-000002', 1, :hash, '{}', 'a.b.c')"
        )
        connection.execute(copied, {"id": "x", "hash": b"h"})
    engine.dispose()
    assert migrate(empty_url).before == "0007"
    with Database.open(empty_url) as database, database.read() as connection:
        there = arrivals.extents(connection)
        first, end = ("api-00000001-000001", 0), ("api-00000001-000002", 3)
        found = [each.id for each in arrivals.between(connection, "tax", first, end, 9)]
    assert (there, found) == ((Extent(lineage="api-00000001", number=2, position=3, dropped=0),), ["x"])


def test_two_migrations_at_once_do_not_disturb_each_other(empty_url: str) -> None:
    failures: list[Exception] = []

    def run() -> None:
        try:
            migrate(empty_url)
        except Exception as error:  # noqa: BLE001  # shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    Database.open(empty_url).close()


def test_the_tables_are_what_the_migrations_make(empty_url: str) -> None:
    migrate(empty_url)
    engine = make_engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_the_program_wants_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]


def test_a_database_without_tables_is_refused_with_the_mend(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        Path(empty_url.removeprefix("sqlite:///")).touch()
    with pytest.raises(SchemaMismatch, match="run `ecert migrate`") as caught:
        Database.open(empty_url)
    assert caught.value.found is None


def test_an_older_database_is_refused_with_the_mend(empty_url: str) -> None:
    migrate(empty_url)
    stamp(empty_url, "0000")
    with pytest.raises(SchemaMismatch, match=rf"older than the {SCHEMA}.*run `ecert migrate`"):
        Database.open(empty_url)


def test_a_newer_database_is_refused_by_the_program_and_by_migrate(empty_url: str) -> None:
    migrate(empty_url)
    stamp(empty_url, "9999")
    with pytest.raises(SchemaMismatch, match="newer than"):
        Database.open(empty_url)
    with pytest.raises(SchemaMismatch, match="newer than"):
        migrate(empty_url)


def test_an_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "ecert.sqlite"
    migrate(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_opening_a_file_that_is_not_there_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "ecert.sqlite"
    with pytest.raises(SchemaMismatch, match="ecert migrate"):
        Database.open(f"sqlite:///{path}")
    assert not path.exists()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway, match="cannot be made"):
        migrate(f"sqlite:///{tmp_path}/nowhere/ecert.sqlite")


def test_a_postgresql_that_is_not_there_is_away() -> None:
    with pytest.raises(DatabaseAway):
        Database.open("postgresql://nobody@127.0.0.1:1/nothing")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://somewhere/x", "nonsense"])
def test_other_databases_are_refused_with_what_is_possible(url: str) -> None:
    with pytest.raises(UnusableUrl, match="sqlite"):
        Database.open(url)

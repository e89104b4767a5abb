from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text

from store.states import BatchState
from store.tables import batches, certificates
from tests.plans import Plans
from tests.tables import opened


@pytest.mark.reads_through
def test_a_question_that_reads_through_all_certificates_is_seen(tmp_path: Path, plans: Plans) -> None:
    with opened(f"sqlite:///{tmp_path}/ecert.sqlite") as database, database.read() as connection:
        connection.execute(select(certificates.c.line).where(certificates.c.leaf == b"x")).all()
    assert [fault.partition(":")[0] for fault in plans.faults] == ["SCAN certificates"]


def test_there_are_statistics_of_every_index_of_a_table_that_grows(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/ecert.sqlite") as database, database.read() as connection:
        told = {tuple(row) for row in connection.execute(text("SELECT tbl, idx FROM sqlite_stat1"))}
        tables = {table for table, _ in told}
        known = connection.execute(text("SELECT name FROM sqlite_schema WHERE type = 'table'")).scalars().all()
        indexes = {
            (table, row[1]) for table in tables for row in connection.execute(text(f"PRAGMA index_list({table})"))
        }
    assert tables <= set(known)
    # The primary key of a table without rowid is the table.
    without_rowid = {(table, f"sqlite_autoindex_{table}_1") for table in tables if (table, table) in told}
    assert {each for each in told if each[0] != each[1]} == indexes - without_rowid


@pytest.mark.reads_through
def test_a_question_that_is_planned_anew_at_every_value_is_seen(tmp_path: Path, plans: Plans) -> None:
    with opened(f"sqlite:///{tmp_path}/ecert.sqlite") as database, database.read() as connection:
        connection.execute(select(batches.c.id).where(batches.c.id == 1, batches.c.state != BatchState.VOID)).all()
    assert [fault.partition(":")[0] for fault in plans.faults] == ["planned anew at every value"]

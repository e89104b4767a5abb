"""`INSERT ... ON CONFLICT`, which both databases have and SQLAlchemy spells once for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an insert that may say what happens on a conflict."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


AT_ONCE = 64
"""Rows of one statement of `insert_all`."""


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], conflict: str) -> None:
    """Insert rows of the same columns, many by one statement; `conflict` is what follows `ON CONFLICT`.

    SQLite's driver lets other threads run at every statement. Where an event loop is busy beside, a statement for each
    row would wait for it twice a row, and be waited for as often. Values go to the driver as they are.
    """
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    for start in range(0, len(rows), AT_ONCE):
        piece = rows[start : start + AT_ONCE]
        names = tuple(piece[0])
        values = tuple(row[name] for row in piece for name in names)
        connection.exec_driver_sql(_statement(table.name, names, len(piece), mark, conflict), values)


@cache
def _statement(table: str, names: tuple[str, ...], count: int, mark: str, conflict: str) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    row = f"({', '.join([mark] * len(names))})"
    return f"INSERT INTO {table} ({columns}) VALUES {', '.join([row] * count)} ON CONFLICT {conflict}"  # noqa: S608 # names of ours

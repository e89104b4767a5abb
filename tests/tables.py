"""Tables for tests, made once in a process and copied: to migrate anew would be the most of what many tests do.

`give_tables(url)` gives an empty database all tables; `opened(url)` does that where there are none, and opens it.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from store.database import Database, migrate
from store.engine import file_of, new_file
from store.errors import SchemaMismatch


def give_tables(url: str) -> None:
    """Give a database that is not there, or is empty, all tables."""
    path = file_of(url)
    if path is None:
        migrate(url)
        return
    new_file(url)
    path.write_bytes(_migrated())


def opened(url: str) -> Database:
    """Open a database, with all tables even if it had none."""
    try:
        return Database.open(url)
    except SchemaMismatch:
        give_tables(url)
        return Database.open(url)


@cache
def _migrated() -> bytes:
    """Read an SQLite file with all tables and no rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ecert.sqlite"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()

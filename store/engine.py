"""Engines for both databases, set up so that a transaction is what it says.

SQLite: the driver's own idea of transactions is switched off; every transaction begins by our word, `BEGIN IMMEDIATE`
for a write, so that two writers queue and never deadlock on a lock upgrade, and `BEGIN` with `query_only` for a read.
WAL lets readers go on while one writes; `synchronous=FULL` makes a commit survive a power cut, as signed bytes must;
`secure_delete` writes over what is replaced, so that a text that was sealed lies open nowhere in the file once the log
has gone into it (`Database.write_out`; by itself after every 4 MB, or when the last process ends).
PostgreSQL: writes are READ COMMITTED with compare-and-set; reads are one REPEATABLE READ, READ ONLY snapshot.

What the library says of a failed statement never shows the values: they are certificates.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from store.errors import DatabaseAway, UnusableUrl, WriteRefused

BUSY_SECONDS = 30
"""How long a write waits for another one before the database counts as away."""

CONNECT_SECONDS = 10

MORE_CONNECTIONS = 35
"""Beside the five that stay open: a web server's threads do not wait for each other's connections."""

_READ_ONLY = "25006"
"""What PostgreSQL says to a write while it is a standby, as when another takes over from the one before."""

_WRITES = "writes"
"""What of a connection is remembered: whether it was last set to write or to read."""

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA cache_size = -16384",  # KB of each connection; what the machine keeps of the file serves as well
    "PRAGMA secure_delete = ON",
)


def make_engine(url: str) -> Engine:
    """Make the engine for a database URL; nothing is connected yet.

    Raises:
        UnusableUrl: it is neither an SQLite file nor a PostgreSQL database.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        max_overflow=MORE_CONNECTIONS,
        hide_parameters=True,
        connect_args={"connect_timeout": CONNECT_SECONDS, "options": f"-c lock_timeout={BUSY_SECONDS * 1000}"},
    )


def file_of(url: str) -> Path | None:
    """Give the file of an SQLite database; None for another one."""
    parsed = _parse(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def new_file(url: str) -> None:
    """Make an SQLite file that is not there, for its owner's eyes only; certificates hold personal data."""
    path = file_of(url)
    if path is None:
        return
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseAway(f"{path} cannot be made: {error.strerror}") from error


@contextmanager
def translated() -> Iterator[None]:
    """Turn the library's errors into the store's."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise DatabaseAway(_first_line(error)) from error
    except IntegrityError as error:
        raise WriteRefused(_first_line(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) == _READ_ONLY:
            raise DatabaseAway(_first_line(error)) from error
        raise WriteRefused(_first_line(error)) from error


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UnusableUrl("it must look like sqlite:////path/to/file or postgresql://user@host/name") from error
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise UnusableUrl("SQLite must be kept in a file: sqlite:////path/to/file")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UnusableUrl(f"{parsed.get_backend_name()} is neither sqlite nor postgresql")
    return parsed


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url.set(drivername="sqlite+pysqlite"), max_overflow=MORE_CONNECTIONS, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401  # the driver's own connection
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        if connection.info.get(_WRITES) is not writes:
            connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
            connection.info[_WRITES] = writes
        if writes:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # asks the file nothing, so that it cannot fail; the library's way to it takes longer than itself
            connection.connection.cursor().execute("BEGIN")

    return engine


def _first_line(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).strip().partition("\n")[0]

"""The database: opened once, with the right tables or not at all; then transactions, one for writing or for reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from store import schema
from store.engine import file_of, make_engine, translated
from store.errors import CommitUncertain, SchemaMismatch
from store.news import News
from store.schema import Migrated, migrate
from store.tables import SCHEMA

__all__ = ["Connection", "Database", "Migrated", "migrate"]


class Database:
    """An open database; made by `Database.open`. Safe to share between threads, not across a fork."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Connect, and see that the tables are those of this program.

        Args:
            url: `sqlite:////path/to/file` or `postgresql://user@host/name`.

        Raises:
            SchemaMismatch: they are not; the message names `ecert migrate`.
            UnusableUrl: it is neither an SQLite file nor a PostgreSQL database.
            DatabaseAway: it cannot be reached.
        """
        path = file_of(url)
        if path is not None and not path.exists():
            raise SchemaMismatch(None, SCHEMA)  # SQLite would make an empty file of it
        database = cls(make_engine(url))
        try:
            with database.read() as connection:
                schema.check(connection)
        except BaseException:
            database.close()
            raise
        return database

    @property
    def local(self) -> bool:
        """Whether it is a file of this machine, which is read without waiting for anybody else."""
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open one write transaction: all of the block is kept when it ends, or nothing where it raises.

        Raises:
            DatabaseAway: nothing was written.
            CommitUncertain: the connection broke during the commit; look again before you repeat.
            WriteRefused: a constraint stood against it; nothing was written.
        """
        with translated(), self._engine.connect().execution_options(writes=True) as connection:
            transaction = connection.begin()
            try:
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise CommitUncertain(str(error.orig)) from error
                transaction.rollback()
                raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open one read transaction: every read in the block sees the same state of the database.

        Raises:
            DatabaseAway: it cannot be reached.
        """
        with translated(), self._engine.connect() as connection:
            if not self.local:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    def write_out(self) -> bool:
        """Bring all that was written into an SQLite file itself, and empty the log beside it.

        Then nothing that was written over can be read in either any more. False: somebody reads an older state for too
        long. PostgreSQL keeps house by itself.

        Raises:
            DatabaseAway: it cannot be reached.
        """
        if not self.local:
            return True
        with translated(), self._engine.connect() as connection:
            cursor = connection.connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (busy, _, _), *_ = cursor.fetchall()
        return not busy

    def news(self, chain: str, senders: Sequence[bytes]) -> News:
        """Give what tells cheaply, again and again, whether these senders have news; to be closed at the end."""
        return News(self._engine, chain, senders)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Use it, and close it at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

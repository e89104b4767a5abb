"""Whether anything was written lately: asked many times a second, and so at next to no cost."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection, Engine, select
from sqlalchemy.pool import PoolProxiedConnection

from store.engine import translated
from store.errors import DatabaseAway
from store.queue import queued
from store.tables import cursors


class News:
    """One connection that is kept to ask with; made by `Database.news`.

    SQLite counts the changes that others make to the file (`PRAGMA data_version`), which costs microseconds. PostgreSQL
    is asked for what a sender waits for: which calls of its keys are queued, and where the cursors stand.
    """

    def __init__(self, engine: Engine, chain: str, senders: Sequence[bytes]) -> None:
        self._engine = engine
        self._chain = chain
        self._senders = tuple(senders)
        self._file: PoolProxiedConnection | None = None
        self._session: Connection | None = None

    def look(self) -> object:
        """Give a value that changes once a call of these senders was written or a cursor moved; it may change for less.

        Raises:
            DatabaseAway: it cannot be reached; the next look connects again.
        """
        try:
            with translated():
                return self._version() if self._engine.dialect.name == "sqlite" else self._outbox()
        except sqlite3.Error as error:
            self.close()
            raise DatabaseAway(str(error)) from error
        except DatabaseAway:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back."""
        file, session, self._file, self._session = self._file, self._session, None, None
        with suppress(DatabaseAway), translated():
            if file is not None:
                file.close()
            if session is not None:
                session.close()

    def _version(self) -> object:
        if self._file is None:
            self._file = self._engine.raw_connection()
        cursor = self._file.cursor()
        cursor.execute("PRAGMA data_version")
        return cursor.fetchone()

    def _outbox(self) -> object:
        if self._session is None:
            self._session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        reached = [tuple(row) for row in self._session.execute(_READ)]
        return queued(self._session, self._chain, self._senders), reached


_READ = select(cursors.c.block, cursors.c.generation).order_by(cursors.c.ledger_id)

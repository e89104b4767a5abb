"""The version of the tables: which one a database has, and how it gets the one that this program needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from store.engine import make_engine, new_file, translated
from store.errors import SchemaMismatch
from store.tables import SCHEMA

MIGRATIONS = Path(__file__).with_name("migrations")

LOCK = 0x6563657274
"""The number under which PostgreSQL lets one migration run at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """The version before (None: the database was empty) and after."""

    before: str | None
    after: str


def migrate(url: str) -> Migrated:
    """Bring the database to this program's version, in one transaction; safe to repeat, and to run twice at once.

    Raises:
        SchemaMismatch: the database is of a newer version; nothing was changed.
        UnusableUrl: it is neither an SQLite file nor a PostgreSQL database.
        DatabaseAway: it cannot be reached or made.
    """
    new_file(url)
    engine = make_engine(url)
    try:
        with translated(), engine.connect().execution_options(writes=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            before = version(connection)
            if before is not None and before > SCHEMA:
                raise SchemaMismatch(before, SCHEMA)
            upgrade(connection, SCHEMA)
    finally:
        engine.dispose()
    return Migrated(before=before, after=SCHEMA)


def upgrade(connection: Connection, revision: str) -> None:
    """Run the migrations up to `revision` in the connection's transaction."""
    from alembic import command  # noqa: PLC0415  # slow to load, and of no use to a database that is up to date
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def version(connection: Connection) -> str | None:
    """Give the version that the tables have; None where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def check(connection: Connection) -> None:
    """Refuse tables of another version than this program's.

    Raises:
        SchemaMismatch: they are older or newer, or there are none.
    """
    found = version(connection)
    if found != SCHEMA:
        raise SchemaMismatch(found, SCHEMA)

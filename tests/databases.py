"""Databases for tests: an SQLite file, and a throw-away PostgreSQL cluster on a unix socket.

A plugin of `tests/conftest.py`, so that one cluster serves all tests of a process. `database` and `database_url` run a
test once on each; they have all tables and no rows. Where this machine has no PostgreSQL, its half is skipped with one
line that says so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from store.database import Database
from store.tables import METADATA
from tests.tables import give_tables

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/pgsql/bin")


def postgresql_programs() -> Path | None:
    """Find the folder of initdb and pg_ctl: on the path, or where distributions put it (the newest version)."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    folders = [folder for place in PLACES for folder in Path("/").glob(place.lstrip("/"))]
    versions = sorted((folder for folder in folders if (folder / "initdb").exists()), key=_version)
    return versions[-1] if versions else None


def _version(folder: Path) -> int:
    digits = "".join(letter for letter in folder.parent.name if letter.isdigit())
    return int(digits) if digits else 0


class Cluster:
    """A PostgreSQL server of its own, without a network port; the server refuses to run as root, so root lends it
    the user `postgres`.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(0o700)

    def start(self) -> None:
        self._run("initdb", "-D", str(self._folder / "data"), "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.go_on()

    def go_on(self) -> None:
        """Start what `start` has made; again after a `stop`."""
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off -c max_connections=50"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-l", log, "-o", options, "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")

    def new_database(self) -> str:
        """Give the URL of a schema and a role of its own, which is quicker than a database and as empty."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(host=str(self._folder), user="test", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN".encode())
            connection.execute(f"CREATE SCHEMA AUTHORIZATION {name}".encode())
        return f"postgresql://{name}@/postgres?host={self._folder}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                command, user=self._user, cwd="/", stdout=said, stderr=said, stdin=subprocess.DEVNULL, check=False
            )
            if done.returncode != 0:
                said.seek(0)
                raise RuntimeError(f"{program} failed: {said.read().decode(errors='replace')}")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("NO POSTGRESQL on this machine (no initdb): the PostgreSQL half of the store's tests did not run")
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(programs, Path(folder))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="session")
def migrated_schema(postgresql: Cluster) -> str:
    """The URL of a PostgreSQL schema with all tables, to be emptied after each test."""
    url = postgresql.new_database()
    give_tables(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ecert.sqlite'}"
    cluster: Cluster = request.getfixturevalue("postgresql")
    return cluster.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with all tables and no rows."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'ecert.sqlite'}"
        give_tables(url)
        yield url
        return
    url = request.getfixturevalue("migrated_schema")
    yield url
    with psycopg.connect(url) as connection:  # quicker than TRUNCATE by two thirds where there are few rows
        for table in reversed(METADATA.sorted_tables):
            connection.execute(SQL("DELETE FROM {}").format(Identifier(table.name)))
        connection.execute(
            "SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences WHERE schemaname = current_user"
        )


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with all tables and no rows, open."""
    with Database.open(database_url) as opened:
        yield opened

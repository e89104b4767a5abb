"""A database made beside its place and moved there when it is whole; what was there is moved aside, never deleted."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chain.whole_files import sync_folder
from store import calls, inventory
from store.database import Database, migrate
from store.errors import SchemaMismatch, StoreError
from verifier.errors import Refused
from verifier.services.lost_calls import OpenCall

SQLITE = "sqlite:///"
_BESIDE = ("-wal", "-shm")


@contextmanager
def no_service(data_dir: Path) -> Iterator[None]:
    """Keep `ecert serve` away; raises `Refused` where it runs."""
    with (data_dir / "serve.lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(f"`ecert serve` runs on {data_dir}: stop it first") from error
        yield


def left_open(url: str, ledger: str) -> tuple[OpenCall, ...]:
    """Give the calls that the old database had not brought to the chain; none where it cannot be read."""
    try:
        with Database.open(url) as database, database.read() as connection:
            found = calls.open_calls(connection, ledger)
            forms = calls.forms(connection, [call.id for call in found])
            hashes = {number: tuple(one.tx_hash for one in each) for number, each in forms.items()}
            return tuple(OpenCall(call=call, hashes=hashes[call.id]) for call in found)
    except StoreError:
        return ()  # it is lost or damaged, which is why it is made anew


@contextmanager
def made_anew(url: str, *, replace: bool) -> Iterator[Database]:
    """Give an empty database with all tables; an SQLite file takes its place when the block ends well.

    Raises:
        Refused: something was issued with the database that is there, and `replace` is not wanted.
    """
    if not replace and _holds_something(url):
        raise Refused(
            f"{url} is there, and holds what was issued: run `ecert fsck` to see what is wrong with it. With --replace"
            " it is moved aside and made anew; what only it knows (jobs, calls that are not settled) is then lost"
        )
    if not url.startswith(SQLITE):
        if replace:
            raise Refused("only an SQLite file can be replaced: name an empty database in database_url")
        migrate(url)
        with Database.open(url) as database:
            yield database
        return
    path = Path(url.removeprefix(SQLITE))
    new = path.with_name(path.name + ".rebuilding")
    _remove(new)
    migrate(f"{SQLITE}{new}")
    with Database.open(f"{SQLITE}{new}") as database:
        yield database
    _move_aside(path)
    new.replace(path)
    sync_folder(path.parent)


def _holds_something(url: str) -> bool:
    """Tell whether there is anything to lose; what cannot be read is."""
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists():
        return False
    try:
        with Database.open(url) as database, database.read() as connection:
            return inventory.has_issued(connection)
    except SchemaMismatch as error:
        return error.found is not None
    except StoreError:
        return True


def _move_aside(path: Path) -> None:
    if not path.exists():
        return
    number = 1
    while (old := path.with_name(f"{path.name}.old-{number}")).exists():
        number += 1
    for end in ("", *_BESIDE):
        part = path.with_name(path.name + end)
        if part.exists():
            part.rename(old.with_name(old.name + end))


def _remove(path: Path) -> None:
    for end in ("", *_BESIDE):
        path.with_name(path.name + end).unlink(missing_ok=True)

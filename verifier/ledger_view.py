"""The ledger copies of a process: read from the store in one piece, kept fresh by looking at the indexer's cursors.

Readers take `copies`, immutable snapshots of the ledger and of those that it follows, and judge from them alone, so
that one verdict never mixes two blocks. New snapshots replace the old ones by a single assignment. What the store says
is believed as it is: who can write to the database can make a certificate valid here.

A ledger that is read whole makes millions of objects that stay. The garbage collector, which would look through them
again and again, is off meanwhile, and leaves them alone afterwards; it takes two fifths of the time otherwise.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from chain.pausing import pause
from ecert.errors import ContradictionError
from ecert.facts import AsOf
from ecert.ledger_copies import LedgerCopies
from ecert.ledger_copy import LedgerCopy
from store import cursors, events, sightings
from store.database import Connection, Database
from store.errors import StoreError
from store.records import Cursor
from store.sightings import Sighting
from verifier.errors import NotReady

_LOG = logging.getLogger(__name__)
_STARTING = "this process is starting and reads its copy of the ledger"
_AWAY = "the database does not answer; why, stands in the log of this process"
_NOTHING_YET = "the chain has not been read yet: `ecert indexer` (part of `ecert serve`) reads it"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Snapshot:
    cursor: Cursor
    copy: LedgerCopy


class LedgerView:
    """The newest copies of a ledger, and of those that it follows, that the store can give.

    Args:
        database: where the indexer writes.
        ledgers: their CAIP-10 names, the newest first (`Deployment.names`); there is no copy until all of them were
            read. None: the one ledger that the database knows.
    """

    def __init__(self, database: Database, ledgers: Sequence[str] = ()) -> None:
        self._database = database
        self._ledgers = tuple(ledgers)
        self._snapshots: tuple[_Snapshot, ...] = ()
        self._copies: LedgerCopies | None = None
        self._trouble: Exception | None = None
        self._sightings: tuple[Sighting | None, ...] = (None,)
        self._looking = threading.Lock()

    @property
    def ready(self) -> bool:
        """There is a copy to judge from."""
        return self._copies is not None

    @property
    def copies(self) -> LedgerCopies:
        """The snapshots to judge from; raises `NotReady` as long as there are none."""
        if self._copies is None:
            raise NotReady(self.trouble or _STARTING)
        return self._copies

    @property
    def copy(self) -> LedgerCopy:
        """The snapshot of the newest ledger, which is issued on; raises `NotReady` as long as there is none."""
        return self.copies.newest

    @property
    def trouble(self) -> str | None:
        """Why the last look at the store gave nothing, in words for anybody; None when it went well."""
        return self.database_trouble or (None if self._trouble is None else str(self._trouble))

    @property
    def looked(self) -> bool:
        """Whether the store was ever looked at."""
        return self.ready or self._trouble is not None

    @property
    def database_trouble(self) -> str | None:
        """Say that the database did not answer when it was last asked; None where it did, whatever it said.

        Where it is and who asks it stands in the log alone: a stranger is told this.
        """
        return _AWAY if isinstance(self._trouble, StoreError) else None

    @property
    def sightings(self) -> tuple[Sighting | None, ...]:
        """What the indexer saw of each ledger, as of the last look at the store; None: it has never looked at one."""
        return self._sightings

    @property
    def contested(self) -> bool:
        """Whether any of the copies is of a chain whose validators sealed two histories; raises `NotReady`."""
        return any(copy.as_of.contested for copy in self.copies)

    def age(self, now: int) -> int:
        """Seconds from the block time of the copy that is furthest behind to `now`; raises `NotReady`."""
        return now - min(copy.as_of.time for copy in self.copies)

    def refresh(self) -> bool:
        """Look once; True if there is a newer copy now. An older copy stays when nothing could be read.

        Threads look one after the other, so that none puts what it read before another in the place of what that read.

        Raises:
            StoreError: the database does not answer.
            NotReady: it knows no ledger, or several and none was named.
            ContradictionError: its events are not those of a ledger.
        """
        with self._looking:
            try:
                found = self._read()
            except (StoreError, NotReady, ContradictionError) as error:
                self._trouble = error
                raise
            self._trouble = None
            if found == self._snapshots:
                return False
            newest, *before = found
            self._snapshots = found
            self._copies = LedgerCopies(newest.copy, tuple(each.copy for each in before))
            return True

    async def follow(self, stop: asyncio.Event, every: float) -> None:
        """Refresh every so many seconds until `stop`; trouble is logged when it starts and when it ends."""
        while not stop.is_set():
            await self.look()
            await pause(stop, every)

    async def look(self) -> None:
        """Refresh once without holding up the event loop; trouble is logged and kept in `trouble`, never raised."""
        before = self._trouble
        try:
            await asyncio.to_thread(self.refresh)
        except (StoreError, NotReady, ContradictionError) as error:
            if before is None or str(before) != str(error):
                level = logging.INFO if isinstance(error, NotReady) else logging.WARNING  # so it is at a first start
                _LOG.log(level, "no newer copy of the ledger: %s", error)
            return
        if before is not None:
            _LOG.info("the ledger is being read again, up to block %d", self.copy.as_of.block)

    def _read(self) -> tuple[_Snapshot, ...]:
        known = {snapshot.cursor.ledger: snapshot for snapshot in self._snapshots}
        with self._database.read() as connection:
            self._sightings = _seen(sightings.all(connection), self._ledgers)
            read = _cursors(connection, self._ledgers)
            return tuple(_snapshot(connection, known.get(cursor.ledger), cursor) for cursor in read)


def _snapshot(connection: Connection, known: _Snapshot | None, cursor: Cursor) -> _Snapshot:
    """Give the snapshot at a cursor: the one that is known, with what came since, or all anew."""
    if known is None or not _goes_on(known.cursor, cursor):
        return _whole(connection, cursor)
    if known.cursor == cursor:
        return known
    news = events.stream(connection, cursor.ledger, after_block=known.cursor.block)
    copy = known.copy.advance(news, _as_of(cursor), cursor.settled_block)
    return _Snapshot(cursor=cursor, copy=copy)


def _whole(connection: Connection, cursor: Cursor) -> _Snapshot:
    with _collector_off():
        empty = LedgerCopy.empty(cursor.ledger, _as_of(cursor))
        copy = empty.advance(events.stream(connection, cursor.ledger), _as_of(cursor), cursor.settled_block)
    return _Snapshot(cursor=cursor, copy=copy)


@contextmanager
def _collector_off() -> Iterator[None]:
    """Let the garbage collector rest, and leave what was made meanwhile out of its sight for ever."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_on:
            gc.enable()


def _cursors(connection: Connection, ledgers: Sequence[str]) -> tuple[Cursor, ...]:
    if ledgers:
        found = tuple(cursor for ledger in ledgers if (cursor := cursors.read(connection, ledger)) is not None)
        if len(found) < len(ledgers):
            raise NotReady(_NOTHING_YET)
        return found
    all_of_them = cursors.all(connection)
    if not all_of_them:
        raise NotReady(_NOTHING_YET)
    if len(all_of_them) > 1:
        names = ", ".join(cursor.ledger for cursor in all_of_them)
        raise NotReady(f"the database holds several ledgers ({names}) and none was chosen")
    return all_of_them


def _seen(all_of_them: tuple[Sighting, ...], ledgers: Sequence[str]) -> tuple[Sighting | None, ...]:
    if not ledgers:
        return all_of_them if len(all_of_them) == 1 else (None,)
    by_name = {one.ledger: one for one in all_of_them}
    return tuple(by_name.get(ledger) for ledger in ledgers)


def _goes_on(old: Cursor, new: Cursor) -> bool:
    """Nothing that the old cursor had read was taken back since."""
    return old.ledger == new.ledger and old.generation == new.generation and old.block <= new.block


def _as_of(cursor: Cursor) -> AsOf:
    chain = cursor.ledger.rpartition(":")[0]
    contested = cursor.contested is not None
    return AsOf(chain=chain, block=cursor.block, hash=cursor.hash, time=cursor.time, contested=contested)

"""Shipping: what stands in the segments is copied to the database, in order, once, whenever the database is there.

Each process ships its own lineage, and now and then those of its kind that nobody writes any more, after closing them.
Where the copying stands is in the database, in the transaction of the copies: a database that was restored or made anew
gets what it lacks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from ecert.agency import parse_issuer
from ecert.errors import MalformedAgency
from ecert.verdict import Result
from store import verifications
from store.database import Database
from store.errors import ShipmentMoved, StoreError
from store.reliances import Reliance, relied
from store.verifications import Recorded, Shipment
from verifier.errors import NotAsCopied, VerifierError
from verifier.record.closing import read_closing
from verifier.record.holding import holds
from verifier.record.lineage import Lineage
from verifier.record.lines import decoded
from verifier.record.reading import Entry, entries_from, read_piece, start_of
from verifier.record.recording import Recording
from verifier.record.segments import RecordFolder, Segment

_LOG = logging.getLogger(__name__)
ORPHANS_EVERY = 20
"""Every so many looks, what dead processes left is looked for."""
_NAMES = ("caller", "relying_party", "office", "operator", "matter", "case", "ground")
_TROUBLE = (StoreError, VerifierError, OSError)


class Shipping:
    """Copies what one process records, and what dead processes of its kind have left."""

    def __init__(self, recording: Recording, database: Database) -> None:
        self._recording = recording
        self._folder = recording.lineage.folder
        self._database = database
        self._trouble: str | None = None
        self._reached: dict[str, Shipment | None] = {}
        self._left: set[str] = set()

    async def run(self, stop: asyncio.Event, every: float) -> None:
        """Ship every so many seconds until `stop`, and once more then; trouble is logged when it starts and ends."""
        looks = 0
        while not stop.is_set():
            await asyncio.to_thread(self.look, orphans=looks % ORPHANS_EVERY == 0)
            looks += 1
            try:
                await asyncio.wait_for(stop.wait(), every)
            except TimeoutError:
                continue
        await asyncio.to_thread(self.look)

    def look(self, *, orphans: bool = False) -> bool:
        """Close what has ended and ship all there is; False where something stood in the way, which is logged."""
        try:
            self._recording.tend()
            self._ship(self._recording.lineage)
            if orphans:
                self._adopt_orphans()
        except ShipmentMoved:
            return False
        except _TROUBLE as error:
            if self._trouble != str(error):
                _LOG.warning("the record is kept, but not copied to the database: %s", error)
            self._trouble = str(error)
            return False
        if self._trouble is not None:
            _LOG.info("the record is copied to the database again")
        self._trouble = None
        return True

    def _adopt_orphans(self) -> None:
        """Close and ship every lineage of this kind of process that nobody holds."""
        for name in self._folder.lineages(self._recording.process):
            if name == self._recording.lineage.name:
                continue
            lineage = Lineage.adopt(self._folder, name)
            if lineage is None:
                continue
            try:
                self._adopt(lineage)
            finally:
                lineage.release()

    def _adopt(self, lineage: Lineage) -> None:
        try:
            self._copied(lineage)
        except NotAsCopied as error:
            if lineage.name not in self._left:
                _LOG.error("%s; it is left as it is", error)
            self._left.add(lineage.name)
            return
        lineage.close_all(self._recording.close_segment)
        self._ship(lineage)

    def _copied(self, lineage: Lineage) -> Shipment | None:
        """Ask the database how far it has copied; what this process did not copy itself is compared with the files."""
        with self._database.read() as connection:
            copied = verifications.shipped(connection, lineage.name)
        if copied != self._reached.get(lineage.name) and not holds(self._folder, lineage.name, copied):
            raise NotAsCopied(lineage.name)
        self._reached[lineage.name] = copied
        return copied

    def _segments(self, lineage: Lineage, before: Shipment | None) -> Iterator[Segment]:
        """Give the segments from where the copying stands, past any that is gone; none that began after we looked."""
        last = self._recording.ended.segment if lineage is self._recording.lineage else None
        if before is not None and last is not None:  # the folder need not be looked through
            return (Segment(lineage.name, number) for number in range(before.number, last.number + 1))
        first = 0 if before is None else before.number
        return (each for each in lineage.segments() if first <= each.number and (last is None or each <= last))

    def _ship(self, lineage: Lineage) -> None:
        before = self._copied(lineage)
        for segment in self._segments(lineage, before):
            at = before if before is not None and segment.number == before.number else start_of(segment)
            end = self._end(segment)
            if end is None:
                return
            while at.offset < end:
                entries, after = read_piece(self._folder, segment, at, end)
                if after.offset == at.offset:
                    break
                self._copy(lineage.name, before, after, entries)
                self._reached[lineage.name] = before = at = after

    def _end(self, segment: Segment) -> int | None:
        """Give the byte up to which a segment holds what is durable, 0 where its lines are gone.

        None: it ended after we looked, and is not closed yet. Nothing after it may be copied before it is.
        """
        ended = self._recording.ended
        if ended.segment == segment:
            return ended.size
        closing, lines = self._folder.closing(segment), self._folder.lines(segment)
        if not lines.exists():
            return 0
        return lines.stat().st_size - read_closing(closing).extent.torn if closing.exists() else None

    def _copy(self, lineage: str, before: Shipment | None, after: Shipment, entries: Sequence[Entry]) -> None:
        read = [(entry, said) for entry in entries if (said := _understood(entry)) is not None]
        with self._database.begin() as connection:
            verifications.ship(connection, lineage, before, after, [_recorded(entry, said) for entry, said in read])
            relied(connection, [each for _, said in read for each in _reliances(said)])


def unshipped(folder: RecordFolder, recording: Recording, after: Shipment | None) -> Iterator[Recorded]:
    """Give what this process has made durable and the database does not have: all after `after`, in order.

    Where the database has nothing or is away (None), only what stands in the newest segment is looked through.
    """
    ended = recording.ended
    first = ended.segment.number if after is None else after.number
    for number in range(first, ended.segment.number + 1):
        segment = Segment(ended.segment.lineage, number)
        path = folder.lines(segment)
        at = after if after is not None and after.number == number else start_of(segment)
        end = ended.size if segment == ended.segment else path.stat().st_size if path.exists() else 0
        yield from filter(None, map(understood, entries_from(folder, segment, at, end)))


def _understood(entry: Entry) -> dict[str, Any] | None:
    """Read a line; None where it is not as we write them, which `ecert audit verify` finds and nothing waits for."""
    said = decoded(entry.line)
    good = (
        said is not None
        and all(isinstance(said.get(name), str) for name in ("id", "result"))
        and isinstance(said.get("time"), int)
        and isinstance(said.get("certificates"), list)
        and all(isinstance(said.get(name), str | None) for name in _NAMES)
    )
    return said if good else None


def understood(entry: Entry) -> Recorded | None:
    """Give what is copied of a line; None where it is not as we write them."""
    said = _understood(entry)
    return None if said is None else _recorded(entry, said)


def _recorded(entry: Entry, said: dict[str, Any]) -> Recorded:
    return Recorded(
        id=said["id"],
        time=said["time"],
        result=said["result"],
        segment=str(entry.place.segment),
        position=entry.place.position,
        hash=entry.place.hash,
        record=entry.line.decode(),
        receipt=entry.receipt,
        **{name: said.get(name) for name in _NAMES},
    )


def _reliances(said: dict[str, Any]) -> Iterator[Reliance]:
    """Tell what a known caller relied on: what was judged here, on our ledger, and is not INVALID."""
    caller = said.get("caller")
    if caller is None:
        return
    for judged in said["certificates"]:
        named, block = judged.get("certificate"), judged.get("settled_block")
        if named is None or block is None or judged.get("result") == Result.INVALID:
            continue
        try:
            issuer = parse_issuer(named["iss"])
        except MalformedAgency:
            continue  # a line that was changed
        yield Reliance(
            ledger=issuer.ledger,
            agency=issuer.agency,
            serial=named["serial"],
            caller=caller,
            settled_block=block,
        )

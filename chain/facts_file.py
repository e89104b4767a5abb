"""The facts file: every event of a ledger and its registry up to a checkpoint, for who has no node (format, section 7).

Lines of JSON, compressed with gzip; for each ledger of the trust file, in its order:

    {"ledger": CAIP-10 name}
    [contract, block, time, name, fields]    one for each event, in the order in which they happened
    {"block": ..., "hash": ..., "time": ...} up to which block all are here

`contract` is "registry" or "ledger", `name` the event's in the ABI; `fields` is `abi.encode` of what it says but its
place. Number and running head are not written: the one is counted, the other computed (`chain.decoding`).

Trust: none. It is right if its running heads end in those of the trust file: then time, order and content of every
event are the contract's, and only the number of the block that it stands in could be told wrongly.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from chain.answers import to_hex
from chain.decoding import unfold
from chain.errors import FactsUnfit, NodeInconsistent
from ecert.errors import ContradictionError
from ecert.events import Event, Reading
from ecert.ledger_copy import LedgerCopy
from ecert.trust import Checkpoint, Trust, TrustedLedger
from store.states import Contract

_LONGEST = 1 << 24
"""Bytes of one line; a block's gas allows an event far less."""

Line = str | int | list[str | int] | dict[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenEvent:
    """One event as it is written."""

    contract: Contract
    block: int
    time: int
    name: str
    fields: bytes


class FactsWriter:
    """Writes a facts file, ledger after ledger; `close` leaves `out` open."""

    def __init__(self, out: IO[bytes]) -> None:
        self._zipped = gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=0)

    def begin(self, ledger: str) -> None:
        """Begin with a ledger."""
        self._write({"ledger": ledger})

    def add(self, event: WrittenEvent) -> None:
        """Write an event."""
        self._write([str(event.contract), event.block, event.time, event.name, to_hex(event.fields)])

    def end(self, at: Checkpoint) -> None:
        """End a ledger."""
        self._write({"block": at.block, "hash": to_hex(at.hash), "time": at.time})

    def close(self) -> None:
        """Write what is left."""
        self._zipped.close()

    def _write(self, line: Line) -> None:
        self._zipped.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")


class FactsReader:
    """Reads a facts file that is to go with a trust file, ledger after ledger."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zipped = gzip.GzipFile(fileobj=file)

    def events(self, ledger: TrustedLedger) -> Iterator[tuple[WrittenEvent, Event]]:
        """Give the events of the ledger that comes next. They are to be believed once all were given.

        Raises:
            FactsUnfit: they are not those of the ledger's checkpoint.
        """
        if self._line() != {"ledger": ledger.name}:
            raise FactsUnfit(f"{ledger.name} is missing, or not in its place")
        at, block = ledger.checkpoint, 0
        due = {Contract.REGISTRY: at.registry, Contract.LEDGER: at.ledger}
        counts = {
            Contract.REGISTRY: Reading(sequence=0, head=ledger.registry.instance),
            Contract.LEDGER: Reading(sequence=0, head=ledger.ledger.instance),
        }
        while isinstance(line := self._line(), list):
            written = _written(line)
            if not block <= written.block <= at.block:
                raise FactsUnfit(f"an event of block {written.block} comes after block {max(block, at.block)}")
            block = written.block
            event, counts[written.contract] = _unfolded(written, counts[written.contract])
            if counts[written.contract].sequence > due[written.contract].sequence:
                raise FactsUnfit(f"it has more events of the {written.contract} than the trust file")
            yield written, event
        if line != {"block": at.block, "hash": to_hex(at.hash), "time": at.time}:
            raise FactsUnfit(f"it does not end at the trust file's checkpoint, block {at.block}")
        for contract, reading in due.items():
            if counts[contract] != reading:
                raise FactsUnfit(f"the events of the {contract} do not make the head that the trust file has for them")

    def end(self) -> None:
        """Make sure that there is no more; `FactsUnfit` if there is."""
        if self._line() is not None:
            raise FactsUnfit("it has more than the trust file's ledgers")

    def _line(self) -> Line | None:
        try:
            line = self._zipped.readline(_LONGEST)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise FactsUnfit("it is not gzip, or cut off") from error
        if not line:
            return None
        try:
            found: Line = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FactsUnfit("a line of it is no JSON, or too long") from error
        return found


def read_copies(path: Path, trust: Trust) -> Mapping[str, LedgerCopy]:
    """Give the copy of every ledger of a trust file, by name, from the facts file that goes with it.

    Raises:
        FactsUnfit: it does not go with the trust file, or is none.
        OSError: the file cannot be read.
    """
    copies = {}
    with path.open("rb") as file:
        reader = FactsReader(file)
        for ledger in trust.ledgers:
            empty = LedgerCopy.empty(ledger.name, ledger.as_of)
            events = (event for _, event in reader.events(ledger))
            try:
                copies[ledger.name] = empty.advance(events, ledger.as_of, ledger.checkpoint.block)
            except ContradictionError as error:
                raise FactsUnfit(str(error)) from error
        reader.end()
    return copies


def _written(line: list[str | int]) -> WrittenEvent:
    match line:
        case [("registry" | "ledger") as contract, int(block), int(time), str(name), str(fields)]:
            try:
                octets = bytes.fromhex(fields.removeprefix("0x"))
            except ValueError:
                raise FactsUnfit("an event's fields are not hexadecimal") from None
            return WrittenEvent(contract=Contract(contract), block=block, time=time, name=name, fields=octets)
    raise FactsUnfit("a line of it is no event")


def _unfolded(written: WrittenEvent, before: Reading) -> tuple[Event, Reading]:
    try:
        return unfold(
            written.contract,
            before,
            name=written.name,
            fields=written.fields,
            block=written.block,
            time=written.time,
        )
    except (NodeInconsistent, OverflowError) as error:
        raise FactsUnfit(f"event {before.sequence + 1} of the {written.contract}: {error}") from error

"""What the contracts said, kept with the cursor in one transaction, and given back as typed events in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, Select, delete, insert, select

from ecert.events import BatchAnchored, CertificateSuperseded, Event, Reading
from store import blocks, cursors, event_codec, reliances
from store.errors import CursorMoved, NoSuchRow, SequenceBroken
from store.issuers import go_past, known_issuer, known_ledger, ledger_id, on_registry
from store.records import Block, Cursor, SeenEvent
from store.states import Contract
from store.tables import events, ledgers

PIECE = 5000
"""Rows that are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event as it is stored."""

    block: int
    log: int
    contract: str
    sequence: int
    time: int
    name: str
    agency: str | None
    serial: int | None
    transaction: bytes
    head: bytes
    body: str


def row_of(seen: SeenEvent) -> EventRow:
    """Give the row that an event must be stored as."""
    event = seen.event
    return EventRow(
        block=event.place.block,
        log=seen.log,
        contract=seen.contract,
        sequence=event.place.sequence,
        time=event.place.time,
        name=type(event).__name__,
        agency=getattr(event, "agency", None),
        serial=_looked_up_by(event),
        transaction=seen.transaction,
        head=seen.head,
        body=event_codec.encode(event),
    )


def append(
    connection: Connection, before: Cursor, after: Cursor, *, seen: Sequence[SeenEvent], headers: Sequence[Block]
) -> Cursor:
    """Store what the blocks after `before` and up to `after` held, and move the cursor: all of it or nothing.

    Agencies' next serials go past what was anchored, whoever anchored it. Answers `after`.

    Raises:
        SequenceBroken: an event is missing between the two cursors; nothing is to be believed.
        CursorMoved: another indexer was here first.
    """
    _check_sequences(before, after, seen)
    if after.generation != before.generation or after.ledger != before.ledger:
        raise CursorMoved(before.ledger, before.block)
    cursors.move(connection, before, after)
    ledger = known_ledger(connection, after.ledger)
    blocks.add(connection, ledger, headers)
    if seen:
        connection.execute(insert(events), [{"ledger_id": ledger, **asdict(row_of(one))} for one in seen])
        _go_past_anchored(connection, after.ledger, seen)
    return after


def roll_back(connection: Connection, before: Cursor, to_block: int) -> Cursor:
    """Take back all that was read above `to_block`, a stored block or the start; the generation goes up.

    Where settled blocks are undone, whoever relied on what they said is told anew of what happens above `to_block`.

    Raises:
        NoSuchRow: `to_block` was not kept, so that nobody knows its hash.
        CursorMoved: another indexer was here first.
    """
    start = cursors.origin(connection, before.ledger)
    header = blocks.read(connection, before.ledger, to_block)
    if header is None and to_block != start.block:
        raise NoSuchRow("blocks", to_block)
    if header is None:
        header = Block(number=start.block, hash=start.hash, parent=b"", time=start.time)
    connection.execute(delete(events).where(events.c.ledger_id == ledger_id(before.ledger), events.c.block > to_block))
    blocks.drop_above(connection, before.ledger, to_block)
    after = replace(
        _with_heads(connection, start, to_block),
        block=to_block,
        hash=header.hash,
        time=header.time,
        settled_block=min(before.settled_block, to_block),
        generation=before.generation + 1,
        contested=before.contested,
    )
    cursors.move(connection, before, after)
    if to_block < before.settled_block:
        reliances.set_back(connection, before.ledger, to_block)
    return after


def reached(connection: Connection, start: Cursor, block: int) -> tuple[Reading, Reading]:
    """Tell where the events of registry and ledger stand in a block, from the last events up to it or from `start`."""
    found = {
        Contract.REGISTRY: Reading(sequence=start.registry_sequence, head=start.registry_head),
        Contract.LEDGER: Reading(sequence=start.ledger_sequence, head=start.ledger_head),
    }
    for contract in Contract:
        last = connection.execute(
            select(events.c.sequence, events.c.head)
            .where(
                events.c.ledger_id == ledger_id(start.ledger), events.c.contract == contract, events.c.block <= block
            )
            .order_by(events.c.sequence.desc())
            .limit(1)
        ).one_or_none()
        if last is not None:
            found[contract] = Reading(sequence=last.sequence, head=last.head)
    return found[Contract.REGISTRY], found[Contract.LEDGER]


def stream(connection: Connection, ledger: str, *, after_block: int = -1) -> Iterator[Event]:
    """Give the events of the blocks above `after_block`, in the order in which they happened."""
    wanted = select(*event_codec.COLUMNS).where(events.c.ledger_id == ledger_id(ledger), events.c.block > after_block)
    return _decoded(connection, wanted)


def of_transaction(connection: Connection, ledger: str, transaction: bytes) -> tuple[Event, ...]:
    """Give the events that one transaction brought about."""
    wanted = select(*event_codec.COLUMNS).where(
        events.c.ledger_id == ledger_id(ledger), events.c.transaction == transaction
    )
    return tuple(_decoded(connection, wanted))


def find_anchor(connection: Connection, ledger: str, agency: str, first_serial: int) -> BatchAnchored | None:
    """Give the anchoring of the batch that begins with a serial, if it happened."""
    wanted = select(*event_codec.COLUMNS).where(
        events.c.ledger_id == ledger_id(ledger),
        events.c.agency == agency,
        events.c.name == BatchAnchored.__name__,
        events.c.serial == first_serial,
    )
    found = next(_decoded(connection, wanted), None)
    return found if isinstance(found, BatchAnchored) else None


def standing_on(connection: Connection, ledger: str, agency: str, serial: int) -> str:
    """Give the ledger on which an agency's serial stands, of those of a ledger's registry; that one where none has it.

    They follow one another, so that it is the one whose batch begins last of those that begin at or before the serial.
    """
    names = tuple(connection.execute(select(ledgers.c.name).where(on_registry(ledgers.c.id, ledger))).scalars())
    begun = {}
    for name in names if len(names) > 1 else ():
        wanted = select(events.c.serial).where(
            events.c.ledger_id == ledger_id(name),
            events.c.agency == agency,
            events.c.name == BatchAnchored.__name__,
            events.c.serial <= serial,
        )
        first = connection.scalar(wanted.order_by(events.c.serial.desc()).limit(1))
        if first is not None:
            begun[first] = name
    return begun[max(begun)] if begun else ledger


def _decoded(connection: Connection, wanted: Select[int, int, int, str, str]) -> Iterator[Event]:
    ordered = wanted.order_by(events.c.block, events.c.log).execution_options(yield_per=PIECE)
    for piece in connection.execute(ordered).partitions():
        yield from event_codec.decode(piece)


def _looked_up_by(event: Event) -> int | None:
    if isinstance(event, BatchAnchored):
        return event.first_serial
    return event.old if isinstance(event, CertificateSuperseded) else None


def _check_sequences(before: Cursor, after: Cursor, seen: Sequence[SeenEvent]) -> None:
    due = {Contract.REGISTRY: before.registry_sequence, Contract.LEDGER: before.ledger_sequence}
    for one in seen:
        contract = Contract(one.contract)
        due[contract] += 1
        if one.event.place.sequence != due[contract]:
            raise SequenceBroken(contract, due[contract], one.event.place.sequence)
    for contract, reached in (
        (Contract.REGISTRY, after.registry_sequence),
        (Contract.LEDGER, after.ledger_sequence),
    ):
        if due[contract] != reached:
            raise SequenceBroken(contract, due[contract] + 1, reached)


def _with_heads(connection: Connection, start: Cursor, block: int) -> Cursor:
    registry, ledger = reached(connection, start, block)
    return replace(
        start,
        registry_sequence=registry.sequence,
        registry_head=registry.head,
        ledger_sequence=ledger.sequence,
        ledger_head=ledger.head,
    )


def _go_past_anchored(connection: Connection, ledger: str, seen: Sequence[SeenEvent]) -> None:
    ends: dict[str, int] = {}
    for event in (one.event for one in seen):
        if isinstance(event, BatchAnchored):
            ends[event.agency] = max(ends.get(event.agency, 0), event.first_serial + event.count)
    for agency in sorted(ends):
        go_past(connection, known_issuer(connection, ledger, agency), ends[agency])

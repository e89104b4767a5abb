"""Small things that the store's tests are made of."""

from __future__ import annotations

from hashlib import sha256

from ecert.events import AuthorityChanged, BatchAnchored, Event, Place, StatusChanged
from ecert.merkle import Tree
from store import batches, calls, jobs
from store.database import Connection
from store.records import BatchRecord, Block, Call, Cursor, Job, NewCertificate, SeenEvent
from store.states import Contract

CHAIN = "eip155:31337"
OTHER_LEDGER = f"{CHAIN}:0xe7f1725e7734ce288f8367e1bb143e90bb3f0512"
LEDGER = f"{CHAIN}:0x5fbdb2315678afecb367f032d93f642f64180aa3"
AGENCY = "HOUSING-1"
OTHER_AGENCY = "TAX-1"
TITLE = sha256(b"title").digest()
LICENCE = sha256(b"licence").digest()
SENDER = b"\x11" * 20
OTHER_SENDER = b"\x22" * 20
ROOT = b"\x77" * 32


def digest(what: object) -> bytes:
    return sha256(repr(what).encode()).digest()


def certificate(number: object, line: int | None = None) -> NewCertificate:
    index = None if number is None else digest(number)
    return NewCertificate(
        jwt=f"jwt {number}",
        disclosures=f"\1{number}".encode(),
        leaf=digest(("leaf", number)),
        number_index=index,
        lookups=(digest(("lookup", number))[:16],),
        line=line,
    )


def certificates_from(first: int, count: int) -> list[NewCertificate]:
    return [certificate(number, line=number + 2) for number in range(first, first + count)]


def job(connection: Connection, *, file: object = "a.csv", agency: str = AGENCY) -> Job:
    return jobs.start(
        connection,
        ledger=LEDGER,
        agency=agency,
        certificate_type=TITLE,
        sha256=digest(file),
        name=str(file),
        rows=3,
        now=100,
    ).job


def batch(
    connection: Connection,
    *,
    capacity: int = 10,
    agency: str = AGENCY,
    job: int | None = None,
    certificate_type: bytes = TITLE,
    now: int = 100,
) -> BatchRecord:
    return batches.begin(
        connection,
        ledger=LEDGER,
        agency=agency,
        certificate_type=certificate_type,
        job=job,
        capacity=capacity,
        now=now,
    )


def close(
    connection: Connection,
    begun: BatchRecord,
    rows: list[NewCertificate],
    *,
    position: int = 0,
    root: bytes = ROOT,
    sender: bytes = SENDER,
) -> batches.Closed:
    tree = Tree([root])
    return batches.close(connection, begun.id, position=position, rows=rows, tree=tree, suite=1, sender=sender, now=110)


def anchor_call(connection: Connection, *, agency: str = AGENCY, number: object = 0, sender: bytes = SENDER) -> Call:
    """A closed batch of one certificate, and its call."""
    begun = batch(connection, capacity=1, agency=agency)
    closed = close(connection, begun, [certificate(("anchor", agency, number))], sender=sender)
    return calls.read(connection, closed.call)


def status_call(
    connection: Connection,
    kind: str = "revoke",
    serials: tuple[int, ...] = (0,),
    *,
    agency: str = AGENCY,
    sender: bytes = SENDER,
    key: str | None = None,
    ledger: str = LEDGER,
) -> Call:
    return calls.add(
        connection,
        ledger=ledger,
        agency=agency,
        kind=kind,
        args={"agency": agency, "serials": list(serials)},
        sender=sender,
        now=100,
        key=key,
    )


def sign(connection: Connection, call: int, nonce: int, form: object = "first") -> bytes:
    tx_hash = digest((call, nonce, form))
    assert calls.sign(connection, call, nonce=nonce, raw=b"raw", tx_hash=tx_hash, now=120).moved
    return tx_hash


def start() -> Cursor:
    return Cursor(
        ledger=LEDGER,
        block=9,
        hash=digest(9),
        time=900,
        settled_block=9,
        generation=0,
        registry_sequence=0,
        registry_head=digest("registry"),
        ledger_sequence=0,
        ledger_head=digest("ledger"),
    )


def header(number: int, fork: str = "") -> Block:
    return Block(number=number, hash=digest((number, fork)), parent=digest((number - 1, fork)), time=number * 100)


def place(block: int, sequence: int) -> Place:
    return Place(block=block, time=block * 100, sequence=sequence)


def authority(block: int, sequence: int) -> AuthorityChanged:
    return AuthorityChanged(place=place(block, sequence), authority=b"\x01" * 20)


def anchored(
    block: int, sequence: int, *, first_serial: int = 0, count: int = 5, agency: str = AGENCY
) -> BatchAnchored:
    return BatchAnchored(
        place=place(block, sequence),
        agency=agency,
        certificate_type=TITLE,
        suite=1,
        root=ROOT,
        first_serial=first_serial,
        count=count,
    )


def changed(block: int, sequence: int, status: int, *serials: int, agency: str = AGENCY) -> StatusChanged:
    return StatusChanged(place=place(block, sequence), agency=agency, status=status, serials=serials)


def seen(contract: Contract, event: Event, log: int = 0) -> SeenEvent:
    told = (contract, event.place.block, event.place.sequence)
    return SeenEvent(
        contract=contract, event=event, head=digest(("head", told)), transaction=digest(("tx", told)), log=log
    )

"""An issuing office on a real database, before a ledger that is made of nothing but the store's own functions.

`FakeLedger` does what sender and indexer do together: it takes the calls that are ready, in their order, and writes
the events that the contracts would emit, each step one block. `Clock.pause` lets time pass and the ledger step, so
that a service that waits goes on, and no test ever sleeps.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from chain.deployment import Deployment
from ecert.events import (
    AccreditationEnded,
    AgencyAccredited,
    AgencyRegistered,
    BatchAnchored,
    CertificateSuperseded,
    Event,
    KeyAdded,
    Place,
    StatusChanged,
)
from ecert.fields import Words
from ecert.suite import SUITE, SigningKey
from ecert.types import TypeCatalogue
from store import calls, cursors, events
from store.database import Database
from store.records import Block, Call, Cursor, SeenEvent
from store.states import Contract
from tests.tables import opened
from verifier.keys.keyring import Keyring, LedgerKey
from verifier.ledger_view import LedgerView
from verifier.services.office import Office
from verifier.services.progress import Stage

NOW = 1_800_000_000
AGENCY = "HOUSING-1"
CHAIN = "eip155:31337"
DEPLOYMENT = Deployment(
    chain_id=31337,
    genesis=bytes(32),
    access_manager=bytes(20),
    registry=bytes(20),
    ledger=bytes(19) + b"\1",
    registry_instance=bytes(32),
    ledger_instance=bytes(32),
    block=1,
)
"""Made up: what a command or a process reads from `deployment.json` of a city, whose ledger is at no node."""
LEDGER = DEPLOYMENT.name
STATUS = {"suspend": 2, "reinstate": 0, "revoke": 1}
OF_LEDGER = BatchAnchored | CertificateSuperseded | StatusChanged


class Notes:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.reached: list[int] = []
        self.notes: list[str] = []
        self.at_reach: Callable[[Stage, int], None] = lambda _stage, _done: None

    def begin(self, stage: Stage, total: int | None) -> None:
        del total
        self.stages.append(stage)

    def reach(self, done: int) -> None:
        self.reached.append(done)
        self.at_reach(self.stages[-1], done)

    def note(self, said: str | Words) -> None:
        self.notes.append(said if isinstance(said, str) else said.en)


@dataclass
class FakeLedger:
    """One block a step: every call that is ready is carried out, or refused with the error named in `refuses`."""

    database: Database
    now: int = NOW - 1000
    block: int = 0
    sequences: dict[Contract, int] = field(default_factory=lambda: dict.fromkeys(Contract, 0))
    refuses: str | None = None
    waits: str | None = None
    stands_still: bool = False

    def start(self) -> None:
        with self.database.begin() as connection:
            cursors.start(
                connection,
                Cursor(
                    ledger=LEDGER,
                    block=0,
                    hash=self._hash(0),
                    time=self.now,
                    settled_block=0,
                    generation=0,
                    registry_sequence=0,
                    registry_head=bytes(32),
                    ledger_sequence=0,
                    ledger_head=bytes(32),
                ),
            )

    def emit(self, *made: Callable[[Place], Event], at: int | None = None) -> None:
        """Mine one block that holds these events, a second after the last or at a time."""
        self.block += 1
        self.now = self.now + 1 if at is None else max(self.now, at)
        seen = []
        for log, make in enumerate(made):
            event = make(Place(block=self.block, time=self.now, sequence=0))
            contract = Contract.LEDGER if isinstance(event, OF_LEDGER) else Contract.REGISTRY
            self.sequences[contract] += 1
            event = make(Place(block=self.block, time=self.now, sequence=self.sequences[contract]))
            seen.append(SeenEvent(contract=contract, event=event, head=self._hash(log), transaction=bytes(32), log=log))
        with self.database.begin() as connection:
            before = cursors.read(connection, LEDGER)
            assert before is not None
            after = replace(
                before,
                block=self.block,
                hash=self._hash(self.block),
                time=self.now,
                settled_block=self.block,
                registry_sequence=self.sequences[Contract.REGISTRY],
                ledger_sequence=self.sequences[Contract.LEDGER],
            )
            header = Block(
                number=self.block, hash=self._hash(self.block), parent=self._hash(self.block - 1), time=self.now
            )
            events.append(connection, before, after, seen=seen, headers=[header])

    def step(self, now: int) -> None:
        """Carry out what is ready."""
        if self.stands_still:
            return
        with self.database.read() as connection:
            senders = {call.sender for call in calls.open_calls(connection, LEDGER)}
            ready = [call for sender in sorted(senders) for call in calls.ready(connection, CHAIN, sender)]
        for call in ready:
            self._carry_out(call, now)
        self.emit(at=now)

    def _carry_out(self, call: Call, now: int) -> None:
        if self.waits is not None:
            with self.database.begin() as connection:
                calls.wait(connection, call.id, reason=self.waits, until=None, now=now)
            return
        if self.refuses is not None:
            with self.database.begin() as connection:
                calls.fail(connection, call.id, error=self.refuses, now=now)
            return
        self.emit(lambda place: self._event(place, call), at=now)
        with self.database.begin() as connection:
            raw = call.id.to_bytes(32, "big")
            calls.sign(connection, call.id, nonce=call.id, raw=raw, tx_hash=raw, now=now)
            calls.sent(connection, call.id, now=now)
            calls.mined(connection, call.id, block=self.block, now=now)
            calls.settle(connection, call.id, now=now)

    def _event(self, place: Place, call: Call) -> Event:
        args = call.args
        if call.kind == "anchor":
            return BatchAnchored(
                place=place,
                agency=args["agency"],
                certificate_type=bytes.fromhex(args["certificate_type"].removeprefix("0x")),
                suite=args["suite"],
                root=bytes.fromhex(args["root"].removeprefix("0x")),
                first_serial=args["first_serial"],
                count=args["count"],
            )
        if call.kind == "supersede":
            successors = tuple(args["successors"])
            return CertificateSuperseded(place=place, agency=args["agency"], old=args["old"], successors=successors)
        return StatusChanged(
            place=place, agency=args["agency"], status=STATUS[call.kind], serials=tuple(args["serials"])
        )

    def _hash(self, number: int) -> bytes:
        return hashlib.sha256(f"block {number}".encode()).digest()


@dataclass
class Clock:
    """Time that passes only when somebody waits."""

    ledger: FakeLedger
    now: int = NOW
    pauses: int = 0
    most: int = 400

    def __call__(self) -> int:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses += 1
        assert self.pauses < self.most, "waits for ever"
        self.now += max(1, round(seconds))
        self.ledger.step(self.now)


@dataclass
class City:
    """An office with its agency registered, keyed and accredited for every bundled type."""

    folder: Path
    database: Database
    ledger: FakeLedger
    clock: Clock
    notes: Notes
    office: Office
    key: SigningKey

    @property
    def certificates(self) -> Path:
        return self.folder / "certificates"

    def files(self) -> list[Path]:
        return sorted(self.certificates.rglob("*.ecert.json"))

    @contextmanager
    def served(self, every: float) -> Iterator[None]:
        """Do in a thread what `ecert serve` would: as time passes, the ledger steps every so many seconds."""
        stop = threading.Event()

        def serve() -> None:
            while not stop.wait(every):
                self.ledger.step(int(time.time()))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def end_accreditation(self, certificate_type: bytes) -> None:
        self.ledger.emit(
            lambda place: AccreditationEnded(
                place=place, agency=AGENCY, certificate_type=certificate_type, until=place.time
            )
        )


def make_city(folder: Path, url: str | None = None, *, register: bool = True, now: int = NOW) -> City:
    """Make an office in a folder, or open the one that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    url = url or f"sqlite:///{folder / 'ecert.sqlite'}"
    database = opened(url)
    keyring = Keyring(folder / "keys", folder / "keys" / "passwords")
    ledger = FakeLedger(database, now=now - 1000)
    if (folder / "keys" / AGENCY).exists():
        key = keyring.certificate_key(AGENCY)
        _go_on(ledger)
    else:
        key = _make_keys(keyring)
        ledger.start()
        if register:
            register_agency(ledger, key)
    clock, notes = Clock(ledger, now=now), Notes()
    office = Office(
        database=database,
        view=LedgerView(database, [LEDGER]),
        keyring=keyring,
        ledgers=(LEDGER,),
        status_base="https://status.example",
        late_seconds=28,
        clock=clock,
        pause=clock.pause,
        progress=notes,
    )
    return City(folder=folder, database=database, ledger=ledger, clock=clock, notes=notes, office=office, key=key)


def register_agency(ledger: FakeLedger, key: SigningKey) -> None:
    """Put the agency, its key and its accreditations on the ledger."""
    ledger.emit(
        lambda place: AgencyRegistered(place=place, agency=AGENCY, name="An agency", admin=bytes(20)),
        lambda place: KeyAdded(
            place=place, agency=AGENCY, kid=key.kid, suite=SUITE, public_key=key.public_key, added=place.time
        ),
    )
    ledger.emit(*(_accredited(each.vct_hash) for each in TypeCatalogue.bundled()))


def _accredited(certificate_type: bytes) -> Callable[[Place], Event]:
    return lambda place: AgencyAccredited(
        place=place, agency=AGENCY, certificate_type=certificate_type, since=place.time, until=None
    )


def _make_keys(keyring: Keyring) -> SigningKey:
    """Make the certificate key, and what tells the addresses of the ledger keys: nobody here opens them."""
    password = keyring.add_passwords(AGENCY).certificate
    assert password is not None
    key = keyring.create_certificate_key(AGENCY, password)
    for number, purpose in enumerate(LedgerKey, start=1):
        path = keyring.ledger_file(AGENCY, purpose)
        path.write_text(f'{{"address": "{bytes(19).hex()}{number:02x}"}}', encoding="utf-8")
        path.chmod(0o600)
    return key


def _go_on(ledger: FakeLedger) -> None:
    with ledger.database.read() as connection:
        cursor = cursors.read(connection, LEDGER)
    assert cursor is not None
    ledger.block, ledger.now = cursor.block, cursor.time
    ledger.sequences = {
        Contract.REGISTRY: cursor.registry_sequence,
        Contract.LEDGER: cursor.ledger_sequence,
    }

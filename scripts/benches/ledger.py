"""The ledger behind the service: rebuilt from the chain, loaded from the store, changed under a verdict, and crowded.

Chains are real: a Hardhat node for what must be quick to make, five go-ethereum nodes for the crowd. What is read goes
through the indexer as it runs, each event's number and running head checked.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benches._crowd import crowd

from chain.administration import ANCHOR, STATUS, Administration, accredit, register_agency, set_operator
from chain.deploying import deploy
from chain.deployment import Deployment
from chain.indexer import Indexer
from chain.ledger import encode_call
from chain.node import Node
from chain.rpc import Request
from chain.signer import LocalSigner
from chain.sizes import MAX_SERIALS
from chain.transacting import Invocation, transact
from city import City, claimed, found
from city_cases import AGENCIES, MARKET, PERMIT, SAMPLES, file_of, path_of, serial_of
from ecert.events import AgencyRegistered, BatchAnchored, Event, Place, StatusChanged
from ecert.facts import Status
from store import calls, cursors, events
from store.database import Database, migrate
from store.records import Cursor, SeenEvent
from store.states import Contract
from tests.local_chain import LocalChain
from verifier.keys.keyring import LedgerKey

if TYPE_CHECKING:
    from bench import Report

MAKING = 120.0
"""Seconds that making facts on the chain may take."""
FACTS = 1_000_000
TYPE = bytes.fromhex("11" * 32)
AGENCY = "BENCH-REGISTRY"
LEDGER = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
BATCHES, CHANGES = 100_000, 670_000
PIECE = 50_000
REVOKED = 8
SINGLE = 5_000
GAS = 3_000_000
NOW = 1_795_000_000


def run(report: Report) -> None:
    """Measure all four."""
    with tempfile.TemporaryDirectory() as folder:
        load(report, Path(folder))
    with LocalChain() as chain, tempfile.TemporaryDirectory() as folder:
        asyncio.run(rebuild(report, chain, Path(folder)))
    with tempfile.TemporaryDirectory() as folder, claimed(Path(folder)):
        revoke(report, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        crowd(report, Path(folder))


async def rebuild(report: Report, chain: LocalChain, folder: Path) -> None:
    """Let the indexer read a chain with as many facts as can be made in two minutes, then one with a fact an event."""
    node, url = Node(chain.url, timeout=60), f"sqlite:///{folder / 'ecert.sqlite'}"
    migrate(url)
    try:
        deployment, made = await make_facts(chain, node)
        with Database.open(url) as database:
            indexer = Indexer(database, node, deployment)
            spent = await catch_up(indexer)
            read = facts_in(database, deployment)
            if read != made:
                raise AssertionError(f"{made} facts made, {read} read")
            await anchor_singly(chain, node, deployment)
            singly = await catch_up(indexer)
            await indexer.close()
    finally:
        await node.close()
    report.add("facts rebuilt from the chain", read, "facts", note=f"{MAX_SERIALS} changes an event, an event a block")
    report.add("that took", spent, "s", note="log, decode, running head, store")
    report.add("1,000,000 facts at that rate", FACTS / read * spent, "s", at_most=300)
    note = f"{SINGLE:,} anchors, each in a block of its own: the least that an event can carry"
    report.add("facts rebuilt, one an event", SINGLE / singly, "facts/s", note=note)


async def catch_up(indexer: Indexer) -> float:
    """Read all that is new; the seconds it took."""
    start = time.perf_counter()
    while await indexer.step():
        pass
    return time.perf_counter() - start


def facts_in(database: Database, deployment: Deployment) -> int:
    """Count batches and changed serials in the store."""
    with database.read() as connection:
        found = events.stream(connection, deployment.name)
        return sum(
            len(one.serials) if isinstance(one, StatusChanged) else 1
            for one in found
            if isinstance(one, StatusChanged | BatchAnchored)
        )


async def anchor_singly(chain: LocalChain, node: Node, deployment: Deployment) -> None:
    """Anchor small batches, each in a block of its own."""
    numbers = range(SINGLE)
    for start in range(0, SINGLE, 100):
        await node.all([anchoring(chain, deployment, 2**20 + number) for number in numbers[start : start + 100]])


def anchoring(chain: LocalChain, deployment: Deployment, serial: int) -> Request:
    """Write the request that anchors one certificate."""
    root = "0x" + secrets.token_bytes(32).hex()
    batch = {"certificate_type": "0x" + TYPE.hex(), "suite": 1, "root": root, "first_serial": serial, "count": 1}
    return playing(chain, deployment, encode_call("anchor", {"agency": AGENCY} | batch))


async def make_facts(chain: LocalChain, node: Node) -> tuple[Deployment, int]:
    """Anchor a large batch, and revoke it 256 at a time, each in a block of its own; gives how many facts that is."""
    bureau = LocalSigner(bytes.fromhex(chain.keys[0][2:]))
    deployment = await deploy(node, bureau)
    steps = [register_agency(AGENCY, AGENCY, bureau.address), accredit(AGENCY, TYPE, since=1)]
    steps.append(set_operator(AGENCY, bureau.address, ANCHOR | STATUS))
    await Administration(node, deployment).carry_out(bureau, steps)
    root = "0x" + secrets.token_bytes(32).hex()
    batch = {"certificate_type": "0x" + TYPE.hex(), "suite": 1, "root": root, "first_serial": 0, "count": 2**20}
    anchor = encode_call("anchor", {"agency": AGENCY} | batch)
    await transact(node, bureau, [Invocation(to=deployment.ledger, data=anchor)])
    await node.request("hardhat_impersonateAccount", chain.addresses[0])
    made, deadline = 1, time.monotonic() + MAKING
    while made < FACTS and time.monotonic() < deadline:
        first = made - 1
        requests = [revoking(chain, deployment, first + at * MAX_SERIALS) for at in range(20)]
        await node.all(requests)
        made += 20 * MAX_SERIALS
    return deployment, made


def revoking(chain: LocalChain, deployment: Deployment, first: int) -> Request:
    """Write the request that revokes 256 serials."""
    data = encode_call("revoke", {"agency": AGENCY, "serials": list(range(first, first + MAX_SERIALS))})
    return playing(chain, deployment, data)


def playing(chain: LocalChain, deployment: Deployment, data: bytes) -> Request:
    """Write a request for a transaction of the operator, whose account the node plays."""
    to = "0x" + deployment.ledger.hex()
    return ("eth_sendTransaction", [{"from": chain.addresses[0], "to": to, "data": "0x" + data.hex(), "gas": hex(GAS)}])


def load(report: Report, folder: Path) -> None:
    """Load a ledger of a middling city from the store, in a process of its own."""
    url = f"sqlite:///{folder / 'ecert.sqlite'}"
    migrate(url)
    with Database.open(url) as database:
        fill(database)
    loader = Path(__file__).with_name("_load_ledger.py")
    said = [
        json.loads(subprocess.run([sys.executable, loader, url], check=True, stdout=subprocess.PIPE).stdout)
        for _ in range(3)
    ]
    note = f"{BATCHES:,} batches, {CHANGES:,} changes, each an event; best of three"
    report.add("ledger loaded from the store", min(one["seconds"] for one in said), "s", at_most=5, note=note)
    report.add("memory of that process", max(one["mebibytes"] for one in said), "MiB", at_most=500, note="its peak")


def fill(database: Database) -> None:
    """Write events into the store as the indexer does; only their heads are made up."""
    at = Cursor(
        ledger=LEDGER,
        block=0,
        hash=bytes(32),
        time=NOW,
        settled_block=0,
        generation=0,
        registry_sequence=0,
        registry_head=bytes(32),
        ledger_sequence=0,
        ledger_head=bytes(32),
    )
    with database.begin() as connection:
        at = cursors.start(connection, at)
    piece: list[SeenEvent] = []
    for seen in made_up():
        piece.append(seen)
        if len(piece) == PIECE:
            at = append(database, at, piece)
            piece = []
    append(database, at, piece)


def append(database: Database, before: Cursor, piece: list[SeenEvent]) -> Cursor:
    """Write a piece and move the cursor."""
    last = piece[-1].event.place
    counts = {seen.contract: seen.event.place.sequence for seen in piece}
    after = Cursor(
        ledger=LEDGER,
        block=last.block,
        hash=bytes(32),
        time=last.time,
        settled_block=last.block,
        generation=0,
        registry_sequence=counts.get(Contract.REGISTRY, before.registry_sequence),
        registry_head=bytes(32),
        ledger_sequence=counts.get(Contract.LEDGER, before.ledger_sequence),
        ledger_head=bytes(32),
    )
    with database.begin() as connection:
        events.append(connection, before, after, seen=piece, headers=[])
    return after


def made_up() -> Iterator[SeenEvent]:
    """Twenty agencies; batches of 1,000, and one change for every 150 certificates, spread over all of them."""
    agencies = [f"BENCH-{number}" for number in range(20)]
    for number, agency in enumerate(agencies):
        place = Place(block=1, time=NOW, sequence=number + 1)
        yield seen(Contract.REGISTRY, AgencyRegistered(place=place, agency=agency, name=agency, admin=bytes(20)))
    for number in range(BATCHES):
        place = Place(block=2 + number // 10, time=NOW + number // 10, sequence=number + 1)
        yield seen(
            Contract.LEDGER,
            BatchAnchored(
                place=place,
                agency=agencies[number % 20],
                certificate_type=TYPE,
                suite=1,
                root=hashlib.sha256(b"%d" % number).digest(),
                first_serial=number // 20 * 1000,
                count=1000,
            ),
        )
    last = 2 + BATCHES // 10
    for number in range(CHANGES):
        block = last + 1 + number // 50
        place = Place(block=block, time=NOW + block, sequence=BATCHES + number + 1)
        serial = number // 20 * 149 % (BATCHES // 20 * 1000)
        agency, status = agencies[number % 20], Status.REVOKED
        yield seen(Contract.LEDGER, StatusChanged(place=place, agency=agency, status=status, serials=(serial,)))


def seen(contract: Contract, event: Event) -> SeenEvent:
    """Give an event the look of one that was read."""
    transaction = hashlib.sha256(f"{contract}{event.place.sequence}".encode()).digest()
    return SeenEvent(
        contract=contract, event=event, head=transaction, transaction=transaction, log=event.place.sequence
    )


def revoke(report: Report, folder: Path) -> None:
    """Revoke certificates one after another, and ask the service until it says so."""
    city = found(folder, AGENCIES)
    try:
        city.serve()
        arguments = ["issue", str(SAMPLES / f"{PERMIT}.csv"), "--type", PERMIT, "--agency", MARKET, "--json"]
        city.command(*arguments)
        waits = [revoked_after(city, row) for row in range(REVOKED)]
    finally:
        city.stop()
    note = f"of {REVOKED}; from the order in the store to the verdict; a block a second"
    report.add("revocation visible, longest", max(waits), "s", at_most=2, note=note)
    report.add("revocation visible, mean", sum(waits) / len(waits), "s", note=note)


def revoked_after(city: City, row: int) -> float:
    """Order a revocation as `ecert status revoke` does; seconds until the service's verdict is INVALID."""
    serial = serial_of(path_of(city, MARKET, PERMIT, row))
    question = b'{"certificate":' + file_of(city, MARKET, PERMIT, row) + b"}"
    time.sleep(0.37 * row % 1)
    with Database.open(f"sqlite:///{city.folder / 'ecert.sqlite'}") as database:
        start = time.perf_counter()
        with database.begin() as connection:
            calls.add(
                connection,
                ledger=city.deployment.name,
                agency=MARKET,
                kind="revoke",
                args={"agency": MARKET, "serials": [serial]},
                sender=city.keyring.address(MARKET, LedgerKey.STATUS),
                now=int(time.time()),
            )
    while "revoked" not in asked(city, question):
        if time.perf_counter() - start > 60:  # noqa: PLR2004 # far beyond the bar
            raise AssertionError("a revocation was not seen within a minute")
        time.sleep(0.02)
    return time.perf_counter() - start


def asked(city: City, question: bytes) -> list[str]:
    """Ask the service; the reasons of its verdict."""
    request = urllib.request.Request(  # noqa: S310 # our own service
        f"{city.service}/v1/verifications", data=question, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 # the same
        return list(json.load(answer)["reasons"])

"""Twenty agencies that anchor through one sender and one indexer, at work on a network of real nodes."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from chain.administration import ANCHOR, Administration, accredit, register_agency, set_operator
from chain.deploying import deploy
from chain.deployment import Deployment
from chain.indexer import Indexer
from chain.node import Node
from chain.reading import read_counts
from chain.sender import Sender
from chain.signer import LocalSigner
from clique.network import Network
from ecert.events import BatchAnchored
from store import calls, cursors, events
from store.database import Database
from store.records import Call, Cursor
from store.states import CallState, Contract

AGENCIES = 20
TITLE = bytes.fromhex("11" * 32)
PATIENCE = 300.0


def agency(number: int) -> str:
    return f"OFFICE-{number}"


@dataclass(kw_only=True)
class Office:
    network: Network
    database: Database
    node: Node
    deployment: Deployment
    anchorers: Sequence[LocalSigner]
    next_serial: dict[int, int] = field(default_factory=dict)

    def url(self, number: int) -> str:
        return self.network.record.member(number).url

    def anchor(self, number: int, count: int = 10) -> Call:
        """Write the next anchor of an agency."""
        first = self.next_serial.get(number, 0)
        self.next_serial[number] = first + count
        with self.database.begin() as connection:
            return calls.add(
                connection,
                ledger=self.deployment.name,
                agency=agency(number),
                kind="anchor",
                args={
                    "agency": agency(number),
                    "certificate_type": "0x" + TITLE.hex(),
                    "suite": 1,
                    "root": "0x" + secrets.token_bytes(32).hex(),
                    "first_serial": first,
                    "count": count,
                },
                sender=self.anchorers[number].address,
                now=int(time.time()),
            )

    def read(self, call: Call) -> Call:
        return self.by_id(call.id)

    def by_id(self, call: int) -> Call:
        with self.database.read() as connection:
            return calls.read(connection, call)

    def open_calls(self) -> tuple[Call, ...]:
        with self.database.read() as connection:
            return calls.open_calls(connection, self.deployment.name)

    @property
    def cursor(self) -> Cursor:
        with self.database.read() as connection:
            cursor = cursors.read(connection, self.deployment.name)
        assert cursor is not None
        return cursor

    def anchored(self, number: int) -> list[int]:
        with self.database.read() as connection:
            found = [one for one in events.stream(connection, self.deployment.name) if isinstance(one, BatchAnchored)]
            return [one.first_serial for one in found if one.agency == agency(number)]

    @asynccontextmanager
    async def at_work(self, *nodes: int) -> AsyncIterator[None]:
        """Sender and indexer run, asking these nodes, the first one first."""
        urls = [self.url(number) for number in nodes or (1,)]
        stop = asyncio.Event()
        sending, reading = (Node(urls[0], others=urls[1:], timeout=5) for _ in range(2))
        sender = Sender(self.database, sending, self.deployment, self.anchorers)
        indexer = Indexer(self.database, reading, self.deployment)
        running = [asyncio.create_task(one.run(stop)) for one in (sender, indexer)]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*running)
            await sending.close()
            await reading.close()

    async def wait(self, what: str, until: Callable[[], bool], patience: float = PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while not until():
            assert time.monotonic() < deadline, what
            await asyncio.sleep(0.1)

    async def settled(self, written: Sequence[Call], patience: float = PATIENCE) -> None:
        await self.wait(
            "every call settles",
            lambda: all(self.read(call).state is CallState.SETTLED for call in written),
            patience,
        )

    async def check(self, written: Sequence[Call]) -> None:
        """Every call happened once, in its order, and our copy is what the contracts say in that block."""
        for number, end in self.next_serial.items():
            assert self.anchored(number) == list(range(0, end, 10))
        assert {self.read(call).state for call in written} == {CallState.SETTLED}
        cursor = self.cursor
        said = await read_counts(self.node, self.deployment, await self.node.block(cursor.block))
        registry, ledger = said[Contract.REGISTRY], said[Contract.LEDGER]
        assert (registry.sequence, registry.head) == (cursor.registry_sequence, cursor.registry_head)
        assert (ledger.sequence, ledger.head) == (cursor.ledger_sequence, cursor.ledger_head)
        for number in self.next_serial:
            ours = [call for call in written if call.agency == agency(number)]
            assert len({self.read(call).nonce for call in ours}) == len(ours)

    async def close(self) -> None:
        await self.node.close()


async def open_office(network: Network, database: Database, keys: Sequence[LocalSigner]) -> Office:
    """Deploy, and register the agencies, each with an anchoring key of its own."""
    bureau, admin, *anchorers = keys
    node = Node(network.record.member(1).url, timeout=5)
    deployment = await deploy(node, bureau)
    administration = Administration(node, deployment)
    numbers = range(len(anchorers))
    await administration.carry_out(
        bureau,
        [
            step
            for number in numbers
            for step in (
                register_agency(agency(number), agency(number), admin.address),
                accredit(agency(number), TITLE, since=1),
            )
        ],
    )
    await administration.carry_out(
        admin, [set_operator(agency(number), anchorers[number].address, ANCHOR) for number in numbers]
    )
    return Office(network=network, database=database, node=node, deployment=deployment, anchorers=anchorers)

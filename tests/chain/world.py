"""What most tests here begin with: contracts on the real chain, an agency that may anchor, an empty store."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from functools import cached_property

from chain.administration import ANCHOR, STATUS, Administration, accredit, register_agency, set_operator
from chain.deploying import deploy
from chain.deployment import Deployment
from chain.indexer import Indexer
from chain.node import Node
from chain.sender import Sender
from chain.signer import LocalSigner, Signer
from ecert.events import Event
from store import calls, cursors, events
from store.database import Database
from store.outbox import OPEN
from store.records import Call, Cursor
from store.states import CallState
from tests.local_chain import LocalChain

AGENCY = "HOUSING-1"
OTHER_AGENCY = "HEALTH-7"
TITLE = bytes.fromhex("11" * 32)


@dataclass(kw_only=True)
class Clock:
    """The time that sender and indexer see; it moves when a test says so.

    It is ahead of the tests' chain, which moves a second with each block, faster than our clock.
    """

    now: float = field(default_factory=lambda: time.time() + 1_000_000)

    def __call__(self) -> float:
        return self.now


@dataclass(kw_only=True)
class World:
    """`bureau` has every role; `admin` is both agencies' admin; `anchorer` anchors and `clerk` changes statuses."""

    local_chain: LocalChain
    node: Node
    database: Database
    deployment: Deployment
    bureau: LocalSigner
    admin: LocalSigner
    anchorer: LocalSigner
    clerk: LocalSigner
    clock: Clock = field(default_factory=Clock)

    @property
    def administration(self) -> Administration:
        return Administration(self.node, self.deployment)

    def indexer(self, *, node: Node | None = None, settled_depth: int = 0) -> Indexer:
        return Indexer(
            self.database,
            node or self.node,
            self.deployment,
            settled_depth=settled_depth,
            clock=self.clock,
        )

    def sender(
        self,
        *,
        node: Node | None = None,
        signers: tuple[Signer, ...] = (),
        clock: Clock | None = None,
    ) -> Sender:
        return Sender(
            self.database,
            node or self.node,
            self.deployment,
            signers or (self.anchorer, self.clerk),
            clock=clock or self.clock,
        )

    @cached_property
    def usual_sender(self) -> Sender:
        """The one that `finish` lets work: a second one would have to wait for the keys' leases."""
        return self.sender()

    def add(self, kind: str, *, sender: LocalSigner | None = None, agency: str = AGENCY, **args: object) -> Call:
        key = sender or (self.anchorer if kind == "anchor" else self.clerk)
        with self.database.begin() as connection:
            return calls.add(
                connection,
                ledger=self.deployment.name,
                agency=agency,
                kind=kind,
                args={"agency": agency, **args},
                sender=key.address,
                now=int(time.time()),
            )

    def anchor(self, first_serial: int, count: int = 1, *, agency: str = AGENCY, root: bytes | None = None) -> Call:
        return self.add(
            "anchor",
            agency=agency,
            certificate_type="0x" + TITLE.hex(),
            suite=1,
            root="0x" + (root or secrets.token_bytes(32)).hex(),
            first_serial=first_serial,
            count=count,
        )

    def read(self, call: Call) -> Call:
        with self.database.read() as connection:
            return calls.read(connection, call.id)

    def state(self, call: Call) -> CallState:
        return self.read(call).state

    def events(self, agency: str = AGENCY) -> list[Event]:
        """All that the store knows of an agency."""
        with self.database.read() as connection:
            found = events.stream(connection, self.deployment.name)
            return [one for one in found if getattr(one, "agency", None) == agency]

    @property
    def cursor(self) -> Cursor:
        with self.database.read() as connection:
            cursor = cursors.read(connection, self.deployment.name)
        assert cursor is not None
        return cursor

    async def catch_up(self, indexer: Indexer | None = None) -> None:
        """Index up to the head."""
        worker = indexer or self.indexer()
        while await worker.step():
            pass

    async def finish(self, *written: Call, sender: Sender | None = None, rounds: int = 12) -> None:
        """Let sender and indexer work until these calls are over."""
        sender, indexer = sender or self.usual_sender, self.indexer()
        for _ in range(rounds):
            self.clock.now += 1
            await sender.step()
            await self.catch_up(indexer)
            if not any(self.state(call) in OPEN for call in written):
                return
        raise AssertionError([(self.state(call), self.read(call).waiting_reason) for call in written])


async def make_world(local_chain: LocalChain, node: Node, database: Database) -> World:
    """Deploy, and register two agencies; keys are new in every test, so that none meets another's nonces."""
    bureau, admin, anchorer, clerk = (LocalSigner.generate() for _ in range(4))
    for signer in (bureau, admin, anchorer, clerk):
        local_chain.rpc("hardhat_setBalance", "0x" + signer.address.hex(), hex(10**22))
    deployment = await deploy(node, bureau)
    administration = Administration(node, deployment)
    await administration.carry_out(
        bureau,
        [
            step
            for agency in (AGENCY, OTHER_AGENCY)
            for step in (
                register_agency(agency, f"Office {agency}", admin.address),
                accredit(agency, TITLE, since=1),
            )
        ],
    )
    await administration.carry_out(
        admin,
        [
            step
            for agency in (AGENCY, OTHER_AGENCY)
            for step in (
                set_operator(agency, anchorer.address, ANCHOR),
                set_operator(agency, clerk.address, STATUS),
            )
        ],
    )
    return World(
        local_chain=local_chain,
        node=node,
        database=database,
        deployment=deployment,
        bureau=bureau,
        admin=admin,
        anchorer=anchorer,
        clerk=clerk,
    )

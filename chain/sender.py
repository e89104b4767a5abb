"""The sender: brings every call of its keys to the chain, once.

One process serves many keys, of one agency or of many; each key under a lease of its own in the database, so that a
second sender that was started by accident waits and does no harm. What holds one key or agency up, holds no other.

A restart runs the same loop: whatever became of the process, the outbox says how far each call has come.

Trust: the process can write to the ledger in the name of every key that it holds, and faces no network but the node's.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Sequence

from chain.answers import to_hex
from chain.delivery import Delivery
from chain.deployment import Deployment
from chain.errors import ChainChanged, ChainError, NodeAway, NodeError, NodeInconsistent
from chain.identity import pin
from chain.node import Node
from chain.pausing import pause
from chain.sight import Conditions, look_around
from chain.signer import Signer
from store import calls, cursors, leases
from store.database import Database
from store.errors import LeaseLost, StoreError
from store.records import Lease

LEASE = 15
"""Seconds that a key stays ours without a sign of life."""

LOOK = 0.1
"""Seconds between two looks for news."""

log = logging.getLogger(__name__)


class Sender:
    """Sends the calls of some keys.

    Args:
        database: the outbox.
        node: where calls go.
        deployment: the contracts.
        signers: the keys.
        clock: seconds since 1970.
        in_flight: how many transactions of a key may wait at the node; some networks take no more than five.
        poll: seconds between rounds when nothing moves; what is new in the database is seen within a tenth of one.
    """

    def __init__(
        self,
        database: Database,
        node: Node,
        deployment: Deployment,
        signers: Sequence[Signer],
        *,
        clock: Callable[[], float] = time.time,
        in_flight: int = 3,
        poll: float = 0.5,
    ) -> None:
        self._database = database
        self._node = node
        self._deployment = deployment
        self._clock = clock
        self._poll = poll
        self._holder = uuid.uuid4().hex
        self._pinned = False
        self._troubles: dict[bytes, str] = {}
        self._leases: dict[bytes, Lease] = {}
        self._deliveries = [
            Delivery(
                database=database,
                node=node,
                deployment=deployment,
                signer=signer,
                clock=clock,
                in_flight=in_flight,
            )
            for signer in signers
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop`; then give the keys back. A node or database that is away is waited for.

        Raises:
            ChainChanged: this is not the chain that was pinned.
        """
        try:
            while not stop.is_set():
                if not await self.step():
                    await self._rest(stop)
        finally:
            self._release()

    async def step(self) -> bool:
        """One round over all keys that have something to do; answer whether anything moved.

        Trouble with one key is logged, not raised, and holds no other up.

        Raises:
            ChainChanged: this is not the chain that was pinned.
        """
        try:
            if not self._pinned:
                await pin(self._database, self._node, self._deployment)
                self._pinned = True
            at_work = self._at_work()
            conditions = await look_around(self._node, self._deployment) if at_work else None
        except ChainChanged:
            raise
        except (ChainError, StoreError) as error:
            self._pinned = False
            self._say(b"", str(error))
            await self._turn(error)
            return False
        self._say(b"", "")
        if conditions is None:
            return False
        served = await asyncio.gather(*(self._serve(delivery, conditions) for delivery in at_work))
        await self._turn(next((one for one in served if isinstance(one, NodeError)), None))
        return any(one is True for one in served)

    def _at_work(self) -> list[Delivery]:
        """The keys for which calls are open."""
        with self._database.read() as connection:
            wanted = set(calls.senders(connection, self._deployment.chain))
        return [delivery for delivery in self._deliveries if delivery.signer.address in wanted]

    async def _serve(self, delivery: Delivery, conditions: Conditions) -> bool | Exception:
        address = delivery.signer.address
        try:
            lease = self._lease(address)
            moved = False if lease is None else await delivery.round(lease, conditions)
        except LeaseLost:
            self._leases.pop(address, None)
            moved = False
        except (ChainError, StoreError) as error:
            self._pinned = False  # who was away may come back as another
            self._say(address, str(error))
            return error
        self._say(address, "another sender works with this key" if lease is None else "")
        return moved

    def _lease(self, address: bytes) -> Lease | None:
        """The key's lease: the one that is held, unless half of its time is over."""
        now, held = int(self._clock()), self._leases.get(address)
        if held is not None and LEASE // 2 < held.until - now <= LEASE:
            return held
        name = leases.sender_name(self._deployment.chain, address)
        with self._database.begin() as connection:
            taken = leases.take(connection, name, holder=self._holder, now=now, seconds=LEASE)
        self._leases.pop(address, None)
        if taken is not None:
            self._leases[address] = taken
        return taken

    async def _turn(self, error: Exception | None) -> None:
        """After a node that was away or contradicts itself, ask another, if there is one."""
        if isinstance(error, NodeAway | NodeInconsistent) and self._node.others and await self._node.turn():
            log.warning("the sender asks the node at %s from now on", self._node.url)

    async def _rest(self, stop: asyncio.Event) -> None:
        """Wait for `poll` seconds, or until a call was written or the indexer has read something."""
        before, waited = self._news(), 0.0
        while waited < self._poll and not stop.is_set() and self._news() == before:
            await pause(stop, min(LOOK, self._poll - waited))
            waited += LOOK

    def _news(self) -> object:
        try:
            with self._database.read() as connection:
                return calls.newest(connection), cursors.read(connection, self._deployment.name)
        except StoreError:
            return None  # the next round says so

    def _release(self) -> None:
        for lease in self._leases.values():
            try:
                with self._database.begin() as connection:
                    leases.release(connection, lease)
            except StoreError as error:
                log.warning("a key's lease runs out by itself: %s", error)
        self._leases.clear()

    def _say(self, address: bytes, trouble: str) -> None:
        """Log what is wrong with a key (or, with no address, with all) once, and once that it is over."""
        before = self._troubles.get(address, "")
        if trouble == before:
            return
        self._troubles[address] = trouble
        whose = f"key {to_hex(address)}" if address else "the sender"
        if trouble:
            log.warning("%s waits: %s", whose, trouble)
        else:
            log.info("%s goes on", whose)

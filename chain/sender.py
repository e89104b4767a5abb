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
from chain.errors import ChainChanged, ChainError
from chain.identity import pin
from chain.node import Node
from chain.pausing import pause
from chain.signer import Signer
from store import leases
from store.database import Database
from store.errors import LeaseLost, StoreError
from store.records import Lease

LEASE = 15
"""Seconds that a key stays ours without a sign of life."""

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
        poll: seconds between rounds when nothing moves.
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
                    await pause(stop, self._poll)
        finally:
            self._release()

    async def step(self) -> bool:
        """One round over all keys; answer whether anything moved. Trouble with one key is logged, not raised.

        Raises:
            ChainChanged: this is not the chain that was pinned.
        """
        try:
            if not self._pinned:
                await pin(self._database, self._node, self._deployment)
                self._pinned = True
        except ChainChanged:
            raise
        except (ChainError, StoreError) as error:
            self._say(b"", str(error))
            return False
        self._say(b"", "")
        return any(await asyncio.gather(*(self._serve(delivery) for delivery in self._deliveries)))

    async def _serve(self, delivery: Delivery) -> bool:
        address = delivery.signer.address
        try:
            lease = self._lease(address)
            moved = False if lease is None else await delivery.round(lease)
        except LeaseLost:
            moved = False
        except (ChainError, StoreError) as error:
            self._pinned = False  # who was away may come back as another
            self._say(address, str(error))
            return False
        self._say(address, "another sender works with this key" if lease is None else "")
        return moved

    def _lease(self, address: bytes) -> Lease | None:
        name = leases.sender_name(self._deployment.chain, address)
        with self._database.begin() as connection:
            return leases.take(connection, name, holder=self._holder, now=int(self._clock()), seconds=LEASE)

    def _release(self) -> None:
        for delivery in self._deliveries:
            try:
                lease = self._lease(delivery.signer.address)
                if lease is not None:
                    with self._database.begin() as connection:
                        leases.release(connection, lease)
            except StoreError as error:
                log.warning("a key's lease runs out by itself: %s", error)

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

"""The sender: brings every call of its keys to the chain, once.

One process serves many keys, of one agency or of many; each key under a lease of its own in the database, so that a
second sender that was started by accident waits and does no harm. What holds one key or agency up, holds no other.

Two things go on at once: a call is started as soon as it is written (`chain.alertness` notices), since the nodes begin
to make a block as soon as the one before is there, and what comes later has to wait for the next; and in rounds, after
each block, all calls that are under way are followed.

A restart runs the same loop: whatever became of the process, the outbox says how far each call has come.

Trust: the process can write to the ledger in the name of every key that it holds, and faces no network but the nodes'.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from chain.alertness import Alertness
from chain.answers import to_hex
from chain.deployment import Deployment
from chain.dispatch import Dispatch
from chain.errors import ChainChanged, ChainError, NodeAway, NodeError, NodeInconsistent
from chain.holding import Holding
from chain.identity import pin
from chain.node import Node
from chain.sight import Conditions, look_around
from chain.signer import Signer
from chain.tracing import trace
from chain.urls import told
from store import calls, cursors
from store.database import Database
from store.errors import CursorMoved, LeaseLost, StoreError
from store.records import Call, Lease

FRESH = 2.0
"""Seconds that a look around may be old when a call is started. The node must still have the block that was seen."""

log = logging.getLogger(__name__)

Work = Callable[[Lease], Awaitable[bool]]
"""What is done with a key under its lease; it answers whether anything moved."""


class Sender:
    """Sends the calls of some keys.

    Args:
        database: the outbox.
        node: where calls go.
        deployment: the contracts; each call goes to its own ledger, of those that follow one another.
        signers: the keys.
        clock: seconds since 1970.
        poll: seconds between rounds when nothing moves; what is new in the database is seen at once.
    """

    def __init__(
        self,
        database: Database,
        node: Node,
        deployment: Deployment,
        signers: Sequence[Signer],
        *,
        clock: Callable[[], float] = time.time,
        poll: float = 0.5,
    ) -> None:
        self._database = database
        self._node = node
        self._deployment = deployment
        self._poll = poll
        self._pinned = False
        self._looked: tuple[float, Conditions] | None = None
        self._followed: object = None
        self._troubles: dict[str, str] = {}
        self._leases = Holding(database, deployment.chain, uuid.uuid4().hex, clock)
        self._dispatches = {
            signer.address: Dispatch(
                database=database,
                node=node,
                deployment=deployment,
                signer=signer,
                clock=clock,
            )
            for signer in signers
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop`; then give the keys back. A node or database that is away is waited for.

        Raises:
            ChainChanged: this is not the chain that was pinned.
        """
        alertness = Alertness(self._database, self._deployment, tuple(self._dispatches), self._start_at_once)
        try:
            async with alertness.on(stop):
                while not stop.is_set():
                    if not await self.step():
                        await alertness.rest(self._poll)
        finally:
            self._leases.release()

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
            under_way = self._under_way()
            conditions = await self._look() if under_way else None
        except ChainChanged:
            raise
        except (ChainError, StoreError) as error:
            self._trouble("the sender", error)
            await self._turn(error)
            return False
        self._say("the sender", "")
        if conditions is None:
            return False
        served = await self._start(tuple(under_way), conditions)
        if not any(isinstance(one, NodeAway | NodeInconsistent) for one in served):
            served = [*served, *await self._follow(under_way, conditions)]
        await self._turn(next((one for one in served if isinstance(one, NodeError)), None))
        return any(one is True for one in served)

    def _under_way(self) -> Mapping[bytes, Sequence[Call]]:
        """The keys for which calls are open, and those of their calls that have a nonce."""
        with self._database.read() as connection:
            at_work = calls.at_work(connection, self._deployment.chain, tuple(self._dispatches))
            return {key: calls.in_flight(connection, self._deployment.chain, key) for key in at_work}

    async def _look(self) -> Conditions:
        conditions = await look_around(self._node, self._deployment)
        self._looked = asyncio.get_running_loop().time(), conditions
        return conditions

    async def _start_at_once(self, keys: frozenset[bytes]) -> None:
        """Start the calls of some keys beside the rounds, which see to whatever stands against it."""
        if not self._pinned:
            return
        at, conditions = self._looked or (0.0, None)
        try:
            if conditions is None or asyncio.get_running_loop().time() - at > FRESH:
                conditions = await self._look()
        except ChainError:
            return
        await self._start(tuple(keys), conditions)

    async def _start(self, keys: Sequence[bytes], conditions: Conditions) -> Sequence[bool | Exception]:
        works = [partial(self._dispatches[key].start, conditions=conditions) for key in keys]
        return await asyncio.gather(*(self._serve("key", key, work) for key, work in zip(keys, works, strict=True)))

    async def _follow(
        self, under_way: Mapping[bytes, Sequence[Call]], conditions: Conditions
    ) -> Sequence[bool | Exception]:
        """Look after calls that have a nonce: all of them if anything is new since the last time, else what is due."""
        try:
            with self._database.read() as connection:
                shown = (conditions.head.hash, tuple(cursors.read(connection, each) for each in self._deployment.names))
            new = shown != self._followed
            due = [key for key, ours in under_way.items() if ours and (new or self._dispatches[key].is_due(ours))]
            if not due:
                return []
            wanted = [call for key in due for call in under_way[key]]
            traces = await trace(self._database, self._node, self._deployment.names, wanted)
        except (ChainError, StoreError) as error:
            self._trouble("what was sent", error)
            return [error]
        self._say("what was sent", "")
        served = []
        for key in due:
            follow = self._dispatches[key].follow
            work = partial(follow, conditions=conditions, under_way=under_way[key], traces=traces)
            served.append(await self._serve("what was sent by key", key, work))
        if not any(isinstance(one, Exception) for one in served):
            self._followed = shown
        return served

    async def _serve(self, what: str, key: bytes, work: Work) -> bool | Exception:
        """Do some work with a key, if it is ours; give what went wrong."""
        whose = f"{what} {to_hex(key)}"
        try:
            lease = self._leases.take(key)
            moved = False if lease is None else await work(lease)
        except LeaseLost:
            self._leases.lose(key)
            moved = False
        except CursorMoved:  # a fork, meanwhile: the next round sees what is left
            moved = False
        except (ChainError, StoreError) as error:
            self._trouble(whose, error)
            return error
        self._say(whose, "another sender works with this key" if lease is None else "")
        return moved

    async def _turn(self, error: Exception | None) -> None:
        """After a node that was away or contradicts itself, ask another, if there is one."""
        if isinstance(error, NodeAway | NodeInconsistent) and self._node.others and await self._node.turn():
            self._looked = None
            log.warning("the sender asks the node at %s from now on", told(self._node.url))

    def _trouble(self, whose: str, error: Exception) -> None:
        self._pinned, self._looked = False, None  # who was away may come back as another
        self._say(whose, str(error))

    def _say(self, whose: str, trouble: str) -> None:
        """Log what is wrong once, and once that it is over."""
        before = self._troubles.get(whose, "")
        if trouble == before:
            return
        self._troubles[whose] = trouble
        if trouble:
            log.warning("%s waits: %s", whose, trouble)
        else:
            log.info("%s goes on", whose)

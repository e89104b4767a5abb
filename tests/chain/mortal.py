"""Processes that are really killed (SIGKILL), each at a point of its own choosing.

The points are those of `tests.chain.dying`: before and after each commit, and before and after a node takes a
transaction. Nothing in the code under test knows of it: the database and the node that it is given do it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass

from chain.deployment import Deployment
from chain.indexer import Indexer
from chain.sender import Sender
from chain.signer import LocalSigner
from store import calls
from store.database import Database
from store.outbox import OPEN
from tests.chain.dying import DyingDatabase, DyingNode, Life

ROUNDS = 15


class RealLife(Life):
    """Ends the process, not only what it was doing."""

    def point(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a process is to do: both roles, or one, until the call is over. `now`: what its clock says at first."""

    node_url: str
    database_url: str
    deployment: Deployment
    key: bytes
    call: int
    now: float


def work(task: Task, lasts: int) -> None:
    """Be such a process."""
    asyncio.run(_work(task, RealLife(lasts)))


async def _work(task: Task, life: Life) -> None:
    clock = [task.now]
    node = DyingNode(task.node_url, life)
    with Database.open(task.database_url) as plain:
        database = DyingDatabase.of(plain, life)
        signer = LocalSigner(task.key)
        sender = Sender(database, node, task.deployment, [signer], clock=lambda: clock[0])
        indexer = Indexer(database, node, task.deployment, settled_depth=0, clock=lambda: clock[0])
        for _ in range(ROUNDS):
            clock[0] += 1
            await sender.step()
            while await indexer.step():
                pass
            with plain.read() as connection:
                if calls.read(connection, task.call).state not in OPEN:
                    break
        await node.close()

"""Sender and indexer are killed at every point at which anything changes, one after the other, none left out."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from chain.indexer import Indexer
from chain.sender import Sender
from ecert.events import BatchAnchored, StatusChanged
from store.database import Database
from store.outbox import OPEN
from store.records import Call
from store.states import CallState
from tests import forks
from tests.chain import mortal
from tests.chain.dying import DyingDatabase, DyingNode, Killed, Life
from tests.chain.world import World


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An SQLite file, and a PostgreSQL schema: what a dead process leaves open, each ends in its own way."""
    with Database.open(database_url) as database:
        yield database


async def live(world: World, life: Life, *, until_settled: Call) -> None:
    """One process after the other, each a new one, until the call is over; the first may be killed."""
    for _ in range(3):
        world.clock.now += 20  # the lease of the one that was killed has run out
        node = DyingNode(world.local_chain.url, life)
        database = DyingDatabase.of(world.database, life)
        signers = (world.anchorer,) if until_settled.kind == "anchor" else (world.clerk,)
        sender = Sender(database, node, world.deployment, signers, clock=world.clock)
        indexer = Indexer(database, node, world.deployment, settled_depth=0, clock=world.clock)
        try:
            for _ in range(12):
                world.clock.now += 1
                await sender.step()
                while await indexer.step():
                    pass
                if world.state(until_settled) not in OPEN:
                    return
        except Killed:
            continue
        finally:
            await node.close()
    raise AssertionError(world.read(until_settled))


@pytest.mark.parametrize("kind", ["anchor", "revoke"])
async def test_a_call_happens_exactly_once_wherever_its_sender_and_indexer_are_killed(world: World, kind: str) -> None:
    if kind == "revoke":
        await world.finish(world.anchor(0, 1_000))
    points = 0
    while True:
        call = world.anchor(points * 10, 10) if kind == "anchor" else world.add("revoke", serials=[points])
        life = Life(points + 1)
        await live(world, life, until_settled=call)
        assert world.state(call) is CallState.SETTLED
        points += 1
        if not life.over:
            break
    wanted = BatchAnchored if kind == "anchor" else StatusChanged
    done = [event for event in world.events() if isinstance(event, wanted)]
    assert points >= 14
    assert len(done) == points
    key = world.anchorer if kind == "anchor" else world.clerk
    assert (await world.node.account(key.address)).nonce == points


@pytest.mark.parametrize("kind", ["anchor", "revoke"])
async def test_a_process_that_is_really_killed_at_any_point_leaves_a_call_that_happens_exactly_once(
    world: World, database_url: str, kind: str
) -> None:
    if kind == "revoke":
        await world.finish(world.anchor(0, 1_000))
    await world.catch_up()
    key = world.anchorer if kind == "anchor" else world.clerk
    points, exit_code = 0, -signal.SIGKILL
    while exit_code == -signal.SIGKILL:
        call = world.anchor(points * 10, 10) if kind == "anchor" else world.add("revoke", serials=[points])
        world.clock.now += 60
        task = mortal.Task(
            node_url=world.local_chain.url,
            database_url=database_url,
            deployment=world.deployment,
            key=bytes(key._account.key),
            call=call.id,
            now=world.clock.now,
        )
        points += 1
        exit_code = forks.run(mortal.work, task, points)
        world.clock.now += 60  # the lease of the one that was killed has run out
        await world.finish(call, sender=world.sender(signers=(key,)))
        assert world.state(call) is CallState.SETTLED
    assert exit_code == 0
    wanted = BatchAnchored if kind == "anchor" else StatusChanged
    assert len([event for event in world.events() if isinstance(event, wanted)]) == points
    assert points >= 10
    assert (await world.node.account(key.address)).nonce == points

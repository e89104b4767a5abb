"""What is new is seen at once, however long the rounds are; what is signed goes to every node."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from chain.indexer import Indexer
from chain.node import Node
from chain.sender import Sender
from store.database import Database
from store.errors import DatabaseAway
from store.states import CallState
from tests.chain.world import OTHER_AGENCY, World
from tests.faults.proxy import ALWAYS, Fault, FaultProxy

HOUR = 3_600.0


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Both kinds, for each is looked at in its own way."""
    with Database.open(database_url) as database:
        yield database


@asynccontextmanager
async def at_work(*workers: Sender | Indexer) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = [asyncio.create_task(one.run(stop)) for one in workers]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*running)


async def soon(what: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it was not seen"
        await asyncio.sleep(0.01)


def patient_sender(world: World, node: Node | None = None) -> Sender:
    """One that makes a round an hour."""
    keys = (world.anchorer, world.clerk)
    return Sender(world.database, node or world.node, world.deployment, keys, clock=world.clock, poll=HOUR)


def patient_indexer(world: World) -> Indexer:
    return Indexer(world.database, world.node, world.deployment, settled_depth=0, clock=world.clock, poll=HOUR)


async def test_a_call_is_sent_when_it_is_written_and_not_at_the_next_round(world: World) -> None:
    await world.catch_up()
    async with at_work(patient_sender(world)):
        await asyncio.sleep(0.2)
        for serial in range(3):
            call = world.anchor(serial)
            await soon(lambda call=call: world.state(call) is CallState.SENT)  # type: ignore[misc]


async def test_calls_that_were_written_together_are_all_sent_and_settle_once_the_indexer_has_read_them(
    world: World,
) -> None:
    async with at_work(patient_sender(world), patient_indexer(world)):
        written = [world.anchor(0, 5), world.anchor(5, 5), world.anchor(0, 5, agency=OTHER_AGENCY)]
        await soon(lambda: all(world.state(call) is not CallState.QUEUED for call in written))
        # A block that is mined in the middle of a round is looked at after the next one.
        world.local_chain.mine()
        await soon(lambda: {world.state(call) for call in written} == {CallState.SETTLED})
    assert (await world.node.account(world.anchorer.address)).nonce == 3


async def test_the_indexer_sees_a_block_when_it_is_there(world: World) -> None:
    async with at_work(patient_indexer(world)):
        await soon(lambda: _has_cursor(world))
        for _ in range(3):
            before = world.cursor.block
            await asyncio.sleep(0.1)
            world.local_chain.mine()
            await soon(lambda before=before: world.cursor.block > before)  # type: ignore[misc]


def _has_cursor(world: World) -> bool:
    try:
        return world.cursor.block > 0
    except AssertionError:
        return False


async def test_a_database_that_is_away_for_a_moment_does_not_end_the_looking(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.catch_up()
    looks: list[int] = []

    def away(_: object) -> object:
        looks.append(1)
        raise DatabaseAway("gone")

    async with at_work(patient_sender(world)):
        await asyncio.sleep(0.2)
        with monkeypatch.context() as broken:
            broken.setattr("store.news.News.look", away)
            await soon(lambda: len(looks) > 3)
        call = world.anchor(0)
        await soon(lambda: world.state(call) is CallState.SENT)


async def test_a_transaction_is_handed_to_the_other_nodes_as_well(world: World) -> None:
    await world.catch_up()
    async with FaultProxy(world.local_chain.url) as ours, FaultProxy(world.local_chain.url) as other:
        node = Node(ours.url, others=[other.url], timeout=5)
        await world.finish(world.anchor(0, 10), sender=world.sender(node=node))
        await soon(lambda: "eth_sendRawTransaction" in other.seen)
        await node.close()
    assert (await world.node.account(world.anchorer.address)).nonce == 1


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.REFUSE, Fault.HTTP_500, Fault.NOT_JSON], ids=lambda one: one.name)
async def test_what_the_other_nodes_say_to_it_is_nothing_to_us(world: World, fault: Fault) -> None:
    await world.catch_up()
    async with FaultProxy(world.local_chain.url) as other:
        other.fail("eth_sendRawTransaction", fault, times=ALWAYS)
        node = Node(world.local_chain.url, others=[other.url, "http://127.0.0.1:1"], timeout=5)
        call = world.anchor(0, 10)
        await world.finish(call, sender=world.sender(node=node))
        await node.close()
    assert world.state(call) is CallState.SETTLED
    assert world.read(call).attempts == 1

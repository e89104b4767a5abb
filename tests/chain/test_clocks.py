"""Our clock jumps, or two senders run by accident: things wait or go on, and happen once."""

from __future__ import annotations

import asyncio

import pytest

from chain.administration import reinstate_agency, suspend_agency
from chain.errors import NodeInconsistent
from ecert.events import BatchAnchored
from store.outbox import OPEN
from store.states import CallState
from tests.chain.world import AGENCY, Clock, World

HOUR = 3_600.0


def anchored(world: World) -> list[int]:
    return [one.first_serial for one in world.events() if isinstance(one, BatchAnchored)]


@pytest.mark.parametrize("jump", [-HOUR, HOUR, -5 * 24 * HOUR, 30 * 24 * HOUR])
async def test_a_clock_that_jumps_loses_nothing_and_doubles_nothing(world: World, jump: float) -> None:
    written = [world.anchor(serial, 10) for serial in range(0, 60, 10)]
    indexer = world.indexer()
    for round_number in range(40):
        world.clock.now += 1
        if round_number in {1, 3, 5}:
            world.clock.now += jump if round_number != 3 else -jump
        await world.usual_sender.step()
        await world.catch_up(indexer)
        if not any(world.state(call) in OPEN for call in written):
            break
    assert {world.state(call) for call in written} == {CallState.SETTLED}
    assert anchored(world) == list(range(0, 60, 10))
    assert (await world.node.account(world.anchorer.address)).nonce == 6


async def test_a_clock_that_was_set_back_does_not_keep_a_dead_sender_s_key(world: World) -> None:
    await world.catch_up()
    await world.sender().step()
    first, second = world.anchor(0), world.sender()
    await world.usual_sender.step()  # and then it dies
    world.clock.now -= HOUR
    await world.finish(first, sender=second)
    assert world.state(first) is CallState.SETTLED


async def test_a_clock_that_was_set_back_does_not_let_a_call_wait_for_it(world: World) -> None:
    await world.administration.carry_out(world.bureau, [suspend_agency(AGENCY)])
    call = world.anchor(0)
    await world.usual_sender.step()
    assert world.state(call) is CallState.QUEUED
    await world.administration.carry_out(world.bureau, [reinstate_agency(AGENCY)])
    world.clock.now -= HOUR
    await world.finish(call)
    assert world.state(call) is CallState.SETTLED


async def test_a_clock_far_behind_the_chain_reads_no_block_until_it_is_right(world: World) -> None:
    indexer = world.indexer()
    await world.catch_up(indexer)
    before = world.cursor
    world.local_chain.mine()
    world.clock.now = before.time - HOUR
    with pytest.raises(NodeInconsistent, match="in the future"):
        await indexer.step()
    assert world.cursor == before
    world.clock.now = float(before.time)
    await world.catch_up(indexer)
    assert world.cursor.block == before.block + 1


async def test_a_sender_that_slept_through_its_lease_writes_nothing_under_it(world: World) -> None:
    await world.catch_up()
    asleep, awake = world.sender(), world.sender()
    first = world.anchor(0)
    await asleep.step()
    world.clock.now += 60
    second = world.anchor(1)
    await awake.step()
    assert world.state(second) is not CallState.QUEUED
    third = world.anchor(2)
    assert not await asleep.step()
    await world.finish(first, second, third, sender=awake)
    assert anchored(world) == [0, 1, 2]
    assert (await world.node.account(world.anchorer.address)).nonce == 3


async def test_two_senders_whose_clocks_differ_by_more_than_a_lease_still_send_everything_once(world: World) -> None:
    ahead = Clock(now=world.clock.now + 40)
    one, two = world.sender(), world.sender(clock=ahead)
    written = [world.anchor(serial, 10) for serial in range(0, 80, 10)]
    indexer = world.indexer()
    for _ in range(60):
        world.clock.now += 1
        ahead.now += 1
        await asyncio.gather(one.step(), two.step())
        await world.catch_up(indexer)
        if not any(world.state(call) in OPEN for call in written):
            break
    assert {world.state(call) for call in written} == {CallState.SETTLED}
    assert anchored(world) == list(range(0, 80, 10))
    assert (await world.node.account(world.anchorer.address)).nonce == 8


async def test_five_senders_with_the_same_keys_send_everything_once(world: World) -> None:
    senders = [world.sender() for _ in range(5)]
    stop = asyncio.Event()
    running = [asyncio.create_task(sender.run(stop)) for sender in senders]
    written = [world.anchor(serial, 10) for serial in range(0, 100, 10)]
    indexer = world.indexer()
    for _ in range(200):
        await world.catch_up(indexer)
        if not any(world.state(call) in OPEN for call in written):
            break
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*running)
    assert {world.state(call) for call in written} == {CallState.SETTLED}
    assert (await world.node.account(world.anchorer.address)).nonce == 10

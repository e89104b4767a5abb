"""Node and network fail; nothing is lost and nothing happens twice.

For what goes out there are always two tests: it failed and nothing happened, it failed but it happened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from chain.administration import suspend_agency
from chain.errors import ChainChanged, NodeAway, NodeInconsistent
from chain.indexer import Indexer
from chain.node import Node
from ecert.events import AgencySuspended, BatchAnchored
from store.records import Cursor
from store.states import CallState
from tests.chain.world import AGENCY, World
from tests.faults.proxy import ALWAYS, Fault, FaultProxy
from tests.local_chain import LocalChain


@pytest.fixture
async def proxy(world: World) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(world.local_chain.url) as proxy:
        yield proxy


@pytest.fixture
async def faulty(proxy: FaultProxy) -> AsyncIterator[Node]:
    node = Node(proxy.url, timeout=0.3)
    yield node
    await node.close()


def anchored(world: World) -> list[tuple[int, int]]:
    return [(one.first_serial, one.count) for one in world.events() if isinstance(one, BatchAnchored)]


async def transactions_of_the_key(world: World) -> int:
    return (await world.node.account(world.anchorer.address)).nonce


NOTHING_HAPPENED = [Fault.HANG, Fault.HTTP_500, Fault.NOT_JSON, Fault.DROP_REQUEST, Fault.REFUSE]
IT_HAPPENED = [Fault.DROP_ANSWER, Fault.ALREADY_KNOWN]


@pytest.mark.parametrize("fault", NOTHING_HAPPENED + IT_HAPPENED, ids=lambda fault: fault.name)
async def test_a_send_that_fails_is_anchored_exactly_once(
    world: World, proxy: FaultProxy, faulty: Node, fault: Fault
) -> None:
    await world.catch_up()
    call = world.anchor(0, 10)
    sender = world.sender(node=faulty)
    proxy.fail("eth_sendRawTransaction", fault)
    await sender.step()
    assert await transactions_of_the_key(world) == (1 if fault in IT_HAPPENED else 0)
    first_bytes = world.read(call).raw
    assert first_bytes is not None
    await world.finish(call, sender=sender)
    assert world.state(call) is CallState.SETTLED
    assert world.read(call).raw == first_bytes
    assert anchored(world) == [(0, 10)]
    assert await transactions_of_the_key(world) == 1


@pytest.mark.parametrize(
    "method",
    [
        "eth_estimateGas",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "eth_gasPrice",
        "eth_getBlockByNumber",
        "eth_chainId",
        "eth_getCode",
        "eth_call",
    ],
)
@pytest.mark.parametrize("fault", [Fault.HANG, Fault.REFUSE], ids=lambda one: one.name)
async def test_a_question_that_fails_is_asked_again(
    world: World, proxy: FaultProxy, faulty: Node, method: str, fault: Fault
) -> None:
    await world.catch_up()
    call = world.anchor(0)
    sender = world.sender(node=faulty)
    proxy.fail(method, fault)
    await world.finish(call, sender=sender)
    assert world.state(call) is CallState.SETTLED
    assert anchored(world) == [(0, 1)]
    assert await transactions_of_the_key(world) == 1


async def test_a_node_that_is_away_is_waited_for(world: World, proxy: FaultProxy, faulty: Node) -> None:
    await world.catch_up()
    call = world.anchor(0)
    sender = world.sender(node=faulty)
    await proxy.refuse_connections()
    for _ in range(3):
        assert not await sender.step()
    assert world.state(call) is CallState.QUEUED
    await proxy.accept_connections()
    await world.finish(call, sender=sender)
    assert anchored(world) == [(0, 1)]


async def test_a_failed_nonce_question_never_becomes_a_nonce(world: World, proxy: FaultProxy, faulty: Node) -> None:
    await world.finish(world.anchor(0))
    call = world.anchor(1)
    proxy.fail("eth_getTransactionCount", Fault.HTTP_500, times=ALWAYS)
    sender = world.sender(node=faulty, signers=(world.anchorer,))
    world.clock.now += 60
    await sender.step()
    assert world.read(call).nonce is None


@pytest.mark.parametrize("absent", [("eth_maxPriorityFeePerGas",), ("eth_maxPriorityFeePerGas", "eth_gasPrice")])
async def test_fee_methods_that_a_node_does_not_know_are_done_without(
    world: World, proxy: FaultProxy, faulty: Node, absent: tuple[str, ...]
) -> None:
    await world.catch_up()
    for method in absent:
        proxy.fail(method, Fault.ABSENT, times=ALWAYS)
    call = world.anchor(0)
    await world.finish(call, sender=world.sender(node=faulty))
    assert world.state(call) is CallState.SETTLED


async def test_another_chain_behind_the_same_address_is_refused(world: World, proxy: FaultProxy, faulty: Node) -> None:
    await world.catch_up()
    call = world.anchor(0)
    proxy.fail("eth_chainId", Fault.OTHER_CHAIN, times=ALWAYS)
    with pytest.raises(ChainChanged, match="chain id"):
        await world.sender(node=faulty).step()
    with pytest.raises(ChainChanged, match="chain id"):
        await world.indexer(node=faulty).step()
    assert world.state(call) is CallState.QUEUED


async def test_an_indexer_that_cannot_reach_its_node_stores_nothing(
    world: World, proxy: FaultProxy, faulty: Node
) -> None:
    indexer = world.indexer(node=faulty)
    await world.catch_up(indexer)
    before = world.cursor
    world.local_chain.mine()
    for fault in (Fault.HANG, Fault.HTTP_500, Fault.DROP_REQUEST):
        proxy.fail("eth_getLogs", fault)
        with pytest.raises(NodeAway):
            await indexer.step()
        assert world.cursor == before
    await world.catch_up(indexer)
    assert world.cursor.block == before.block + 1


async def before_a_suspension(world: World, faulty: Node) -> tuple[Indexer, Cursor]:
    """An indexer that has read everything but the last, that an agency is suspended, and how far it is."""
    indexer = world.indexer(node=faulty)
    await world.catch_up(indexer)
    before = world.cursor
    await world.administration.carry_out(world.bureau, [suspend_agency(AGENCY)])
    return indexer, before


async def test_a_log_that_the_node_lost_is_missed_and_nothing_is_stored(
    world: World, proxy: FaultProxy, faulty: Node
) -> None:
    indexer, before = await before_a_suspension(world, faulty)
    proxy.fail("eth_getLogs", Fault.DROP_LOG, times=3)
    for _ in range(3):
        with pytest.raises(NodeInconsistent, match="lost or changed a log"):
            await indexer.step()
    assert world.cursor == before
    await world.catch_up(indexer)
    assert isinstance(world.events()[-1], AgencySuspended)


async def test_a_node_that_hides_an_event_and_the_state_after_it_cannot_prove_that_state(
    world: World, proxy: FaultProxy, faulty: Node
) -> None:
    indexer, before = await before_a_suspension(world, faulty)
    proxy.old_head = before.block
    proxy.fail("eth_getLogs", Fault.DROP_LOG)
    proxy.fail("eth_call", Fault.OLD_STATE, times=ALWAYS)
    proxy.fail("eth_getProof", Fault.OLD_STATE, times=ALWAYS)
    with pytest.raises(NodeInconsistent, match="proves nothing"):
        await indexer.step()
    assert world.cursor == before
    proxy.heal()
    await world.catch_up(indexer)
    assert world.cursor.registry_sequence == before.registry_sequence + 1


async def test_a_node_that_proves_nothing_is_read_and_that_is_logged(
    world: World, proxy: FaultProxy, faulty: Node, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.fail("eth_getProof", Fault.ABSENT, times=ALWAYS)
    call = world.anchor(0)
    await world.usual_sender.step()
    await world.catch_up(world.indexer(node=faulty))
    assert anchored(world) == [(0, 1)]
    assert f"{proxy.url} proves no contract's state" in caplog.text
    await world.finish(call)


async def test_a_lost_batch_is_missed_like_a_lost_registry_event(world: World, proxy: FaultProxy, faulty: Node) -> None:
    indexer = world.indexer(node=faulty)
    await world.catch_up(indexer)
    call = world.anchor(0)
    await world.usual_sender.step()
    proxy.fail("eth_getLogs", Fault.DROP_LOG)
    with pytest.raises(NodeInconsistent, match="lost or changed a log"):
        await indexer.step()
    assert anchored(world) == []
    await world.catch_up(indexer)
    assert anchored(world) == [(0, 1)]
    await world.finish(call)


async def test_a_node_that_serves_an_old_head_moves_nothing_back(world: World, proxy: FaultProxy, faulty: Node) -> None:
    indexer = world.indexer(node=faulty)
    for _ in range(3):
        world.local_chain.mine()
        await world.catch_up(indexer)
    before = world.cursor
    proxy.old_head = before.block - 2
    proxy.fail("eth_getBlockByNumber", Fault.OLD_HEAD)
    assert not await indexer.step()
    assert world.cursor == before


async def test_nothing_is_signed_for_a_chain_that_was_restarted_under_a_running_sender(
    world: World, proxy: FaultProxy, faulty: Node
) -> None:
    sender = world.sender(node=faulty)
    await world.finish(world.anchor(0), sender=sender)
    call = world.anchor(1)
    with LocalChain() as restarted:
        for key in (world.anchorer, world.clerk):
            restarted.rpc("hardhat_setBalance", "0x" + key.address.hex(), hex(10**22))
        proxy.upstream = restarted.url
        assert not await sender.step()
        with pytest.raises(ChainChanged):
            await sender.step()
    assert world.state(call) is CallState.QUEUED
    assert world.read(call).nonce is None


async def test_an_indexer_notices_another_chain_under_it(world: World, proxy: FaultProxy, faulty: Node) -> None:
    indexer = world.indexer(node=faulty)
    await world.catch_up(indexer)
    before = world.cursor
    with LocalChain() as restarted:
        for _ in range(before.block + 1):
            restarted.mine()
        proxy.upstream = restarted.url
        with pytest.raises(ChainChanged):
            await indexer.step()
    assert world.cursor == before

"""The indexer on a real chain: everything once, in order, checked; nothing of another chain."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from chain.administration import suspend_agency
from chain.artifact import artifact
from chain.contract_state import ContractState
from chain.errors import ChainChanged, ForkTooDeep, NodeInconsistent
from chain.headers import BlockHeader
from chain.indexer import Indexer
from chain.node import Node
from chain.transacting import Invocation, transact
from ecert.events import AgencyAccredited, AgencyRegistered, AgencySuspended, AuthorityChanged, Event, OperatorSet
from store import events
from tests.chain.world import AGENCY, OTHER_AGENCY, TITLE, World, make_world
from tests.local_chain import LocalChain


def stored(world: World) -> list[Event]:
    with world.database.read() as connection:
        return list(events.stream(connection, world.deployment.name))


async def test_every_event_of_both_contracts_is_stored_in_order(world: World) -> None:
    await world.catch_up()
    kinds = [type(event) for event in stored(world)]
    assert kinds[:2] == [AuthorityChanged, AuthorityChanged]
    assert kinds[2:] == [AgencyRegistered, AgencyAccredited] * 2 + [OperatorSet] * 4
    assert world.cursor.registry_sequence == 9
    assert world.cursor.ledger_sequence == 1


async def test_an_event_says_what_the_contract_was_told(world: World) -> None:
    await world.catch_up()
    registered = next(event for event in stored(world) if isinstance(event, AgencyRegistered))
    assert (registered.agency, registered.admin) == (AGENCY, world.admin.address)
    accredited = [event for event in stored(world) if isinstance(event, AgencyAccredited)]
    assert [(one.agency, one.certificate_type, one.since, one.until) for one in accredited] == [
        (AGENCY, TITLE, 1, None),
        (OTHER_AGENCY, TITLE, 1, None),
    ]


async def test_the_cursor_moves_in_blocks_without_events(world: World) -> None:
    indexer = world.indexer()
    await world.catch_up(indexer)
    before = world.cursor
    world.local_chain.mine(3)
    assert await indexer.step()
    assert world.cursor.block == before.block + 3
    assert world.cursor.time > before.time
    assert not await indexer.step()


async def test_a_long_silence_is_read_in_windows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chain.indexer.WINDOW", 7)
    await world.administration.carry_out(world.bureau, [suspend_agency(AGENCY)])
    for _ in range(40):
        world.local_chain.mine()
    await world.administration.carry_out(world.bureau, [suspend_agency(OTHER_AGENCY)])
    await world.catch_up(world.indexer())
    assert [event.agency for event in stored(world) if isinstance(event, AgencySuspended)] == [AGENCY, OTHER_AGENCY]
    assert world.cursor.block == (await world.node.latest()).number


async def test_a_second_indexer_on_the_same_store_does_no_harm(world: World) -> None:
    first, second = world.indexer(), world.indexer()
    await world.catch_up(first)
    await world.catch_up(second)
    world.local_chain.mine()
    await first.step()
    await second.step()
    assert len(stored(world)) == 10


async def test_blocks_are_settled_only_once_others_follow(world: World) -> None:
    indexer = world.indexer(settled_depth=5)
    await world.catch_up(indexer)
    assert world.cursor.settled_block <= world.cursor.block - 5


async def test_what_the_chain_undoes_is_undone_in_the_store(world: World) -> None:
    indexer = world.indexer()
    world.local_chain.mine()
    await world.catch_up(indexer)
    before = stored(world)
    snapshot = world.local_chain.snapshot()
    await world.administration.carry_out(world.bureau, [suspend_agency(AGENCY)])
    await world.catch_up(indexer)
    assert len(stored(world)) == len(before) + 1
    generation = world.cursor.generation
    world.local_chain.roll_back(snapshot)
    await world.administration.carry_out(world.bureau, [suspend_agency(OTHER_AGENCY)])
    await world.catch_up(indexer)
    assert [event.agency for event in stored(world) if isinstance(event, AgencySuspended)] == [OTHER_AGENCY]
    assert world.cursor.generation == generation + 1


async def test_a_fork_below_every_block_that_is_remembered_stops_the_indexer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("history", "indexer", "writing"):
        monkeypatch.setattr(f"chain.{module}.REMEMBERED", 8)
    indexer = world.indexer()
    world.local_chain.mine()
    snapshot = world.local_chain.snapshot()
    for _ in range(20):
        world.local_chain.mine()
    await world.catch_up(indexer)
    before, known = world.cursor, stored(world)
    world.local_chain.roll_back(snapshot)
    await world.administration.carry_out(world.bureau, [suspend_agency(OTHER_AGENCY)])
    for _ in range(30):
        world.local_chain.mine()
    with pytest.raises(ForkTooDeep):
        await indexer.step()
    assert (world.cursor, stored(world)) == (before, known)


class Syncing(Node):
    """A node that has yet to read the blocks above `reached`."""

    reached = 0

    async def latest(self) -> BlockHeader:
        return await self.block(self.reached)


async def test_a_node_that_begins_to_read_the_chain_anew_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("history", "indexer", "writing"):
        monkeypatch.setattr(f"chain.{module}.REMEMBERED", 8)
    for _ in range(20):
        world.local_chain.mine()
    await world.catch_up(world.indexer())
    before, known = world.cursor, stored(world)
    node = Syncing(world.local_chain.url)
    node.reached = before.block - 15
    with pytest.raises(NodeInconsistent, match="it has to catch up"):
        await world.indexer(node=node).step()
    await node.close()
    assert (world.cursor, stored(world)) == (before, known)


async def test_a_name_that_is_no_utf_8_keeps_nobody_from_reading_on(world: World) -> None:
    cut = "登记中心".encode()[:-1]
    function = artifact("AgencyRegistry").functions["registerAgency"]
    code, admin = b"CUT-1".ljust(32, b"\0"), "0x" + world.admin.address.hex()
    step = function.selector + encode(["bytes32", "bytes", "address"], [code, cut, admin])
    await transact(world.node, world.bureau, [Invocation(to=world.deployment.registry, data=step)])
    await world.administration.carry_out(world.bureau, [suspend_agency("CUT-1")])
    await world.catch_up()
    assert [event.name for event in stored(world) if isinstance(event, AgencyRegistered)][-1] == "登记中\ufffd"
    assert isinstance(stored(world)[-1], AgencySuspended)


async def test_a_code_with_a_wrong_check_character_keeps_nobody_from_asking_the_contract(world: World) -> None:
    wrong = "91420100MB9A000149"
    function = artifact("AgencyRegistry").functions["registerAgency"]
    step = function.encode(wrong.encode().ljust(32, b"\0"), "登记中心", "0x" + world.admin.address.hex())
    await transact(world.node, world.bureau, [Invocation(to=world.deployment.registry, data=step)])
    await world.catch_up()
    state = ContractState(world.node, world.deployment, world.cursor.hash)
    assert await state.next_serials([wrong, AGENCY]) == [0, 0]
    assert await state.words(wrong, [0]) == [0]


async def test_a_restarted_local_chain_is_refused_with_a_message_that_says_what_to_do(world: World) -> None:
    await world.catch_up()
    before = world.cursor
    with LocalChain() as restarted:
        node = Node(restarted.url)
        with pytest.raises(ChainChanged) as refused:
            await world.indexer(node=node).step()
        await node.close()
    text = str(refused.value)
    assert "instance of the ledger" in text
    assert "nothing there" in text
    assert "empty data directory" in text
    assert world.cursor == before


async def test_a_running_indexer_notices_that_the_chain_was_restarted(world: World) -> None:
    own = LocalChain().start()
    port = int(own.url.rsplit(":", 1)[1])
    node = Node(own.url)
    mine = await make_world(own, node, world.database)
    indexer = mine.indexer()
    await mine.catch_up(indexer)
    own.stop()
    own.start(port)
    with pytest.raises(ChainChanged):
        await indexer.step()
    await node.close()
    own.stop()


async def test_a_deployment_of_another_chain_id_is_refused(world: World) -> None:
    with LocalChain(chain_id=424242) as other:
        node = Node(other.url)
        with pytest.raises(ChainChanged, match="chain id: the deployment says 31337, the chain has 424242"):
            await world.indexer(node=node).step()
        await node.close()


async def test_a_block_from_the_future_is_not_read(world: World) -> None:
    await world.catch_up()
    before = world.cursor
    behind = Indexer(world.database, world.node, world.deployment, clock=lambda: before.time - 3600.0)
    world.local_chain.mine()
    with pytest.raises(Exception, match="in the future"):
        await behind.step()
    assert world.cursor == before

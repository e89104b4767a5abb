"""Validators and other nodes: whose word is taken, what is kept against whom, and when nothing is read any more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chain.errors import Equivocation, NodeInconsistent, QuorumMissing
from chain.headers import BlockHeader, hash_of
from chain.indexer import Indexer
from chain.node import Node
from store import blocks, evidence
from store.records import Evidence
from tests.chain.world import World
from tests.faults.proxy import ALWAYS, Fault, FaultProxy
from tests.faults.validators import SealedChain
from tests.local_chain import LocalChain


def held_against(world: World) -> tuple[Evidence, ...]:
    with world.database.read() as connection:
        return evidence.of(connection, world.deployment.name)


async def index_with(world: World, url: str, *others: str) -> Indexer:
    return world.indexer(node=Node(url, others=others))


async def done_with(indexer: Indexer) -> None:
    await indexer.close()
    await indexer._node.close()


async def test_a_sealed_chain_is_read_and_its_headers_are_kept(validated: World) -> None:
    call = validated.anchor(0)
    await validated.finish(call)
    with validated.database.read() as connection:
        latest = blocks.latest(connection, validated.deployment.name, 3)
    assert all(block.header is not None and hash_of(block.header) == block.hash for block in latest)


async def test_a_block_that_too_few_sealed_is_not_read(validated: World, sealed: SealedChain) -> None:
    await validated.catch_up()
    before = validated.cursor
    sealed.sealers = sealed.validators[:2]
    validated.local_chain.mine()
    with pytest.raises(QuorumMissing, match="sealed by 2 of its validators"):
        await validated.indexer().step()
    assert validated.cursor == before


async def test_a_node_that_shows_a_block_without_quorum_is_dropped_for_another(
    validated: World, own_chain: LocalChain, sealed: SealedChain
) -> None:
    await validated.catch_up()
    before = validated.cursor
    async with SealedChain(own_chain.url) as liar:
        liar.sealers = liar.validators[:1]
        own_chain.mine()
        indexer = await index_with(validated, liar.url, sealed.url)
        with pytest.raises(QuorumMissing) as caught:
            await indexer.step()
        await indexer._turn(caught.value)
        await validated.catch_up(indexer)
        assert indexer._node.url == sealed.url
        assert indexer._node.others == ()
        await done_with(indexer)
    assert validated.cursor.block > before.block
    assert held_against(validated) == ()


async def test_two_sealed_blocks_of_one_height_are_kept_and_nothing_more_is_believed(
    validated: World, sealed: SealedChain
) -> None:
    await validated.catch_up()
    validated.local_chain.mine(2)
    await validated.catch_up()
    before = validated.cursor
    async with sealed.twin(from_block=before.block - 1) as twin:
        indexer = await index_with(validated, twin.url)
        with pytest.raises(Equivocation, match=f"two different blocks of height {before.block - 1}"):
            await indexer.step()
        await done_with(indexer)
    shown = held_against(validated)
    assert [one.height for one in shown] == [before.block - 1] * 2
    assert len({one.hash for one in shown}) == 2
    assert all(one.header is not None and hash_of(one.header) == one.hash for one in shown)
    assert {one.source for one in shown} == {"our own copy", twin.url}
    assert validated.cursor.contested == before.block - 1
    validated.local_chain.mine()
    with pytest.raises(Equivocation):
        await validated.indexer().step()
    assert validated.cursor.block == before.block


async def test_another_history_without_a_quorum_is_the_node_s_lie(validated: World, sealed: SealedChain) -> None:
    await validated.catch_up()
    before = validated.cursor
    async with sealed.twin(from_block=before.block) as twin:
        twin.sealers = twin.validators[:2]
        indexer = await index_with(validated, twin.url)
        with pytest.raises(QuorumMissing):
            await indexer.step()
        await done_with(indexer)
    assert validated.cursor == before
    assert held_against(validated) == ()


async def test_a_second_node_with_another_sealed_history_gives_the_validators_away(
    validated: World, sealed: SealedChain
) -> None:
    await validated.catch_up()
    validated.local_chain.mine()
    async with sealed.twin(from_block=validated.cursor.block) as twin:
        indexer = await index_with(validated, sealed.url, twin.url)
        with pytest.raises(Equivocation):
            await indexer.step()
        await done_with(indexer)
    assert {one.source for one in held_against(validated)} == {sealed.url, twin.url}


async def test_a_second_node_that_lies_without_a_quorum_is_not_asked_again(
    validated: World, sealed: SealedChain, caplog: pytest.LogCaptureFixture
) -> None:
    await validated.catch_up()
    validated.local_chain.mine()
    async with sealed.twin(from_block=validated.cursor.block) as twin:
        twin.sealers = []
        indexer = await index_with(validated, sealed.url, twin.url)
        await validated.catch_up(indexer)
        assert indexer._node.others == ()
        await done_with(indexer)
    assert "is not asked any more" in caplog.text
    assert validated.cursor.contested is None


async def test_a_node_with_validators_of_its_own_does_not_drive_out_an_honest_one(
    validated: World, sealed: SealedChain
) -> None:
    await validated.catch_up()
    validated.local_chain.mine()
    before = validated.cursor
    async with sealed.usurped(from_block=before.block) as liar:
        indexer = await index_with(validated, liar.url, sealed.url)
        with pytest.raises(NodeInconsistent) as caught:
            await indexer.step()
        await indexer._turn(caught.value)
        await validated.catch_up(indexer)
        assert indexer._node.url == sealed.url
        await done_with(indexer)
    assert validated.cursor.block > before.block
    assert held_against(validated) == ()


async def test_a_node_that_says_that_nobody_seals_here_is_not_believed_where_validators_did(
    validated: World, sealed: SealedChain
) -> None:
    validated.local_chain.mine(2)
    await validated.catch_up()
    before = validated.cursor
    async with sealed.twin(from_block=before.block - 1) as liar:
        liar.version, liar.sealers = "HardhatNetwork/2.22.0", []
        indexer = await index_with(validated, liar.url)
        with pytest.raises(NodeInconsistent, match="validators seal ours"):
            await indexer.step()
        await done_with(indexer)
    assert validated.cursor == before


class TwoFaced(Node):
    """A node that shows its true blocks when it is asked for many, and `other`'s when it is asked for two."""

    other: Node

    async def blocks(self, numbers: Sequence[int]) -> list[BlockHeader]:
        return await (self.other.blocks(numbers) if len(numbers) == 2 else super().blocks(numbers))


async def test_validators_of_a_block_that_is_none_of_ours_prove_no_second_history(
    validated: World, sealed: SealedChain
) -> None:
    validated.local_chain.mine(3)
    await validated.catch_up()
    before = validated.cursor
    async with (
        sealed.usurped(from_block=before.block) as one,
        sealed.usurped(from_block=before.block - 1) as other,
    ):
        node = TwoFaced(one.url)
        node.other = Node(other.url)
        indexer = validated.indexer(node=node)
        with pytest.raises(NodeInconsistent):
            await indexer.step()
        await done_with(indexer)
        await node.other.close()
    assert validated.cursor.contested is None
    assert held_against(validated) == ()


async def test_a_header_whose_hash_is_not_that_of_its_fields_is_not_read(validated: World, sealed: SealedChain) -> None:
    indexer = validated.indexer()
    await validated.catch_up(indexer)
    before = validated.cursor
    validated.local_chain.mine()
    real = await validated.node.latest()
    dressed = next(one for one in sealed._dressed.values() if one["hash"] == "0x" + real.hash.hex())
    dressed["stateRoot"] = "0x" + "77" * 32
    with pytest.raises(NodeInconsistent, match="does not have the hash that the node gives it"):
        await indexer.step()
    assert validated.cursor == before


async def test_a_node_that_stands_still_while_another_goes_on_is_left(world: World) -> None:
    async with FaultProxy(world.local_chain.url) as stalled:
        indexer = await index_with(world, stalled.url, world.local_chain.url)
        await world.catch_up(indexer)
        before = world.cursor
        world.local_chain.mine()
        world.local_chain.pass_time(60)
        world.clock.now += 60
        stalled.old_head = before.block
        stalled.fail("eth_getBlockByNumber", Fault.OLD_HEAD)
        with pytest.raises(NodeInconsistent, match="stands still") as caught:
            await indexer.step()
        await indexer._turn(caught.value)
        assert indexer._node.url == world.local_chain.url
        await world.catch_up(indexer)
        await done_with(indexer)
    assert world.cursor.block == before.block + 2


async def test_nothing_is_read_while_two_nodes_differ_where_no_fork_reaches(world: World) -> None:
    await world.catch_up()
    before = world.cursor
    with LocalChain() as elsewhere:
        elsewhere.mine(3)
        indexer = await index_with(world, world.local_chain.url, elsewhere.url)
        for _ in range(2):
            with pytest.raises(NodeInconsistent, match="have different blocks"):
                await indexer.step()
        await done_with(indexer)
    assert world.cursor == before


async def test_a_second_node_that_is_away_holds_nothing_up(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async with FaultProxy(world.local_chain.url) as away:
        away.fail("eth_getBlockByNumber", Fault.HTTP_500, times=ALWAYS)
        indexer = await index_with(world, world.local_chain.url, away.url)
        await world.catch_up(indexer)
        await done_with(indexer)
    assert world.cursor.block == (await world.node.latest()).number
    assert caplog.text.count("a second opinion is missing") == 1


async def test_a_node_that_is_away_is_left_for_another(world: World) -> None:
    async with FaultProxy(world.local_chain.url) as away:
        indexer = await index_with(world, away.url, world.local_chain.url)
        await away.refuse_connections()
        with pytest.raises(Exception, match="did not answer") as caught:
            await indexer.step()
        await indexer._turn(caught.value)
        await world.catch_up(indexer)
        await done_with(indexer)
        await away.accept_connections()
    assert world.cursor.block == (await world.node.latest()).number


async def test_a_node_that_finds_windows_too_long_is_asked_for_shorter_ones(world: World) -> None:
    async with FaultProxy(world.local_chain.url) as strict:
        for _ in range(40):
            world.local_chain.mine()
        indexer = await index_with(world, strict.url)
        strict.fail("eth_getLogs", Fault.REFUSE, times=3)
        for _ in range(3):
            with pytest.raises(Exception, match="refused eth_getLogs"):
                await indexer.step()
        await indexer.step()
        assert world.cursor.block < (await world.node.latest()).number
        await world.catch_up(indexer)
        await done_with(indexer)
    assert world.cursor.block == (await world.node.latest()).number

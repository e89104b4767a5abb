"""Evidence made from nodes: a real chain's receipts, and a chain that validators seal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import rlp
from eth_account import Account

from chain.anchor_evidence import AnchorEvidence, prove
from chain.errors import AnchorUnproved, NodeInconsistent, Unproved
from chain.evidence_making import agrees, make_evidence, read_receipts
from chain.headers import RECEIPTS_ROOT, as_header, check_hash, extra_of, fields_of, with_extra
from chain.node import Node
from chain.receipt_rlp import read_receipt
from chain.receipt_trie import ReceiptTrie, receipt_at
from ecert.events import BatchAnchored
from ecert.ledger_copy import batch_facts
from store import blocks, events
from tests.chain.world import AGENCY, OTHER_AGENCY, World
from tests.faults.proxy import Fault, FaultProxy
from tests.faults.validators import SealedChain
from tests.local_chain import LocalChain

FEE_MARKET = 2
TRANSFERS = 150
"""So many that indexes are written in one byte and in two."""


@pytest.fixture
async def plain_node(own_chain: LocalChain) -> AsyncIterator[Node]:
    """The chain as it is, without the coat."""
    node = Node(own_chain.url)
    yield node
    await node.close()


def transfers(chain: LocalChain, count: int, kind: int) -> None:
    """Put transactions into the pool that move money about; they are mined with the next block."""
    price = int(chain.rpc("eth_gasPrice"), 16) * 2
    prices = {"maxFeePerGas": price, "maxPriorityFeePerGas": 1} if kind == FEE_MARKET else {"gasPrice": price}
    typed = {"type": kind, "accessList": []} if kind else {}
    first = int(chain.rpc("eth_getTransactionCount", chain.addresses[0], "latest"), 16)
    for nonce in range(first, first + count):
        said = {"to": chain.addresses[1], "value": 1, "gas": 21_000, "nonce": nonce, "chainId": chain.chain_id}
        signed = Account.from_key(chain.keys[0]).sign_transaction(said | prices | typed)
        chain.rpc("eth_sendRawTransaction", signed.raw_transaction.to_0x_hex())


def anchored(world: World) -> list[BatchAnchored]:
    with world.database.read() as connection:
        return [one for one in events.stream(connection, world.deployment.name) if isinstance(one, BatchAnchored)]


async def made(world: World, event: BatchAnchored, node: Node | None = None) -> AnchorEvidence:
    with world.database.read() as connection:
        block = blocks.read(connection, world.deployment.name, event.place.block)
    assert block is not None
    node = node or world.node
    return await make_evidence(node, world.deployment, event.agency, batch_facts(event), block_hash=block.hash)


def trusted(sealed: SealedChain) -> frozenset[bytes]:
    return frozenset(key.public_key.to_canonical_address() for key in sealed.validators)


async def anchor_in_one_block(world: World) -> list[BatchAnchored]:
    """Anchor batches of two agencies, all in one block."""
    chain, sender = world.local_chain, world.sender()
    calls = [world.anchor(0, 3), world.anchor(3, 4), world.anchor(0, 5, agency=OTHER_AGENCY)]
    await world.catch_up()
    chain.rpc("evm_setAutomine", False)
    try:
        for _ in range(6):
            world.clock.now += 1
            await sender.step()
        chain.mine()
    finally:
        chain.rpc("evm_setAutomine", True)
    await world.finish(*calls, sender=sender)
    return anchored(world)


async def test_evidence_made_from_a_sealed_chain_proves_what_was_read_from_it(
    validated: World, sealed: SealedChain
) -> None:
    found = await anchor_in_one_block(validated)
    assert len(found) == 3
    assert len({one.place.block for one in found}) < 3
    for event in found:
        evidence = await made(validated, event)
        proved = prove(
            evidence,
            validators=trusted(sealed),
            after=event.place.block - 1,
            ledger=validated.deployment.ledger,
            instance=validated.deployment.ledger_instance,
        )
        assert proved.event == event
        assert proved.block_hash == (await validated.node.block(event.place.block)).hash
        assert AnchorEvidence.from_json(evidence.to_json()) == evidence


async def test_it_is_the_same_from_a_node_that_gives_a_block_s_receipts_at_once(
    validated: World, sealed: SealedChain
) -> None:
    await validated.finish(validated.anchor(0))
    (event,) = anchored(validated)
    one_by_one = await made(validated, event)
    sealed.gives_block_receipts = True
    sealed.asked.clear()
    assert await made(validated, event) == one_by_one
    assert "eth_getTransactionReceipt" not in sealed.asked


async def test_other_seals_of_the_same_block_agree_and_another_block_does_not(validated: World) -> None:
    await validated.finish(validated.anchor(0), validated.anchor(1))
    first, second = [await made(validated, event) for event in anchored(validated)]
    fields = fields_of(first.header)
    seals = extra_of(fields)[4]

    def with_seals(chosen: list[bytes]) -> AnchorEvidence:
        return replace(first, header=bytes(rlp.encode(with_extra(fields, round_number=None, seals=chosen))))

    assert agrees(first, first, validated.deployment)
    assert agrees(with_seals(seals[:0:-1]), first, validated.deployment)
    assert not agrees(with_seals(seals[:2]), first, validated.deployment)
    assert not agrees(second, first, validated.deployment)


async def test_a_node_without_that_batch_or_with_another_block_is_not_believed(validated: World) -> None:
    await validated.finish(validated.anchor(0))
    (event,) = anchored(validated)
    with pytest.raises(NodeInconsistent, match="does not have the batch"):
        await made(validated, replace(event, root=bytes(32)))
    with pytest.raises(NodeInconsistent, match="does not have the batch"):
        await made(validated, replace(event, agency=OTHER_AGENCY))
    batch = batch_facts(event)
    with pytest.raises(NodeInconsistent, match="another block"):
        await make_evidence(validated.node, validated.deployment, AGENCY, batch, block_hash=bytes(32))
    with pytest.raises(NodeInconsistent, match="does not have a block"):
        await make_evidence(
            validated.node, validated.deployment, AGENCY, replace(batch, block=10**6), block_hash=bytes(32)
        )


async def test_a_block_that_too_few_sealed_gives_no_evidence(validated: World, own_chain: LocalChain) -> None:
    await validated.finish(validated.anchor(0))
    (event,) = anchored(validated)
    async with SealedChain(own_chain.url) as liar:
        liar.sealers = liar.validators[:2]
        node = Node(liar.url)
        with pytest.raises(AnchorUnproved) as caught:
            await made(validated, event, node)
        await node.close()
    assert caught.value.reason is Unproved.TOO_FEW_SEALS


async def test_a_development_chain_gives_no_evidence(world: World) -> None:
    await world.finish(world.anchor(0))
    (event,) = anchored(world)
    with pytest.raises(AnchorUnproved) as caught:
        await made(world, event)
    assert caught.value.reason is Unproved.NOT_SEALED


# Receipts of a real chain


@pytest.mark.parametrize("count", [0, 1, TRANSFERS])
async def test_every_receipt_of_a_real_block_is_proved(own_chain: LocalChain, plain_node: Node, count: int) -> None:
    block = block_of(own_chain, count)
    receipts = await read_receipts(plain_node, block)
    root = fields_of(check_hash(as_header(block)))[RECEIPTS_ROOT]
    trie = ReceiptTrie.of(receipts)
    assert len(receipts) == count
    assert [receipt_at(root, index, trie.proof(index)) for index in range(count)] == receipts
    assert all(read_receipt(one).succeeded for one in receipts)


async def test_receipts_of_each_kind_of_transaction_are_written_as_the_chain_wrote_them(
    own_chain: LocalChain, plain_node: Node
) -> None:
    for kind in (0, 1, FEE_MARKET):
        (receipt,) = await read_receipts(plain_node, block_of(own_chain, 1, kind))
        assert receipt[0] == (kind or 0xF9)


async def test_receipts_that_do_not_make_the_root_are_refused(own_chain: LocalChain, plain_node: Node) -> None:
    block = block_of(own_chain, 3)
    other = block_of(own_chain, 3, FEE_MARKET)
    for spoilt in (block["transactions"][:2], other["transactions"], []):
        with pytest.raises(NodeInconsistent, match="not those of its header"):
            await read_receipts(plain_node, block | {"transactions": spoilt})
    for nothing in (None, "0x"):
        with pytest.raises(NodeInconsistent, match="list of transactions"):
            await read_receipts(plain_node, block | {"transactions": nothing})
    with pytest.raises(NodeInconsistent, match="does not have a receipt"):
        await read_receipts(plain_node, block | {"transactions": ["0x" + "00" * 32]})


async def test_a_node_that_refuses_receipts_is_an_error_and_not_a_block_without_any(own_chain: LocalChain) -> None:
    block = block_of(own_chain, 1)
    async with FaultProxy(own_chain.url) as proxy:
        node = Node(proxy.url)
        proxy.fail("eth_getTransactionReceipt", Fault.REFUSE)
        with pytest.raises(Exception, match="the moon"):
            await read_receipts(node, block)
        await node.close()


def block_of(chain: LocalChain, count: int, kind: int = 0) -> dict[str, Any]:
    """Mine one block of so many transactions."""
    chain.rpc("evm_setAutomine", False)
    try:
        transfers(chain, count, kind)
        chain.mine()
    finally:
        chain.rpc("evm_setAutomine", True)
    block: dict[str, Any] = chain.rpc("eth_getBlockByNumber", "latest", False)
    assert len(block["transactions"]) == count
    return block

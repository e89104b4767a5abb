"""A node's answers are read strictly: nothing is filled in, nothing is guessed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chain.answers import as_bytes, as_int, as_log, as_receipt
from chain.errors import NodeAway, NodeError, NodeInconsistent, NodeRefused
from chain.headers import as_header
from chain.network import find_network
from chain.node import Node
from chain.rpc import Rpc
from tests.faults.proxy import ALWAYS, Fault, FaultProxy
from tests.local_chain import LocalChain

HASH = "0x" + "ab" * 32


@pytest.fixture
async def proxy(local_chain: LocalChain) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(local_chain.url) as proxy:
        yield proxy


@pytest.fixture
async def faulty(proxy: FaultProxy) -> AsyncIterator[Node]:
    node = Node(proxy.url, timeout=0.3)
    yield node
    await node.close()


@pytest.mark.parametrize("answer", [None, 5, "5", "0x", "0xzz", "", [], {}, True])
def test_what_is_no_number_is_refused(answer: Any) -> None:
    with pytest.raises(NodeInconsistent):
        as_int(answer, "gas")


@pytest.mark.parametrize("answer", [None, 5, "ab", "0xabc", "0x" + "ab" * 31, [], {}])
def test_what_is_no_hash_is_refused(answer: Any) -> None:
    with pytest.raises(NodeInconsistent):
        as_bytes(answer, "hash", 32)


HEADER = {"number": "0x5", "hash": HASH, "parentHash": HASH, "timestamp": "0x1", "gasLimit": "0x2"}
LOG: dict[str, Any] = {
    "address": "0x" + "11" * 20,
    "topics": [HASH],
    "data": "0x",
    "blockNumber": "0x5",
    "blockHash": HASH,
    "transactionHash": HASH,
    "logIndex": "0x0",
}
RECEIPT = {
    "transactionHash": HASH,
    "blockNumber": "0x5",
    "blockHash": HASH,
    "status": "0x1",
    "gasUsed": "0x5",
    "logs": [LOG],
}


@pytest.mark.parametrize(("read", "whole"), [(as_header, HEADER), (as_log, LOG), (as_receipt, RECEIPT)])
def test_anything_with_a_part_missing_is_refused(read: Any, whole: dict[str, Any]) -> None:
    read(whole)
    for name in whole:
        with pytest.raises(NodeInconsistent):
            read({other: value for other, value in whole.items() if other != name})
    with pytest.raises(NodeInconsistent):
        read(None)


def test_a_log_of_a_block_that_was_left_is_refused() -> None:
    with pytest.raises(NodeInconsistent, match="left"):
        as_log({**LOG, "removed": True})


async def test_nobody_listening_is_away(proxy: FaultProxy, faulty: Node) -> None:
    await proxy.refuse_connections()
    with pytest.raises(NodeAway, match="did not answer eth_chainId"):
        await faulty.chain_id()
    await proxy.accept_connections()
    assert await faulty.chain_id() == 31337


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HTTP_500, Fault.DROP_REQUEST, Fault.DROP_ANSWER])
async def test_no_answer_is_away_and_the_next_request_is_answered(
    proxy: FaultProxy, faulty: Node, fault: Fault
) -> None:
    proxy.fail("eth_chainId", fault)
    with pytest.raises(NodeAway):
        await faulty.chain_id()
    assert await faulty.chain_id() == 31337


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HTTP_500, Fault.DROP_REQUEST, Fault.DROP_ANSWER])
async def test_the_same_holds_for_many_requests_at_once(proxy: FaultProxy, faulty: Node, fault: Fault) -> None:
    proxy.fail("eth_getBlockByNumber", fault)
    with pytest.raises(NodeAway):
        await faulty.blocks([0, 1])
    assert (await faulty.block(0)).number == 0


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.HTTP_500, Fault.DROP_REQUEST, Fault.NOT_JSON])
async def test_no_failure_tells_the_key_of_a_provider(proxy: FaultProxy, fault: Fault) -> None:
    """Providers put it into the address, which stands in the message of every failure, and so in logs."""
    node = Node(f"{proxy.url.rstrip('/')}/?apikey=abcdef", timeout=0.3)
    try:
        for ask in (node.chain_id(), node.blocks([0, 1])):
            proxy.fail("eth_chainId", fault)
            proxy.fail("eth_getBlockByNumber", fault)
            with pytest.raises(NodeError) as caught:
                await ask
            assert "apikey" not in str(caught.value)
            assert proxy.url.rstrip("/") in str(caught.value)
    finally:
        await node.close()


async def test_a_page_instead_of_json_is_inconsistent(proxy: FaultProxy, faulty: Node) -> None:
    proxy.fail("eth_chainId", Fault.NOT_JSON)
    with pytest.raises(NodeInconsistent):
        await faulty.chain_id()
    proxy.fail("eth_getBlockByNumber", Fault.NOT_JSON)
    with pytest.raises(NodeInconsistent):
        await faulty.block(0)


async def test_a_refusal_keeps_its_words(proxy: FaultProxy, faulty: Node) -> None:
    proxy.fail("eth_chainId", Fault.REFUSE)
    with pytest.raises(NodeRefused, match="the moon"):
        await faulty.chain_id()


async def test_one_refusal_among_many_answers_leaves_the_others(proxy: FaultProxy) -> None:
    rpc = Rpc(proxy.url)
    proxy.fail("eth_gasPrice", Fault.ABSENT)
    chain_id, price = await rpc.batch([("eth_chainId", []), ("eth_gasPrice", [])])
    assert chain_id == hex(31337)
    assert isinstance(price, NodeRefused)
    await rpc.close()


async def test_a_block_beyond_the_head_is_no_block(node: Node) -> None:
    with pytest.raises(NodeInconsistent, match="does not have"):
        await node.block(10**9)


async def test_a_contract_is_read_in_the_block_that_was_named(node: Node) -> None:
    with pytest.raises(NodeRefused):
        await node.call(b"\x11" * 20, b"", at=b"\x12" * 32)


async def test_a_network_of_signers_settles_by_more_than_half_of_them(proxy: FaultProxy) -> None:
    class Clique(Node):
        async def client_version(self) -> str:
            return "Geth/v1.13.15-stable/linux-amd64/go1.21"

        async def if_known(self, method: str, *_parameters: Any) -> Any:
            return ["0x1", "0x2", "0x3", "0x4", "0x5"] if method == "clique_getSigners" else None

    node = Clique(proxy.url)
    found = await find_network(node)
    await node.close()
    assert (found.kind, found.settled_depth, found.forks, found.hashed) == ("clique", 3, True, True)


async def test_a_network_of_validators_settles_at_once(proxy: FaultProxy) -> None:
    class Qbft(Node):
        async def client_version(self) -> str:
            return "Geth/v1.10.3-stable(quorum-v24.4.1)/linux-amd64/go1.19"

        async def if_known(self, method: str, *_parameters: Any) -> Any:
            return ["0x1"] if method == "istanbul_getValidators" else None

    node = Qbft(proxy.url)
    found = await find_network(node)
    await node.close()
    assert (found.kind, found.settled_depth, found.forks) == ("qbft", 0, False)


async def test_a_network_that_nobody_knows_settles_late(proxy: FaultProxy, faulty: Node) -> None:
    proxy.fail("web3_clientVersion", Fault.OTHER_CLIENT)
    for method in (
        "istanbul_getValidators",
        "qbft_getValidatorsByBlockNumber",
        "ibft_getValidatorsByBlockNumber",
        "clique_getSigners",
    ):
        proxy.fail(method, Fault.ABSENT, times=ALWAYS)
    assert (await find_network(faulty)).settled_depth == 12

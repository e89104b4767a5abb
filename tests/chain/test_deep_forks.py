"""Forks deeper than what counts as settled, and nodes on another fork than our copy: nothing lost, nothing doubled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest
from eth_hash.auto import keccak

from chain.administration import ANCHOR, set_operator, suspend_agency
from chain.answers import Json, TransactionReceipt
from chain.errors import NodeInconsistent, NodeRefused
from chain.headers import BlockHeader
from chain.ledger import encode_call
from chain.lifecycle import EFFECT_MISSING, ELSEWHERE, UNPROVED
from chain.node import Node
from chain.rpc import Request
from chain.signer import LocalSigner
from chain.transacting import Invocation, transact
from store.records import Call
from store.states import CallState
from tests.chain.test_sender import anchored, changes, send_and_lose
from tests.chain.world import AGENCY, World


async def undone(world: World, snapshot: str) -> None:
    """Let the chain go on from a snapshot with other blocks, more than there were, and our copy with it."""
    height = (await world.node.latest()).number
    world.local_chain.roll_back(snapshot)
    world.local_chain.mine(height - (await world.node.latest()).number + 3)
    await world.catch_up()


async def send_in_vain(world: World) -> tuple[Call, str]:
    """A call whose agency was suspended before any block had it; and the chain before that."""
    await world.catch_up()
    call = world.anchor(0)
    await send_and_lose(world, call)
    snapshot = world.local_chain.snapshot()
    await world.administration.carry_out(world.bureau, [suspend_agency(AGENCY)])
    world.clock.now += 6
    return call, snapshot


async def fail_on_chain(world: World) -> tuple[Call, str]:
    """A call that a settled block reverts, since its agency was suspended meanwhile; and the chain before all that."""
    call, snapshot = await send_in_vain(world)
    await world.finish(call)
    assert world.state(call) is CallState.FAILED
    return call, snapshot


async def test_a_failed_call_whose_block_is_undone_leaves_no_gap_in_the_nonces(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    failed, snapshot = await fail_on_chain(world)
    error = world.read(failed).error
    await undone(world, snapshot)
    assert f"settled blocks were undone; the calls in them are not over any more: {failed.id}" in caplog.text
    later = world.anchor(1)
    await world.finish(later, failed, rounds=30)
    assert world.state(later) is CallState.SETTLED
    assert (world.state(failed), world.read(failed).error) == (CallState.FAILED, error)
    assert anchored(world) == [(1, 1)]
    assert "a fork made nonce 0 free again" in caplog.text


async def test_a_failed_call_that_the_network_carries_out_after_a_fork_has_not_failed(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    failed, snapshot = await fail_on_chain(world)
    await undone(world, snapshot)
    raw = world.read(failed).raw
    assert raw is not None
    await world.node.send(raw)
    await world.finish(failed, world.anchor(1))
    assert (world.state(failed), world.read(failed).error) == (CallState.SETTLED, None)
    assert anchored(world) == [(0, 1), (1, 1)]
    assert f"call {failed.id} (anchor of {AGENCY}) had failed" in caplog.text


async def test_a_batch_that_another_key_anchored_is_anchored_by_us_when_its_block_is_undone(world: World) -> None:
    other = LocalSigner.generate()
    world.local_chain.rpc("hardhat_setBalance", "0x" + other.address.hex(), hex(10**22))
    await world.administration.carry_out(world.admin, [set_operator(AGENCY, other.address, ANCHOR)])
    await world.catch_up()
    call = world.anchor(0)
    await send_and_lose(world, call)
    snapshot = world.local_chain.snapshot()
    await transact(world.node, other, [Invocation(to=world.deployment.ledger, data=encode_call("anchor", call.args))])
    stranger = LocalSigner(world.anchorer._account.key)
    await transact(world.node, stranger, [Invocation(to=world.bureau.address, data=b"")])
    await world.finish(call)
    assert world.read(call).nonce == 0
    await undone(world, snapshot)
    assert anchored(world) == []
    await world.finish(call, world.anchor(1))
    assert anchored(world) == [(0, 1), (1, 1)]


async def test_a_nonce_that_a_fork_takes_from_a_stranger_again_holds_nothing_up(world: World) -> None:
    await world.catch_up()
    call = world.anchor(0)
    await send_and_lose(world, call)
    snapshot = world.local_chain.snapshot()
    stranger = LocalSigner(world.anchorer._account.key)
    await transact(world.node, stranger, [Invocation(to=world.bureau.address, data=b"")])
    await world.finish(call)
    assert world.read(call).nonce == 1
    await undone(world, snapshot)
    await world.finish(call, world.anchor(1), rounds=30)
    assert anchored(world) == [(0, 1), (1, 1)]


class Interrupted(Node):
    """A node on which something happens after it has shown a receipt, and before anybody can go by it."""

    then: Callable[[], Awaitable[None]] | None = None

    async def receipts(self, transactions: Sequence[bytes]) -> list[TransactionReceipt | None]:
        found = await super().receipts(transactions)
        if self.then is not None and any(found):
            then, self.then = self.then, None
            await then()
        return found


async def test_a_call_does_not_fail_by_a_receipt_of_a_block_that_was_undone_meanwhile(world: World) -> None:
    call, snapshot = await send_in_vain(world)
    await world.usual_sender.step()
    await world.catch_up()
    world.usual_sender._leases.release()
    node = Interrupted(world.local_chain.url)

    async def roll_back() -> None:
        world.local_chain.roll_back(snapshot)
        world.local_chain.mine()
        await world.indexer().step()

    node.then = roll_back
    sender = world.sender(node=node)
    for _ in range(3):
        await sender.step()
    assert world.state(call) is not CallState.FAILED
    await world.finish(call, sender=sender)
    await node.close()
    assert anchored(world) == [(0, 1)]


class Forking(Node):
    """A node on which something happens before it shows its head."""

    then: Callable[[], Awaitable[None]] | None = None

    async def latest(self) -> BlockHeader:
        if self.then is not None:
            then, self.then = self.then, None
            await then()
        return await super().latest()


async def test_the_nonce_of_a_call_that_a_fork_brought_back_just_now_is_not_used_up(world: World) -> None:
    node = Forking(world.local_chain.url)
    sender = world.sender(node=node)
    await world.catch_up()
    snapshot = world.local_chain.snapshot()
    first = world.anchor(0)
    await world.finish(first, sender=sender)
    second = world.anchor(1)
    world.local_chain.rpc("evm_setAutomine", False)
    try:
        await sender.step()
        assert world.state(second) is CallState.SENT

        async def fork() -> None:
            await undone(world, snapshot)

        node.then = fork
        await sender.step()
    finally:
        world.local_chain.rpc("evm_setAutomine", True)
    assert (world.state(first), world.state(second)) == (CallState.SENT, CallState.SENT)
    await world.finish(first, second, sender=sender, rounds=30)
    await node.close()
    assert [world.read(call).nonce for call in (first, second)] == [0, 1]
    assert anchored(world) == [(0, 1), (1, 1)]


async def test_a_refusal_by_a_node_on_another_fork_than_our_copy_is_asked_again(world: World) -> None:
    await world.catch_up()
    snapshot = world.local_chain.snapshot()
    await world.finish(world.anchor(0, 10))
    revoke = world.add("revoke", serials=[3])
    height = (await world.node.latest()).number
    world.local_chain.roll_back(snapshot)
    world.local_chain.mine(height - (await world.node.latest()).number + 3)
    await world.usual_sender.step()
    assert world.state(revoke) is CallState.QUEUED
    assert (world.read(revoke).waiting_reason or "").startswith("UnknownSerial")
    await world.catch_up()
    await world.finish(revoke, rounds=20)
    assert world.state(revoke) is CallState.SETTLED
    assert changes(world) == [(1, (3,))]


class Elsewhere(Node):
    """A node that shows other blocks than its own, as long as it is `cut` off."""

    cut = True

    async def receipts(self, transactions: Sequence[bytes]) -> list[TransactionReceipt | None]:
        found = await super().receipts(transactions)
        return [one and replace(one, block_hash=b"x" * 32) for one in found] if self.cut else found


async def test_people_see_that_the_sender_is_on_another_fork_than_our_copy(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    node = Elsewhere(world.local_chain.url)
    sender = world.sender(node=node)
    call = world.anchor(0)
    for _ in range(4):
        await sender.step()
        await world.catch_up()
    assert (world.state(call), world.read(call).waiting_reason) == (CallState.MINED, None)
    for _ in range(3):
        world.clock.now += 31
        world.local_chain.mine()
        await world.catch_up()
        await sender.step()
    assert (world.state(call), world.read(call).waiting_reason) == (CallState.MINED, ELSEWHERE)
    assert caplog.text.count(ELSEWHERE) == 1
    node.cut = False
    world.local_chain.mine()
    await world.finish(call, sender=sender)
    await node.close()
    assert (world.state(call), world.read(call).waiting_reason) == (CallState.SETTLED, None)


class Swallowing(Node):
    """A node that keeps what it is given to itself, and says that it was carried out (`where`), and changed nothing."""

    where: BlockHeader

    async def send(self, raw: bytes) -> bytes:
        return keccak(raw)

    async def receipts(self, transactions: Sequence[bytes]) -> list[TransactionReceipt | None]:
        return [
            TransactionReceipt(
                transaction=one,
                block=self.where.number,
                block_hash=self.where.hash,
                succeeded=True,
                gas_used=50_000,
                logs=(),
                contract=None,
            )
            for one in transactions
        ]


async def test_a_change_of_status_that_never_was_does_not_settle(world: World) -> None:
    await world.finish(world.anchor(0, 5), world.add("suspend", serials=[4]))
    node = Swallowing(world.local_chain.url)
    node.where = await world.node.latest()
    sender = world.sender(node=node, signers=(world.clerk,))
    world.usual_sender._leases.release()
    revoke = world.add("revoke", serials=[3, 4])
    for _ in range(4):
        await sender.step()
        world.local_chain.mine()
        await world.catch_up()
    assert (world.state(revoke), world.read(revoke).waiting_reason) == (CallState.MINED, EFFECT_MISSING)
    sender._leases.release()
    await node.close()
    world.clock.now += 6
    await world.finish(revoke)
    assert changes(world) == [(2, (4,)), (1, (3, 4))]


async def test_what_changed_nothing_settles_though_it_was_changed_back_in_its_block(world: World) -> None:
    await world.finish(world.anchor(0, 5), world.add("suspend", serials=[4]))
    world.local_chain.rpc("evm_setAutomine", False)
    try:
        again = world.add("suspend", serials=[4])
        await world.usual_sender.step()
        back = world.add("reinstate", serials=[4])
        await world.usual_sender.step()
        world.local_chain.mine()
    finally:
        world.local_chain.rpc("evm_setAutomine", True)
    await world.finish(again, back)
    assert world.read(again).block == world.read(back).block
    assert (world.state(again), world.state(back)) == (CallState.SETTLED, CallState.SETTLED)


class Mistaken(Node):
    """A node that answers with the receipt of another transaction than it was asked for."""

    other = b""

    async def request(self, method: str, *parameters: Json) -> Json:
        if method == "eth_getTransactionReceipt":
            parameters = ("0x" + self.other.hex(),)
        return await super().request(method, *parameters)

    async def batch(self, requests: Sequence[Request]) -> list[Json | NodeRefused]:
        return [await self.request(method, *parameters) for method, parameters in requests]


async def test_a_receipt_of_another_transaction_is_none(world: World) -> None:
    anchor = world.anchor(0)
    await world.finish(anchor)
    node = Mistaken(world.local_chain.url)
    ours = world.read(anchor).tx_hash
    assert ours is not None
    node.other = ours
    with pytest.raises(NodeInconsistent, match="receipt of another transaction"):
        await node.receipts([b"x" * 32])
    assert len(await node.receipts([ours])) == 1
    await node.close()


class Denying(Node):
    """A node that says of everything that was carried out that it was reverted."""

    async def receipts(self, transactions: Sequence[bytes]) -> list[TransactionReceipt | None]:
        return [one and replace(one, succeeded=False, logs=()) for one in await super().receipts(transactions)]


async def test_a_node_that_denies_what_our_copy_has_read_is_not_believed(world: World) -> None:
    node = Denying(world.local_chain.url)
    sender = world.sender(node=node)
    anchor = world.anchor(0, 5)
    await world.finish(anchor, sender=sender)
    revoke = world.add("revoke", serials=[3])
    await world.finish(revoke, sender=sender)
    await node.close()
    assert (world.state(anchor), world.state(revoke)) == (CallState.SETTLED, CallState.SETTLED)
    assert (anchored(world), changes(world)) == ([(0, 5)], [(1, (3,))])


class Burying(Node):
    """A node that says of what it has not seen that a block reverted it long ago, of which our copy kept no header.

    `counts`: it also says that the keys have used up many nonces by then.
    """

    counts = False

    async def receipts(self, transactions: Sequence[bytes]) -> list[TransactionReceipt | None]:
        first = (await self.blocks([1]))[0]
        return [
            TransactionReceipt(
                transaction=one,
                block=first.number,
                block_hash=first.hash,
                succeeded=False,
                gas_used=50_000,
                logs=(),
                contract=None,
            )
            for one in transactions
        ]

    async def nonces_at(
        self, addresses: Sequence[bytes], block: int, block_hash: bytes | None
    ) -> list[int | None] | None:
        found = await super().nonces_at(addresses, block, block_hash)
        return [100] * len(addresses) if found is not None and self.counts else found


@pytest.mark.parametrize("counts", [False, True])
async def test_a_call_does_not_fail_by_one_nodes_word_alone(world: World, *, counts: bool) -> None:
    await world.catch_up()
    call = world.anchor(0)
    await send_and_lose(world, call)
    world.usual_sender._leases.release()
    node = Burying(world.local_chain.url)
    node.counts = counts
    sender = world.sender(node=node)
    for _ in range(4):
        await sender.step()
        world.local_chain.mine()
        await world.catch_up()
    assert (world.state(call), world.read(call).waiting_reason) == (CallState.MINED, UNPROVED)
    sender._leases.release()
    await node.close()
    world.clock.now += 6
    await world.finish(call)
    assert anchored(world) == [(0, 1)]


class Inventing(Node):
    """A node that says of everything that was reverted that it was carried out."""

    async def receipts(self, transactions: Sequence[bytes]) -> list[TransactionReceipt | None]:
        return [one and replace(one, succeeded=True) for one in await super().receipts(transactions)]


async def test_people_see_that_a_node_claims_an_effect_that_our_copy_does_not_have(world: World) -> None:
    await world.catch_up()
    call = world.anchor(0)
    await send_and_lose(world, call)
    await world.administration.carry_out(world.bureau, [suspend_agency(AGENCY)])
    world.clock.now += 6
    world.usual_sender._leases.release()
    node = Inventing(world.local_chain.url)
    sender = world.sender(node=node)
    for _ in range(4):
        await sender.step()
        world.local_chain.mine()
        await world.catch_up()
    assert (world.state(call), world.read(call).waiting_reason) == (CallState.MINED, EFFECT_MISSING)
    await node.close()

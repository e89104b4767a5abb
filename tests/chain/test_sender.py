"""The sender on a real chain: every call once, in its order, whatever is in the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chain.administration import (
    ANCHOR,
    accredit,
    end_accreditation,
    reinstate_agency,
    remove_operator,
    set_operator,
    suspend_agency,
)
from chain.answers import TransactionReceipt
from chain.errors import ChainChanged, NodeRefused
from chain.headers import BlockHeader
from chain.ledger import encode_call
from chain.node import Node, Trial
from chain.signer import LocalSigner
from chain.transacting import Invocation, transact
from ecert.events import BatchAnchored, StatusChanged
from store.records import Call
from store.states import CallState
from tests.chain.world import AGENCY, OTHER_AGENCY, TITLE, World
from tests.local_chain import LocalChain


def anchored(world: World, agency: str = AGENCY) -> list[tuple[int, int]]:
    return [(one.first_serial, one.count) for one in world.events(agency) if isinstance(one, BatchAnchored)]


def changes(world: World) -> list[tuple[int, tuple[int, ...]]]:
    return [(one.status, one.serials) for one in world.events() if isinstance(one, StatusChanged)]


async def send_and_lose(world: World, call: Call) -> None:
    """Send a call, and let the node forget it before it is mined."""
    world.local_chain.rpc("evm_setAutomine", False)
    try:
        await world.usual_sender.step()
        assert world.state(call) is CallState.SENT
        ours = world.read(call).tx_hash
        assert ours is not None
        world.local_chain.rpc("hardhat_dropTransaction", "0x" + ours.hex())
    finally:
        world.local_chain.rpc("evm_setAutomine", True)


async def test_a_call_is_signed_sent_mined_and_settled(world: World) -> None:
    call = world.anchor(0, 10)
    await world.finish(call)
    settled = world.read(call)
    assert settled.state is CallState.SETTLED
    assert settled.nonce == 0
    assert anchored(world) == [(0, 10)]


async def test_a_call_settles_only_once_our_copy_has_its_effect(world: World) -> None:
    await world.catch_up()
    call = world.anchor(0)
    sender = world.usual_sender
    for _ in range(4):
        await sender.step()
    assert world.state(call) is CallState.MINED
    await world.catch_up()
    await sender.step()
    assert world.state(call) is CallState.SETTLED


async def test_a_call_settles_only_once_its_block_is_settled(world: World) -> None:
    deep = world.indexer(settled_depth=3)
    await world.catch_up(deep)
    call = world.anchor(0)
    sender = world.usual_sender
    for _ in range(3):
        await sender.step()
        await world.catch_up(deep)
    assert world.state(call) is CallState.MINED
    world.local_chain.mine(3)
    await world.catch_up(deep)
    await sender.step()
    assert world.state(call) is CallState.SETTLED


async def test_anchors_go_in_the_order_of_their_serials_whenever_they_were_written(world: World) -> None:
    written = [world.anchor(20, 5), world.anchor(0, 10), world.anchor(10, 10)]
    await world.finish(*written)
    assert anchored(world) == [(0, 10), (10, 10), (20, 5)]


async def test_many_calls_of_two_agencies_and_two_keys_all_settle(world: World) -> None:
    written = [
        world.anchor(serial, 10, agency=agency) for serial in range(0, 100, 10) for agency in (AGENCY, OTHER_AGENCY)
    ]
    written.append(world.add("revoke", serials=[3, 4, 5]))
    written.append(world.add("suspend", serials=[90, 12]))
    await world.finish(*written, rounds=60)
    assert {world.state(call) for call in written} == {CallState.SETTLED}
    assert anchored(world) == anchored(world, OTHER_AGENCY) == [(serial, 10) for serial in range(0, 100, 10)]
    assert changes(world) == [(1, (3, 4, 5)), (2, (90, 12))]


async def test_status_changes_of_one_serial_keep_their_order(world: World) -> None:
    written = [world.anchor(0)]
    written += [world.add(kind, serials=[0]) for kind in ("suspend", "reinstate", "suspend", "revoke")]
    await world.finish(*written, rounds=30)
    assert [status for status, _ in changes(world)] == [2, 0, 2, 1]


async def test_hundreds_of_status_changes_fit_in_one_call(world: World) -> None:
    serials = list(range(0, 256 * 128, 128))
    written = [world.anchor(0, 256 * 128), world.add("suspend", serials=serials)]
    await world.finish(*written, rounds=20)
    again = world.add("revoke", serials=serials)
    await world.finish(again)
    assert changes(world) == [(2, tuple(serials)), (1, tuple(serials))]


async def test_a_certificate_is_superseded_by_others(world: World) -> None:
    written = [world.anchor(0, 3), world.add("supersede", old=0, successors=[1, 2])]
    await world.finish(*written)
    assert {world.state(call) for call in written} == {CallState.SETTLED}


async def test_what_is_so_already_settles_without_an_event(world: World) -> None:
    first = [world.anchor(0, 3, root=b"r" * 32), world.add("revoke", serials=[1])]
    await world.finish(*first)
    again = world.add("revoke", serials=[1])
    await world.finish(again)
    assert world.state(again) is CallState.SETTLED
    assert changes(world) == [(1, (1,))]


async def test_what_the_ledger_refuses_for_good_fails_with_the_reason_and_its_values(world: World) -> None:
    await world.finish(world.anchor(0, 10))
    taken = world.anchor(5, 10)
    await world.finish(taken)
    failed = world.read(taken)
    assert failed.state is CallState.FAILED
    assert failed.error == f"SerialsTaken(agency={AGENCY}, firstSerial=5, nextSerial=10)"
    assert failed.nonce is None


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("revoke", {"serials": ["three"]}),
        ("revoke", {"serials": [-1]}),
        ("suspend", {}),
        ("supersede", {"old": 2**70, "successors": [1]}),
    ],
)
async def test_a_malformed_call_fails_and_holds_nothing_up(world: World, kind: str, args: dict[str, Any]) -> None:
    bad = world.add(kind, **args)
    await world.finish(bad, world.anchor(0))
    failed = world.read(bad)
    assert failed.state is CallState.FAILED
    assert "malformed" in (failed.error or "")


async def test_a_suspended_agency_waits_alone_and_goes_on_when_it_is_reinstated(world: World) -> None:
    await world.administration.carry_out(world.bureau, [suspend_agency(AGENCY)])
    held, free = world.anchor(0), world.anchor(0, agency=OTHER_AGENCY)
    await world.finish(free)
    assert world.state(held) is CallState.QUEUED
    assert world.read(held).waiting_reason == f"AgencyIsSuspended(agency={AGENCY})"
    await world.administration.carry_out(world.bureau, [reinstate_agency(AGENCY)])
    await world.finish(held)
    assert world.state(held) is CallState.SETTLED


async def test_a_suspended_agency_can_still_withdraw(world: World) -> None:
    await world.finish(world.anchor(0, 5))
    await world.administration.carry_out(world.bureau, [suspend_agency(AGENCY)])
    held, revoked = world.anchor(5), world.add("revoke", serials=[2])
    await world.finish(revoked)
    assert (world.state(held), world.state(revoked)) == (CallState.QUEUED, CallState.SETTLED)


async def test_a_type_that_is_not_accredited_waits(world: World) -> None:
    await world.administration.carry_out(world.bureau, [end_accreditation(AGENCY, TITLE)])
    held = world.anchor(0)
    await world.usual_sender.step()
    assert (world.read(held).waiting_reason or "").startswith(f"NotAccredited(agency={AGENCY}, certificateType=0x1111")
    await world.administration.carry_out(world.bureau, [accredit(AGENCY, TITLE, since=1)])
    await world.finish(held)


async def test_an_operator_that_was_removed_waits(world: World) -> None:
    await world.administration.carry_out(world.admin, [remove_operator(AGENCY, world.anchorer.address)])
    held = world.anchor(0)
    await world.usual_sender.step()
    assert (world.read(held).waiting_reason or "").startswith(f"NotAnOperator(agency={AGENCY}, ")
    await world.administration.carry_out(
        world.admin, [set_operator(AGENCY, world.anchorer.address, ANCHOR, until=int(time.time()) + 10_000_000)]
    )
    await world.finish(held)


async def test_a_status_change_waits_for_the_anchor_that_it_needs(world: World) -> None:
    await world.administration.carry_out(world.bureau, [suspend_agency(AGENCY)])
    anchor, revoke = world.anchor(0), world.add("revoke", serials=[0])
    sender = world.usual_sender
    await sender.step()
    assert (world.state(anchor), world.state(revoke)) == (CallState.QUEUED, CallState.QUEUED)
    assert (world.read(revoke).waiting_reason or "").startswith("UnknownSerial")
    await world.administration.carry_out(world.bureau, [reinstate_agency(AGENCY)])
    await world.finish(anchor, rounds=10)
    await world.finish(revoke)
    assert world.state(revoke) is CallState.SETTLED


async def test_two_senders_with_the_same_keys_send_everything_once(world: World) -> None:
    written = [world.anchor(serial, 10) for serial in range(0, 60, 10)]
    one, two = world.sender(), world.sender()
    indexer = world.indexer()
    for _ in range(20):
        await asyncio.gather(one.step(), two.step())
        await world.catch_up(indexer)
    assert {world.state(call) for call in written} == {CallState.SETTLED}
    assert anchored(world) == [(serial, 10) for serial in range(0, 60, 10)]
    assert (await world.node.account(world.anchorer.address)).nonce == 6


async def test_a_nonce_that_a_stranger_used_is_replaced_by_another(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.catch_up()
    call = world.anchor(0)
    await send_and_lose(world, call)
    stranger = LocalSigner(world.anchorer._account.key)
    await transact(world.node, stranger, [Invocation(to=world.bureau.address, data=b"")])
    await world.finish(call)
    assert world.state(call) is CallState.SETTLED
    assert world.read(call).nonce == 1
    assert anchored(world) == [(0, 1)]
    assert "to a transaction that we did not make" in caplog.text


async def test_that_somebody_else_uses_a_key_is_an_alarm(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.finish(world.anchor(0))
    stranger = LocalSigner(world.anchorer._account.key)
    await transact(world.node, stranger, [Invocation(to=world.bureau.address, data=b"")] * 2)
    call = world.anchor(1)
    await world.finish(call)
    assert world.read(call).nonce == 3
    assert "its next nonce is 3, and we gave it none above 0" in caplog.text


@pytest.mark.parametrize("other", [{"root": "0x" + "66" * 32}, {"certificate_type": "0x" + "77" * 32}, {"suite": 2}])
async def test_a_call_whose_nonce_and_serials_a_stranger_used_fails(world: World, other: dict[str, Any]) -> None:
    await world.administration.carry_out(world.bureau, [accredit(AGENCY, bytes.fromhex("77" * 32), since=1)])
    await world.catch_up()
    call = world.anchor(0)
    await send_and_lose(world, call)
    stranger = LocalSigner(world.anchorer._account.key)
    forged = encode_call("anchor", {**call.args, **other})
    await transact(world.node, stranger, [Invocation(to=world.deployment.ledger, data=forged)])
    await world.finish(call)
    await world.finish(world.anchor(1))
    assert world.read(call).error == f"SerialsTaken(agency={AGENCY}, firstSerial=0, nextSerial=1)"
    assert anchored(world) == [(0, 1), (1, 1)]


async def test_a_transaction_that_the_node_forgot_is_sent_again(world: World) -> None:
    sender = world.usual_sender
    await world.catch_up()
    call = world.anchor(0)
    world.local_chain.rpc("evm_setAutomine", False)
    try:
        await sender.step()
        sent = world.read(call)
        assert sent.tx_hash is not None
        world.local_chain.rpc("hardhat_dropTransaction", "0x" + sent.tx_hash.hex())
    finally:
        world.local_chain.rpc("evm_setAutomine", True)
    assert not await sender.step()
    world.clock.now += 10
    await sender.step()
    assert world.read(call).attempts == sent.attempts + 1
    await world.finish(call)
    assert world.read(call).tx_hash == sent.tx_hash


async def test_a_block_that_is_undone_brings_its_call_back(world: World) -> None:
    sender = world.usual_sender
    deep = world.indexer(settled_depth=5)
    await world.catch_up(deep)
    call = world.anchor(0)
    snapshot = world.local_chain.snapshot()
    for _ in range(3):
        await sender.step()
        await world.catch_up(deep)
    assert world.state(call) is CallState.MINED
    world.local_chain.roll_back(snapshot)
    world.local_chain.mine(2)
    await world.catch_up(deep)
    assert anchored(world) == []
    await sender.step()
    world.local_chain.mine(7)
    for _ in range(4):
        await world.catch_up(deep)
        await sender.step()
    assert world.state(call) is CallState.SETTLED
    assert anchored(world) == [(0, 1)]


class CutOff(Node):
    """A node on a fork of its own, where what was sent is reverted, until it is back with the others."""

    cut = True

    async def receipts(self, transactions: Sequence[bytes]) -> list[TransactionReceipt | None]:
        found = await super().receipts(transactions)
        if not self.cut:
            return found
        return [one and replace(one, block_hash=b"elsewhere".rjust(32), succeeded=False, logs=()) for one in found]


async def test_a_revert_in_a_block_that_our_copy_does_not_have_is_not_the_end(world: World) -> None:
    node = CutOff(world.local_chain.url)
    sender = world.sender(node=node)
    call = world.anchor(0)
    for _ in range(4):
        await sender.step()
        await world.catch_up()
    assert world.state(call) is CallState.MINED
    node.cut = False
    world.local_chain.mine()
    await world.finish(call, sender=sender)
    await node.close()
    assert world.state(call) is CallState.SETTLED
    assert anchored(world) == [(0, 1)]


class Behind(Node):
    """A node that is `behind` blocks behind the others."""

    behind = 0

    async def latest(self) -> BlockHeader:
        head = await super().latest()
        return await self.block(head.number - self.behind) if self.behind else head

    async def try_out(self, to: bytes, data: bytes, *, sender: bytes, question: bytes, at: bytes) -> Trial:
        trial = await super().try_out(to, data, sender=sender, question=question, at=at)
        try:
            await self.call(to, data, at=(await self.latest()).hash, sender=sender)
        except NodeRefused as refusal:
            return replace(trial, gas=refusal)
        return trial


async def test_what_a_node_refuses_that_is_behind_our_copy_is_asked_again(world: World) -> None:
    before = (await world.node.latest()).number
    await world.finish(world.anchor(0, 10))
    node = Behind(world.local_chain.url)
    node.behind = (await world.node.latest()).number - before
    sender = world.sender(node=node, signers=(world.clerk,))
    call = world.add("revoke", serials=[3])
    await sender.step()
    assert world.state(call) is CallState.QUEUED
    assert (world.read(call).waiting_reason or "").startswith("UnknownSerial")
    node.behind = 0
    world.clock.now += 3
    await world.finish(call, sender=sender)
    await node.close()
    assert changes(world) == [(1, (3,))]


async def test_a_settled_call_whose_block_is_undone_nevertheless_is_brought_back(world: World) -> None:
    await world.catch_up()
    call = world.anchor(0)
    snapshot = world.local_chain.snapshot()
    await world.finish(call)
    world.local_chain.roll_back(snapshot)
    world.local_chain.mine(5)
    await world.catch_up()
    assert anchored(world) == []
    later = world.anchor(1)
    await world.finish(call, later)
    await world.finish(later)
    assert anchored(world) == [(0, 1), (1, 1)]


async def test_a_key_without_money_waits_and_holds_no_other_key_up(world: World) -> None:
    poor = LocalSigner.generate()
    await world.administration.carry_out(world.admin, [set_operator(AGENCY, poor.address, ANCHOR)])
    held = world.add(
        "anchor",
        sender=poor,
        certificate_type="0x" + TITLE.hex(),
        suite=1,
        root="0x" + "22" * 32,
        first_serial=0,
        count=1,
    )
    free = world.anchor(0, agency=OTHER_AGENCY)
    sender = world.sender(signers=(poor, world.anchorer))
    await world.finish(free, sender=sender)
    assert world.state(held) is CallState.QUEUED
    assert (world.read(held).waiting_reason or "").startswith(f"no_funds(key=0x{poor.address.hex()}, balance=0, ")
    world.local_chain.rpc("hardhat_setBalance", "0x" + poor.address.hex(), hex(10**22))
    await world.finish(held, sender=sender)
    assert world.state(held) is CallState.SETTLED


async def test_calls_of_one_block_are_mined_together(world: World) -> None:
    await world.catch_up()
    written = [world.anchor(serial, 10) for serial in (0, 10, 20)]
    world.local_chain.rpc("evm_setAutomine", False)
    try:
        await world.usual_sender.step()
        assert {world.state(call) for call in written} == {CallState.SENT}
        world.local_chain.mine()
    finally:
        world.local_chain.rpc("evm_setAutomine", True)
    await world.finish(*written)
    assert len({world.read(call).block for call in written}) == 1


async def test_a_restarted_chain_is_refused_before_anything_is_signed(world: World) -> None:
    await world.catch_up()
    call = world.anchor(0)
    with LocalChain() as restarted:
        node = Node(restarted.url)
        with pytest.raises(ChainChanged, match="begins anew"):
            await world.sender(node=node).step()
        await node.close()
    assert world.state(call) is CallState.QUEUED


async def test_the_sender_stops_when_it_is_told_and_gives_its_keys_back(world: World) -> None:
    stop = asyncio.Event()
    sender = world.usual_sender
    running = asyncio.create_task(sender.run(stop))
    call = world.anchor(0)
    for _ in range(100):
        await world.catch_up()
        if world.state(call) is CallState.SETTLED:
            break
        await asyncio.sleep(0.05)
    stop.set()
    await running
    assert world.state(call) is CallState.SETTLED
    after = world.anchor(1)
    await world.finish(after)
    assert world.state(after) is CallState.SETTLED

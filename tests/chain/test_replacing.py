"""What is stuck in the nodes' pools: a higher price where one helps, an alarm where none does; still once, whatever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.lifecycle import REPLACE_AFTER, STUCK, After, Written, decide
from chain.signed import Unreadable, read_signed, signer_of
from chain.signer import LocalSigner
from chain.steps import Replace, Resend, Wait
from chain.transaction import DynamicFee, Fee, LegacyFee, Transaction, most_of, outbid
from ecert.events import BatchAnchored
from store import calls
from store.records import Call
from store.states import CallState
from tests.chain.world import World

NOBODY = LocalSigner(b"\x01" * 32)


def seen(*, next_in_line: bool = True, can_rise: bool = True) -> After:
    return After(
        receipt=None,
        consumed=False,
        consumed_settled=False,
        settled_block=5,
        effect=None,
        next_in_line=next_in_line,
        can_rise=can_rise,
    )


def sent(*, signed_at: float, sent_at: float = 100.0) -> Written:
    return Written(state=CallState.SENT, signed_at=signed_at, sent_at=sent_at)


def test_bytes_that_are_stuck_are_replaced_where_prices_can_rise() -> None:
    assert decide(sent(signed_at=70), seen(), 100.0) == Replace()
    assert decide(sent(signed_at=71), seen(), 100.0) == Wait()


def test_bytes_that_are_stuck_are_sent_again_with_an_alarm_where_prices_cannot_rise() -> None:
    assert decide(sent(signed_at=70, sent_at=94), seen(can_rise=False), 100.0) == Resend(stuck=True)
    assert decide(sent(signed_at=70, sent_at=96), seen(can_rise=False), 100.0) == Wait(reason=STUCK)


def test_only_what_is_next_in_line_is_stuck() -> None:
    assert decide(sent(signed_at=0), seen(next_in_line=False), 100.0) == Wait()
    assert decide(sent(signed_at=0, sent_at=90), seen(next_in_line=False), 100.0) == Resend()


def test_a_clock_that_was_set_back_keeps_nothing_waiting() -> None:
    assert decide(sent(signed_at=4_000, sent_at=4_000), seen(can_rise=False), 100.0) == Resend(stuck=True)


@pytest.mark.parametrize(
    ("fee", "market", "wanted"),
    [
        (LegacyFee(gas_price=0), LegacyFee(gas_price=0), None),
        (DynamicFee(most=0, priority=0), DynamicFee(most=0, priority=0), None),
        (LegacyFee(gas_price=100), LegacyFee(gas_price=100), LegacyFee(gas_price=126)),
        (LegacyFee(gas_price=100), LegacyFee(gas_price=500), LegacyFee(gas_price=500)),
        (LegacyFee(gas_price=900), LegacyFee(gas_price=100), None),
        (
            DynamicFee(most=80, priority=8),
            DynamicFee(most=800, priority=8),
            DynamicFee(most=800, priority=11),
        ),
    ],
)
def test_a_bid_follows_the_market_and_is_a_quarter_more_than_the_last(fee: Fee, market: Fee, wanted: Fee) -> None:
    assert outbid(fee, market) == wanted


@given(price=st.integers(1, 10**12), market=st.integers(1, 10**12))
def test_bidding_ends(price: int, market: int) -> None:
    bids: list[Fee] = [LegacyFee(gas_price=price)]
    while (higher := outbid(bids[-1], LegacyFee(gas_price=market))) is not None:
        assert most_of(higher) * 10 >= most_of(bids[-1]) * 11
        bids.append(higher)
    assert all(most_of(one) <= 10 * market for one in bids[1:])


@given(
    nonce=st.integers(0, 2**40),
    gas=st.integers(21_000, 2**24),
    data=st.binary(max_size=300),
    fee=st.one_of(
        st.builds(LegacyFee, gas_price=st.integers(0, 10**15)),
        st.integers(0, 10**15).map(lambda one: DynamicFee(most=2 * one, priority=one)),
    ),
)
async def test_what_was_signed_can_be_read_back(nonce: int, gas: int, data: bytes, fee: Fee) -> None:
    asked = Transaction(chain_id=20260, nonce=nonce, to=b"\x22" * 20, data=data, gas=gas, fee=fee)
    signed = await NOBODY.sign(asked)
    assert read_signed(signed.raw) == asked
    assert signer_of(signed.raw) == NOBODY.address


@pytest.mark.parametrize("junk", [b"", b"\x02", b"\x02\xc0", b"\xc0", b"\x01\xc0", b"junk", b"\xf8"])
def test_what_is_no_transaction_is_not_read(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        read_signed(junk)
    with pytest.raises(Unreadable):
        signer_of(junk)


@pytest.fixture
def without_mining(world: World) -> Iterator[World]:
    world.local_chain.rpc("evm_setAutomine", False)
    yield world
    world.local_chain.rpc("evm_setAutomine", True)
    base_fee = 10**9
    world.local_chain.rpc("hardhat_setNextBlockBaseFeePerGas", hex(base_fee))
    world.local_chain.mine()


async def outpriced(world: World) -> Call:
    """A call whose bytes nobody mines any more, since the price of gas has risen under it."""
    call = world.anchor(0)
    await world.usual_sender.step()
    assert world.state(call) is CallState.SENT
    raw = world.read(call).raw
    assert raw is not None
    most = most_of(read_signed(raw).fee)
    world.local_chain.rpc("hardhat_setNextBlockBaseFeePerGas", hex(most + 1))
    world.local_chain.mine()
    world.clock.now += REPLACE_AFTER + 1
    return call


async def test_a_stuck_call_is_replaced_and_happens_once(without_mining: World) -> None:
    world = without_mining
    await world.catch_up()
    call = await outpriced(world)
    first = world.read(call).raw
    await world.usual_sender.step()
    replaced = world.read(call)
    assert replaced.raw is not None
    assert first is not None
    before, after = read_signed(first), read_signed(replaced.raw)
    assert (after.nonce, after.data) == (before.nonce, before.data)
    assert most_of(after.fee) > most_of(before.fee)
    world.local_chain.mine()
    await world.finish(call)
    assert world.state(call) is CallState.SETTLED
    with world.database.read() as connection:
        assert len(calls.forms(connection, [call.id])[call.id]) == 2
    assert len([one for one in world.events() if isinstance(one, BatchAnchored)]) == 1


async def test_what_was_replaced_may_still_be_the_one_that_is_mined(without_mining: World) -> None:
    world = without_mining
    await world.catch_up()
    call = await outpriced(world)
    first = world.read(call)
    await world.usual_sender.step()
    newest = world.read(call)
    assert first.tx_hash is not None
    assert newest.tx_hash is not None
    assert first.raw is not None
    world.local_chain.rpc("hardhat_dropTransaction", "0x" + newest.tx_hash.hex())
    world.local_chain.rpc("hardhat_setNextBlockBaseFeePerGas", hex(10**9))
    await world.node.send(first.raw)
    world.local_chain.mine()
    await world.finish(call)
    assert world.state(call) is CallState.SETTLED
    assert (await world.node.account(world.anchorer.address)).nonce == 1


async def test_a_key_that_cannot_pay_more_keeps_its_bytes_and_raises_an_alarm(
    without_mining: World, caplog: pytest.LogCaptureFixture
) -> None:
    world = without_mining
    await world.catch_up()
    call = await outpriced(world)
    before = world.read(call)
    world.local_chain.rpc("hardhat_setBalance", "0x" + world.anchorer.address.hex(), hex(10**9))
    await world.usual_sender.step()
    after = world.read(call)
    assert after.raw == before.raw
    assert after.state is CallState.SENT
    assert "doesn't have enough funds" in (after.waiting_reason or "")
    assert after.waiting_reason in caplog.text
    world.local_chain.rpc("hardhat_setBalance", "0x" + world.anchorer.address.hex(), hex(10**22))

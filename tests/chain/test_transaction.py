"""Fees, refusals and gas: decided without asking anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import NodeRefused
from chain.ledger import gas_limit
from chain.sending import Fate, read_complaint
from chain.sizes import MAX_SERIALS
from chain.transaction import DynamicFee, LegacyFee, choose_fee, most_of


def test_a_network_that_asks_for_nothing_is_paid_nothing() -> None:
    assert choose_fee(base_fee=None, gas_price=0, priority=None) == LegacyFee(gas_price=0)
    assert choose_fee(base_fee=0, gas_price=0, priority=0) == LegacyFee(gas_price=0)


def test_blocks_without_a_base_fee_are_paid_the_proposed_price() -> None:
    assert choose_fee(base_fee=None, gas_price=7, priority=None) == LegacyFee(gas_price=7)


def test_blocks_with_a_base_fee_are_paid_dynamically() -> None:
    assert choose_fee(base_fee=100, gas_price=150, priority=3) == DynamicFee(most=803, priority=3)


def test_without_a_proposed_priority_the_proposed_price_tells_it() -> None:
    assert choose_fee(base_fee=100, gas_price=150, priority=None) == DynamicFee(most=850, priority=50)
    assert choose_fee(base_fee=100, gas_price=None, priority=None) == DynamicFee(most=800, priority=0)


def test_a_node_that_proposes_no_price_at_all_is_not_guessed_for() -> None:
    with pytest.raises(NodeRefused, match="no price"):
        choose_fee(base_fee=None, gas_price=None, priority=None)


@given(st.integers(1, 10**12), st.none() | st.integers(0, 10**12), st.none() | st.integers(0, 10**12))
def test_a_dynamic_fee_survives_seventeen_full_blocks(
    base_fee: int, gas_price: int | None, priority: int | None
) -> None:
    fee = choose_fee(base_fee=base_fee, gas_price=gas_price, priority=priority)
    later = base_fee
    for _ in range(17):
        later += later // 8
    assert most_of(fee) >= later


@pytest.mark.parametrize(
    ("message", "fate"),
    [
        ("already known", Fate.KNOWN),  # go-ethereum, GoQuorum
        ("Known transaction", Fate.KNOWN),  # Besu
        ("Known transaction: 0x12", Fate.KNOWN),  # Hardhat
        ("nonce too low", Fate.TOO_LATE),  # go-ethereum, GoQuorum
        ("nonce too low: next nonce 5, tx nonce 4", Fate.TOO_LATE),
        ("Nonce too low", Fate.TOO_LATE),  # Besu
        ("Nonce too low. Expected nonce to be 5 but got 4. Note that ...", Fate.TOO_LATE),  # Hardhat
        ("replacement transaction underpriced", Fate.REFUSED),
        ("insufficient funds for gas * price + value", Fate.REFUSED),
        ("the moon is in the wrong quarter", Fate.REFUSED),
    ],
)
def test_a_node_s_complaint_tells_what_became_of_the_bytes(message: str, fate: Fate) -> None:
    assert read_complaint(NodeRefused("eth_sendRawTransaction", -32000, message)).fate is fate


def test_the_largest_call_fits_in_one_transaction() -> None:
    scattered = {"serials": [128 * place for place in range(MAX_SERIALS)]}
    assert gas_limit(scattered, MAX_SERIALS * 27_000, 30_000_000) < 2**24


def test_gas_has_room_for_words_that_another_call_empties() -> None:
    assert gas_limit({"serials": [1, 2, 200]}, 100_000, 30_000_000) == 100_000 * 5 // 4 + 30_000 + 2 * 22_100


def test_gas_never_exceeds_a_block() -> None:
    assert gas_limit({}, 4_000_000, 4_700_000) == 4_700_000

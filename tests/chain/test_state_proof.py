from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from eth_hash.auto import keccak

from chain.errors import NodeInconsistent
from chain.headers import STATE_ROOT, check_hash, fields_of
from chain.ledger import HEAD_SLOT
from chain.reading import proved_counts, read_counts
from chain.state_proof import proved_word
from tests.chain.world import World


async def test_both_contracts_prove_what_they_say_of_their_events(world: World) -> None:
    for _ in range(2):
        block = await world.node.latest()
        said = await read_counts(world.node, world.deployment, block)
        assert await proved_counts(world.node, world.deployment, block) == said
        await world.finish(world.anchor(0))


async def test_a_slot_that_was_never_written_is_proved_to_hold_nothing(world: World) -> None:
    proof, root = await proof_and_root(world, 77)
    assert proved_word(proof, state_root=root, address=world.deployment.ledger, slot=77) == bytes(32)


async def test_a_proof_holds_for_its_root_its_account_and_its_slot_alone(world: World) -> None:
    proof, root = await proof_and_root(world, HEAD_SLOT)
    good = {"state_root": root, "address": world.deployment.ledger, "slot": HEAD_SLOT}
    assert proved_word(proof, **good) != bytes(32)
    for other in ({"state_root": keccak(root)}, {"address": world.deployment.registry}, {"slot": 1}):
        with pytest.raises(NodeInconsistent):
            proved_word(proof, **good | other)


async def test_a_proof_with_anything_changed_in_it_proves_nothing(world: World) -> None:
    proof, root = await proof_and_root(world, HEAD_SLOT)
    changed = list(spoilt(proof))
    assert len(changed) > 50
    for one in changed:
        with pytest.raises(NodeInconsistent):
            proved_word(one, state_root=root, address=world.deployment.ledger, slot=HEAD_SLOT)


@pytest.mark.parametrize(
    "answer", [None, [], "0x", {}, {"storageProof": []}, {"storageProof": [{}], "accountProof": 7}]
)
def test_what_is_no_proof_proves_nothing(answer: Any) -> None:
    with pytest.raises(NodeInconsistent):
        proved_word(answer, state_root=bytes(32), address=bytes(20), slot=0)


def test_a_proof_that_is_nested_without_end_proves_nothing() -> None:
    node = b"\xc0"
    for _ in range(30_000):
        size = len(node)
        node = (
            bytes([0xC0 + size])
            if size < 56
            else bytes([0xF7 + (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8)
        ) + node
    answer = {"accountProof": ["0x" + node.hex()], "storageProof": [{"proof": []}]}
    with pytest.raises(NodeInconsistent):
        proved_word(answer, state_root=keccak(node), address=bytes(20), slot=0)


async def proof_and_root(world: World, slot: int) -> tuple[Any, bytes]:
    """What the node says of a slot of the ledger, and the state root of the block that it is of."""
    block = await world.node.latest()
    (proof,) = await world.node.proofs([world.deployment.ledger], slot, at=block.hash)
    return proof, fields_of(check_hash(block))[STATE_ROOT]


def spoilt(proof: Any) -> Iterator[Any]:
    """Leave out each node, and change a byte here and there of each."""
    for get in (lambda one: one["accountProof"], lambda one: one["storageProof"][0]["proof"]):
        for index, node in enumerate(get(proof)):
            shorter = copy.deepcopy(proof)
            del get(shorter)[index]
            yield shorter
            for at in range(2, len(node), 37):
                other = copy.deepcopy(proof)
                get(other)[index] = node[:at] + ("1" if node[at] != "1" else "2") + node[at + 1 :]
                yield other

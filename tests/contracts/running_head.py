"""The running head, recomputed as contracts/README.md says it; shares nothing with the contracts."""

from collections.abc import Iterable

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.contracts.world import Event


def first_head(chain_id: int, address: str, block_hash_before: bytes) -> bytes:
    """Head 0, which is the instance."""
    hashed = keccak(encode(["uint256", "address", "bytes32"], [chain_id, address, block_hash_before]))
    return hashed[:27] + bytes(5)


def next_head(before: bytes, event: Event) -> bytes:
    """The head after an event."""
    fields = keccak(encode(event.types, event.fields))
    types = ["bytes32", "uint64", "uint64", "bytes32", "bytes32"]
    hashed = keccak(encode(types, [before, event.sequence, event.time, event.topic, fields]))
    return hashed[:27] + event.sequence.to_bytes(5, "big")


def check(instance: bytes, events: Iterable[Event]) -> bytes:
    """The last head; asserts that events are numbered from 1 and carry the heads that they should."""
    head = instance
    for number, event in enumerate(events, start=1):
        head = next_head(head, event)
        assert (event.instance, event.sequence, event.head) == (instance, number, head), event
    return head

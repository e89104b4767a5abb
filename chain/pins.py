"""What tells this chain and these contracts from all others, as found on a node.

Chain id and addresses repeat on every local chain; genesis and instances do not, and code hashes tell a contract that
only looks like ours. The indexer keeps what it found at its first start and refuses everything else from then on.
"""

from __future__ import annotations

from eth_hash.auto import keccak

from chain.artifact import artifact
from chain.errors import NodeInconsistent
from chain.node import Node
from ecert.agency import ledger_name
from store.records import Pins

NOTHING = b""
"""What is found of a contract that is not there."""


async def read_pins(node: Node, *, access_manager: bytes, registry: bytes, ledger: bytes) -> Pins:
    """Find out what is there now. A contract that is not there has `NOTHING` as instance and as code hash."""
    chain_id = await node.chain_id()
    genesis, head = (await node.block(0)).hash, await node.latest()
    codes = await node.codes([access_manager, registry, ledger])
    instances = [
        await read_instance(node, contract, head.hash) if code else NOTHING
        for contract, code in zip((registry, ledger), codes[1:], strict=True)
    ]
    hashes = [keccak(code) if code else NOTHING for code in codes]
    return Pins(
        ledger=ledger_name(chain_id, ledger),
        chain_id=chain_id,
        genesis=genesis,
        registry=registry,
        registry_instance=instances[0],
        ledger_instance=instances[1],
        access_manager_code=hashes[0],
        registry_code=hashes[1],
        ledger_code=hashes[2],
    )


async def read_instance(node: Node, contract: bytes, block: bytes) -> bytes:
    """What a contract says it is, in the block with that hash; `NOTHING` where it is none of ours."""
    return as_instance(await node.call(contract, instance_question(), at=block))


def instance_question() -> bytes:
    """What to ask a contract that is to say what it is."""
    return artifact("CertificateLedger").functions["instance"].encode()


def as_instance(answer: bytes) -> bytes:
    """Read what a contract answered to that; `NOTHING` where it is none of ours."""
    try:
        found: bytes = artifact("CertificateLedger").functions["instance"].decode_output(answer)[0]
    except NodeInconsistent:
        return NOTHING  # a contract that is not ours may answer anything; that is a difference, not an error
    return found

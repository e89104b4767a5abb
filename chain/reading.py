"""One stretch of the chain, read and checked: blocks, the contracts' events in them, and where their counts end.

Nothing here is believed singly: blocks must follow each other from the one that we have, every log must be in one of
those blocks, events must follow each other in number and running head, and where the contracts' state can still be
asked it must end where their events end. Where the node proves that state from the block's own state root, events are
as sure as the block is. A node that loses, invents or changes anything is `NodeInconsistent`, and nothing of the
stretch is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chain.answers import Log
from chain.decoding import Chained, follow, is_chained
from chain.deployment import Deployment
from chain.errors import NodeInconsistent
from chain.headers import STATE_ROOT, BlockHeader, check_hash, fields_of
from chain.ledger import HEAD_SLOT, decode_reading, reading_calls, reading_of
from chain.node import Node
from chain.state_proof import proved_word
from ecert.events import Reading
from store.records import Cursor
from store.states import Contract

WINDOW = 1_000
"""The most blocks that are read at once; what nodes allow in one `eth_getLogs`."""

STATE_KEPT = 100
"""How many blocks back a contract is asked for its state; a node without an archive keeps 128."""

Counts = Mapping[Contract, Reading]
"""Where each contract's events stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Blocks after the one that we had, up to `last`, with all events in them and the counts at its end.

    `blocks` has the last one, those with events, and near the head all of them; ascending.
    """

    last: BlockHeader
    blocks: tuple[BlockHeader, ...]
    events: tuple[Chained, ...]
    counts: Counts


async def read_stretch(
    node: Node,
    deployment: Deployment,
    *,
    parent: tuple[int, bytes],
    counts: Counts,
    head: BlockHeader,
    all_from: int,
    hashed: bool = False,
    proved: bool = False,
    window: int = WINDOW,
) -> Stretch:
    """Read the blocks after `parent` (number, hash), at most `window` of them, at most up to `head`.

    Args:
        node: of the chain.
        deployment: whose events.
        parent: the last block that we have.
        counts: where the contracts' events stood in it.
        head: the node's latest block.
        all_from: from this block on every header is kept; below it only those with events.
        hashed: whether the network's block hashes can be computed, and so must fit.
        proved: whether the contracts' state must be proved from the block.
        window: the most blocks to read.

    Raises:
        NodeInconsistent: what was read cannot be true.
    """
    number, _ = parent
    last = min(head.number, number + window)
    logs = await node.logs(deployment.contracts, number + 1, last)
    wanted = {last} | {log.block for log in logs} | set(range(max(number + 1, all_from), last + 1))
    blocks = {block.number: block for block in await node.blocks(sorted(wanted))}
    if hashed:
        for block in blocks.values():
            check_hash(block)
    _check_links(parent, blocks)
    events, reached = _follow_all(deployment, counts, logs, blocks)
    if head.number - last <= STATE_KEPT:
        await _check_state(node, deployment, blocks[last], reached, proved=proved)
    ordered = tuple(blocks[one] for one in sorted(blocks))
    return Stretch(last=blocks[last], blocks=ordered, events=events, counts=reached)


def counts_at(cursor: Cursor) -> Counts:
    """Where the events of both contracts stand in a cursor."""
    return {
        Contract.REGISTRY: Reading(sequence=cursor.registry_sequence, head=cursor.registry_head),
        Contract.LEDGER: Reading(sequence=cursor.ledger_sequence, head=cursor.ledger_head),
    }


async def read_counts(node: Node, deployment: Deployment, block: BlockHeader) -> Counts:
    """Where both contracts say that their events stand in one block."""
    asked = [call for contract in deployment.contracts for call in reading_calls(contract)]
    answers = await node.calls(asked, at=block.hash)
    return {Contract.REGISTRY: decode_reading(*answers[:2]), Contract.LEDGER: decode_reading(*answers[2:])}


async def proved_counts(node: Node, deployment: Deployment, block: BlockHeader) -> Counts:
    """Where both contracts' events stand in one block, proved from its state root, or else `NodeInconsistent`."""
    root = fields_of(check_hash(block))[STATE_ROOT]
    answers = await node.proofs(deployment.contracts, HEAD_SLOT, at=block.hash)
    registry, ledger = (
        reading_of(proved_word(answer, state_root=root, address=contract, slot=HEAD_SLOT))
        for contract, answer in zip(deployment.contracts, answers, strict=True)
    )
    return {Contract.REGISTRY: registry, Contract.LEDGER: ledger}


def _check_links(parent: tuple[int, bytes], blocks: Mapping[int, BlockHeader]) -> None:
    """Every block whose predecessor is here, too, must name it as its parent."""
    hashes = {number: block.hash for number, block in blocks.items()} | dict([parent])
    for number, block in blocks.items():
        expected = hashes.get(number - 1)
        if expected is not None and block.parent != expected:
            raise NodeInconsistent(f"block {number} does not follow the block before it; the chain moved meanwhile")


def _follow_all(
    deployment: Deployment, counts: Counts, logs: Sequence[Log], blocks: Mapping[int, BlockHeader]
) -> tuple[tuple[Chained, ...], Counts]:
    reached = dict(counts)
    contracts: Mapping[bytes, tuple[Contract, bytes]] = {
        deployment.registry: (Contract.REGISTRY, deployment.registry_instance),
        deployment.ledger: (Contract.LEDGER, deployment.ledger_instance),
    }
    events = []
    for log, contract, instance in _ours(logs, contracts):
        block = blocks[log.block]
        if log.block_hash != block.hash:
            raise NodeInconsistent(f"a log of block {log.block} belongs to another block of that height")
        chained = follow(contract, reached[contract], log, instance=instance, time=block.time)
        reached[contract] = chained.reading
        events.append(chained)
    return tuple(events), reached


def _ours(
    logs: Sequence[Log], contracts: Mapping[bytes, tuple[Contract, bytes]]
) -> Iterable[tuple[Log, Contract, bytes]]:
    for log in logs:
        found = contracts.get(log.address)
        if found is None:
            raise NodeInconsistent("the node gave a log of a contract that was not asked for")
        contract, instance = found
        if is_chained(contract, log):
            yield log, contract, instance


async def _check_state(node: Node, deployment: Deployment, block: BlockHeader, counts: Counts, *, proved: bool) -> None:
    said = await (proved_counts if proved else read_counts)(node, deployment, block)
    for contract, reading in counts.items():
        if said[contract] != reading:
            raise NodeInconsistent(
                f"in block {block.number} the {contract} has {said[contract].sequence} events, and the node's logs end"
                f" with number {reading.sequence}: the node has lost or changed a log"
            )

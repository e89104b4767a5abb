"""Making the evidence of an anchor from a node: the block's header, and what proves one of its receipts.

Headers and receipts are written from the fields that the node gives, and count only where they make the block hash that
the indexer has kept, and the receipts root. What is made is proved before anybody gets it, with the validators whom
the header names: that shows that it is whole. Whom a verifier believes is the verifier's to say.

Clients of today give all receipts of a block at once; GoQuorum and Hardhat are asked for each.
"""

from __future__ import annotations

from collections.abc import Sequence

from chain.anchor_evidence import AnchorEvidence, Proved, SealedBlock, prove, prove_block, read_anchor
from chain.answers import Json, as_int
from chain.deployment import Deployment
from chain.errors import AnchorUnproved, NodeInconsistent
from chain.headers import RECEIPTS_ROOT, as_header, check_hash, fields_of
from chain.node import Node
from chain.receipt_rlp import ReceiptLog, read_receipt, write_receipt
from chain.receipt_trie import ReceiptTrie
from chain.rpc import Request
from chain.seals import is_sealed, read_seals
from ecert.events import BatchAnchored, Place
from ecert.facts import BatchFacts


async def make_evidence(
    node: Node, deployment: Deployment, agency: str, batch: BatchFacts, *, block_hash: bytes
) -> AnchorEvidence:
    """Make the evidence of a batch.

    Args:
        node: of the chain.
        deployment: of the batch's ledger.
        agency: whose batch.
        batch: as our copy of the ledger has it.
        block_hash: of its block, as the indexer has kept it.

    Raises:
        AnchorUnproved: nothing can be proved on this network: its blocks are not sealed by validators, or by too few.
        NodeError: the node is away, or does not have this block with this batch.
    """
    block = await node.request("eth_getBlockByNumber", hex(batch.block), False)
    header = as_header(block)
    encoded = check_hash(header)
    if header.hash != block_hash:
        raise NodeInconsistent(f"the node has another block {header.number} than the one that was read")
    sealed = prove_block(encoded, _named(encoded))
    receipts = await read_receipts(node, block)
    receipt, log = _place(receipts, sealed, deployment, agency, batch)
    proof = ReceiptTrie.of(receipts).proof(receipt)
    made = AnchorEvidence(header=encoded, receipt=receipt, log=log, proof=proof)
    _prove(made, _named(encoded), deployment)
    return made


async def read_receipts(node: Node, block: Json) -> list[bytes]:
    """Give all receipts of a block, as the node gave it, as they stand in its trie.

    Raises:
        NodeInconsistent: the node's receipts are not those of the block.
    """
    header = as_header(block)
    answers = await node.if_known("eth_getBlockReceipts", hex(header.number))
    if not isinstance(answers, list):
        named = _transactions(block)
        asked: list[Request] = [("eth_getTransactionReceipt", [name]) for name in named]
        answers = await node.all(asked)
    receipts = [write_receipt(answer) for answer in sorted(answers, key=_index)]
    if ReceiptTrie.of(receipts).root != fields_of(check_hash(header))[RECEIPTS_ROOT]:
        raise NodeInconsistent(f"the receipts that the node gives of block {header.number} are not those of its header")
    return receipts


def agrees(given: AnchorEvidence, made: AnchorEvidence, deployment: Deployment) -> bool:
    """Tell whether evidence that somebody has proves what newly made evidence does, if by other seals."""
    validators = _named(made.header)
    try:
        return _prove(given, validators, deployment) == _prove(made, validators, deployment)
    except AnchorUnproved:
        return False


def _prove(evidence: AnchorEvidence, validators: frozenset[bytes], deployment: Deployment) -> Proved:
    ledger, instance = deployment.ledger, deployment.ledger_instance
    return prove(evidence, validators=validators, after=-1, ledger=ledger, instance=instance)


def _named(header: bytes) -> frozenset[bytes]:
    return read_seals(header).validators if is_sealed(header) else frozenset()


def _place(
    receipts: Sequence[bytes], block: SealedBlock, deployment: Deployment, agency: str, batch: BatchFacts
) -> tuple[int, int]:
    """Find the batch's event: which receipt, and which log of it."""
    for index, receipt in enumerate(map(read_receipt, receipts)):
        for place, log in enumerate(receipt.logs):
            if _is_of(log, block, deployment, agency, batch):
                return index, place
    raise NodeInconsistent(f"block {block.number} does not have the batch of {agency} that was read in it")


def _is_of(log: ReceiptLog, block: SealedBlock, deployment: Deployment, agency: str, batch: BatchFacts) -> bool:
    try:
        event = read_anchor(log, block, ledger=deployment.ledger, instance=deployment.ledger_instance)
    except AnchorUnproved:
        return False
    return event == BatchAnchored(
        place=Place(block=batch.block, time=batch.anchored, sequence=event.place.sequence),
        agency=agency,
        certificate_type=batch.certificate_type,
        suite=batch.suite,
        root=batch.root,
        first_serial=batch.first_serial,
        count=batch.count,
    )


def _transactions(block: Json) -> list[Json]:
    named = block.get("transactions") if isinstance(block, dict) else None
    if not isinstance(named, list):
        raise NodeInconsistent("the node gave a block without a list of transactions")
    return named


def _index(receipt: Json) -> int:
    if not isinstance(receipt, dict):
        raise NodeInconsistent("the node does not have a receipt of a block that it gave")
    return as_int(receipt.get("transactionIndex"), "transaction index")

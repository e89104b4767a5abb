"""Which kind of network a node belongs to, told from what it answers: how deep a block must be to stay.

development   Hardhat, anvil: one node; blocks stay unless a person rolls them back
qbft          QBFT, IBFT (GoQuorum, Besu): a mined block is final
clique        blocks stay once more than half of the signers have built on them
other         twelve blocks, unless the settings say otherwise

Trust: the node is believed about the kind of its network, at each start; but where the last block that we have was
sealed by validators, no node is that says otherwise. Where its head's hash is that of the head's fields, every later
header must be so, too; where it is sealed by validators, every later block must be; and where it proves what contracts
keep, every later state must be proved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chain.answers import to_hex
from chain.errors import NodeInconsistent, NodeRefused
from chain.headers import BlockHeader, hash_of
from chain.node import Node
from chain.seals import is_sealed

_DEVELOPMENT = ("hardhat", "anvil", "edr", "ganache")
_DEPTH_ELSEWHERE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`settled_depth`: how many blocks must follow one before it counts. `forks`: whether a block can be undone.

    `hashed`: we can compute its blocks' hashes. `sealed`: its blocks carry validators' seals that we can check.
    `proved`: its nodes prove what contracts keep from a block whose hash we can compute.
    """

    kind: str
    settled_depth: int
    forks: bool
    hashed: bool = False
    sealed: bool = False
    proved: bool = False


async def find_network(node: Node) -> Network:
    """Find out the kind of network; methods that a client does not know are a sign like any other."""
    version, head = (await node.client_version()).lower(), await node.latest()
    hashed = _is_hashed(head)
    kind = await _kind(node, version, head, hashed=hashed)
    return replace(kind, proved=hashed and await _proves(node))


async def _kind(node: Node, version: str, head: BlockHeader, *, hashed: bool) -> Network:
    if any(name in version for name in _DEVELOPMENT):
        return Network(kind="development", settled_depth=0, forks=True, hashed=hashed)
    for method in ("istanbul_getValidators", "qbft_getValidatorsByBlockNumber", "ibft_getValidatorsByBlockNumber"):
        if await node.if_known(method, "latest"):
            sealed = hashed and head.rlp is not None and is_sealed(head.rlp)
            return Network(kind="qbft", settled_depth=0, forks=False, hashed=hashed, sealed=sealed)
    signers = await node.if_known("clique_getSigners")
    if isinstance(signers, list) and signers:
        return Network(kind="clique", settled_depth=len(signers) // 2 + 1, forks=True, hashed=hashed)
    return Network(kind="other", settled_depth=_DEPTH_ELSEWHERE, forks=True, hashed=hashed)


async def _proves(node: Node) -> bool:
    try:
        await node.request("eth_getProof", to_hex(bytes(20)), [], "latest")
    except NodeRefused:
        return False
    return True


def _is_hashed(head: BlockHeader) -> bool:
    try:
        return head.rlp is not None and hash_of(head.rlp) == head.hash
    except NodeInconsistent:
        return False  # IBFT, whose extra data are others

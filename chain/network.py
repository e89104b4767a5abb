"""Which kind of network a node belongs to, told from what it answers: how deep a block must be to stay.

development   Hardhat, anvil: one node; blocks stay unless a person rolls them back
qbft          QBFT, IBFT (GoQuorum, Besu): a mined block is final
clique        blocks stay once more than half of the signers have built on them
other         twelve blocks, unless the settings say otherwise
"""

from __future__ import annotations

from dataclasses import dataclass

from chain.node import Node

_DEVELOPMENT = ("hardhat", "anvil", "edr", "ganache")
_DEPTH_ELSEWHERE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`settled_depth`: how many blocks must follow one before it counts. `forks`: whether a block can be undone."""

    kind: str
    settled_depth: int
    forks: bool


async def find_network(node: Node) -> Network:
    """Find out the kind of network; methods that a client does not know are a sign like any other."""
    version = (await node.client_version()).lower()
    if any(name in version for name in _DEVELOPMENT):
        return Network(kind="development", settled_depth=0, forks=True)
    for method in ("istanbul_getValidators", "qbft_getValidatorsByBlockNumber", "ibft_getValidatorsByBlockNumber"):
        if await node.if_known(method, "latest"):
            return Network(kind="qbft", settled_depth=0, forks=False)
    signers = await node.if_known("clique_getSigners")
    if isinstance(signers, list) and signers:
        return Network(kind="clique", settled_depth=len(signers) // 2 + 1, forks=True)
    return Network(kind="other", settled_depth=_DEPTH_ELSEWHERE, forks=True)

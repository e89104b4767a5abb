"""Everything that can go wrong between us and a chain.

    ChainError
      NodeError              what the node said, or did not say
        NodeAway             not reached, too slow, or broken: what happened to a request is unknown
        NodeRefused          it answered with an error of its own
        NodeInconsistent     it contradicts itself or what it told before: its word is not taken
          QuorumMissing      it shows a block that too few validators sealed: it is not asked again
      CallMalformed          what is stored as a call is none
      CallReverted           a contract refused, with its reason
      ChainChanged           this is another chain than the one that was pinned: nothing runs until a person looks
      ForkTooDeep            the chain forked below every block that we remember
      FinalityBroken         a chain that never forks did, without the seals that would prove who is to blame
      Equivocation           the validators sealed two blocks of one height: nothing is read until people have decided
      SignerFailed           a remote signer cannot be reached, refuses, or signs something else
      KeyFileUnreadable      a key file is missing, broken, or its password is wrong
      FactsUnfit             a facts file is broken, or does not go with the trust file
      DeploymentFailed       the contracts could not be put, or are not as they should be, on a chain
      AnchorUnproved         evidence of an anchor does not prove it, with the step that found it out

Offending values are attributes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from chain.urls import told


class ChainError(Exception):
    """The root of this folder's errors."""


class NodeError(ChainError):
    """A node could not be used for what was asked of it."""


class NodeAway(NodeError):
    """No answer came: refused connection, time-out, HTTP error. The request may or may not have been carried out."""

    def __init__(self, url: str, method: str, why: str) -> None:
        super().__init__(f"the node at {told(url)} did not answer {method}: {why}")
        self.url = url
        self.method = method
        self.why = why


class NodeRefused(NodeError):
    """The node answered with a JSON-RPC error; `data` is the revert data where the error carries any."""

    def __init__(self, method: str, code: int, message: str, data: bytes | None = None) -> None:
        super().__init__(f"the node refused {method}: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message
        self.data = data


class NodeInconsistent(NodeError):
    """The node's answers cannot all be true."""


class QuorumMissing(NodeInconsistent):
    """A block that too few of the validators sealed, or other validators than those that we know."""

    def __init__(self, block: int, why: str) -> None:
        super().__init__(f"block {block} {why}")
        self.block = block
        self.why = why


class CallMalformed(ChainError):
    """A stored call cannot be written as a call of the ledger: it can only fail."""


class CallReverted(ChainError):
    """A contract refused a call: `reason` is the name of its error, `values` what the error says."""

    def __init__(self, reason: str, values: Mapping[str, str | int] | None = None) -> None:
        said = ", ".join(f"{name}={value}" for name, value in (values or {}).items())
        super().__init__(f"{reason}({said})" if said else reason)
        self.reason = reason
        self.values = dict(values or {})


class ChainChanged(ChainError):
    """The node shows another chain, or other contracts, than were pinned; `differences` says which."""

    def __init__(self, url: str, differences: Sequence[str]) -> None:
        said = "".join(f"\n  - {difference}" for difference in differences)
        super().__init__(
            f"the chain at {told(url)} is not the one that this database belongs to:{said}\n"
            "A local chain that was restarted begins anew and forgets all that was anchored on it. Either connect to"
            " the node of the chain that was pinned, or start with an empty data directory and deploy again."
            " Nothing was changed."
        )
        self.url = url
        self.differences = tuple(differences)


class ForkTooDeep(ChainError):
    """No block that we remember is on the node's chain; the copy has to be made anew by `ecert rebuild`."""

    def __init__(self, block: int, searched: int) -> None:
        super().__init__(
            f"none of the last {searched} blocks up to {block} is on the node's chain any more; the copy of the ledger"
            " has to be made anew: ecert rebuild"
        )
        self.block = block
        self.searched = searched


class FinalityBroken(ChainError):
    """A network whose blocks are final at once shows another block at a height that we have read."""

    def __init__(self, block: int) -> None:
        super().__init__(f"block {block} has changed on a network whose blocks are final; nothing more is read from it")
        self.block = block


class Equivocation(ChainError):
    """Two blocks of one height, both sealed by a quorum; both headers are kept in the table `evidence`."""

    def __init__(self, block: int) -> None:
        super().__init__(
            f"the validators have sealed two different blocks of height {block}: whoever signed both has lied. Both"
            " headers are kept as evidence, nothing more is read from this chain, and every verification answers"
            " UNKNOWN until people have decided which history is the true one (docs/sender.md, section Equivocation)"
        )
        self.block = block


class SignerFailed(ChainError):
    """A remote signer did not do its part; nothing was signed that could be sent."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"the signer at {told(url)}: {why}")
        self.url = url
        self.why = why


class KeyFileUnreadable(ChainError):
    """A key file cannot be opened."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


class FactsUnfit(ChainError):
    """A facts file is not what the trust file says of it: nothing is judged by it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the facts file: {why}")
        self.why = why


class DeploymentFailed(ChainError):
    """The contracts are not there, or not as they should be."""


class Unproved(StrEnum):
    """What of an anchor's evidence does not hold, in the order in which it is looked at (docs/format.md section 7)."""

    HEADER = "header"
    NOT_SEALED = "not_sealed"
    EXTRA_DATA = "extra_data"
    TOO_FEW_VALIDATORS = "too_few_validators"
    TOO_FEW_SEALS = "too_few_seals"
    NOT_AFTER_CHECKPOINT = "not_after_checkpoint"
    RECEIPT_PROOF = "receipt_proof"
    RECEIPT = "receipt"
    REVERTED = "reverted"
    NO_SUCH_LOG = "no_such_log"
    OTHER_CONTRACT = "other_contract"
    NO_ANCHOR = "no_anchor"
    OTHER_INSTANCE = "other_instance"
    OTHER_TIME = "other_time"


class AnchorUnproved(ChainError):
    """Evidence does not prove that a batch was anchored; `reason` is the step that does not hold, `why` says more."""

    def __init__(self, reason: Unproved, why: str) -> None:
        super().__init__(f"{_UNPROVED[reason]}: {why}")
        self.reason = reason
        self.why = why


_UNPROVED: Mapping[Unproved, str] = {
    Unproved.HEADER: "the block header is none",
    Unproved.NOT_SEALED: "the block is not sealed by validators",
    Unproved.EXTRA_DATA: "the header's extra data are none",
    Unproved.TOO_FEW_VALIDATORS: "the validators are too few to prove anything",
    Unproved.TOO_FEW_SEALS: "too few of the validators have sealed the block",
    Unproved.NOT_AFTER_CHECKPOINT: "the block is too old",
    Unproved.RECEIPT_PROOF: "the receipt is not proved to be in the block",
    Unproved.RECEIPT: "the receipt is none",
    Unproved.REVERTED: "the transaction changed nothing",
    Unproved.NO_SUCH_LOG: "the receipt has no such log",
    Unproved.OTHER_CONTRACT: "the log is of another contract",
    Unproved.NO_ANCHOR: "the log is not of a batch that was anchored",
    Unproved.OTHER_INSTANCE: "the log is of another instance of the contract",
    Unproved.OTHER_TIME: "the log has another time than its block",
}

"""Evidence that a batch was anchored, for who has no node: a sealed block header, and the event's receipt under it.

It travels in a certificate's file. The numbers in `prove` are those of docs/format.md section 7.

Trust: the validators of whom the verifier already knows, at a height above the checkpoint that told of them. Two thirds
of those could make evidence of what never was; those that left long ago could, too, which is why seals at or below the
checkpoint count for nothing. Whoever hands the evidence over can leave it out and do nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self, cast

from chain.artifact import Entry, artifact, decode_parameters
from chain.errors import AnchorUnproved, NodeInconsistent, Unproved
from chain.event_fields import EVENTS
from chain.headers import BFT_DIGEST, MIX_HASH, NUMBER, RECEIPTS_ROOT, TIME, Fields, fields_of, hash_of
from chain.receipt_rlp import ReceiptLog, read_receipt
from chain.receipt_trie import receipt_at
from chain.seals import FEWEST, Sealers, quorum, read_seals
from ecert import base64url
from ecert.certificate import Value
from ecert.errors import MalformedEvidence, NotBase64Url
from ecert.events import BatchAnchored, Place
from ecert.members import Members

PLACE = "header.ecert.evidence"
MAX_HEADER = 32 * 1024
"""Bytes of a header: with the seals of some 370 validators."""

_WORD = 32
_LONGEST_NUMBER = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorEvidence:
    """A sealed header (RLP), which receipt of its block and which log of that receipt, and the receipt's proof."""

    header: bytes
    receipt: int
    log: int
    proof: tuple[bytes, ...]

    @classmethod
    def from_json(cls, value: Value, place: str = PLACE) -> Self:
        """Read what a certificate's file carries; `MalformedEvidence` names the place of what is not within section 7.

        Whether it proves anything is not judged here.
        """
        whole = Members(value, place, MalformedEvidence)
        _only(whole, {"header", "receipt"})
        header, receipt = whole.octets("header"), whole.members("receipt")
        _only(receipt, {"index", "log", "proof"})
        if len(header) > MAX_HEADER:
            raise whole.refusal("header", f"larger than {MAX_HEADER} bytes")
        nodes = receipt.items("proof")
        return cls(
            header=header,
            receipt=receipt.number("index"),
            log=receipt.number("log"),
            proof=tuple(_octets(node, f"{receipt.place}.proof[{at}]") for at, node in enumerate(nodes)),
        )

    def to_json(self) -> dict[str, Value]:
        """Write it as a certificate's file carries it."""
        proof: list[Value] = [base64url.encode(node) for node in self.proof]
        return {
            "header": base64url.encode(self.header),
            "receipt": {"index": self.receipt, "log": self.log, "proof": proof},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """What evidence proves: that the ledger said this, in the block of this hash; number and time are in its place."""

    event: BatchAnchored
    block_hash: bytes

    @property
    def block(self) -> int:
        """The block's number."""
        return self.event.place.block

    @property
    def time(self) -> int:
        """The block's time, in seconds."""
        return self.event.place.time


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBlock:
    """What is needed of a sealed header: where it stands, when it was made, and the root over its receipts."""

    number: int
    time: int
    hash: bytes
    receipts_root: bytes


def prove(
    evidence: AnchorEvidence, *, validators: frozenset[bytes], after: int, ledger: bytes, instance: bytes
) -> Proved:
    """Give what the evidence proves.

    Args:
        evidence: whatever somebody handed over.
        validators: addresses of those who are trusted to seal at the height that its header claims.
        after: the checkpoint's block; only blocks above it can be proved.
        ledger: the contract's address.
        instance: the contract's.

    Raises:
        AnchorUnproved: it proves nothing of the kind; `reason` says which step does not hold.
    """
    block = prove_block(evidence.header, validators)  # 1 to 5
    if block.number <= after:  # 6
        why = f"it is block {block.number}, and seals count above block {after} alone"
        raise AnchorUnproved(Unproved.NOT_AFTER_CHECKPOINT, why)
    receipt = read_receipt(receipt_at(block.receipts_root, evidence.receipt, evidence.proof))  # 7, 8
    if not receipt.succeeded:  # 9
        raise AnchorUnproved(Unproved.REVERTED, f"receipt {evidence.receipt} is of one that failed")
    if evidence.log >= len(receipt.logs):  # 10
        raise AnchorUnproved(Unproved.NO_SUCH_LOG, f"log {evidence.log} of {len(receipt.logs)}")
    event = read_anchor(receipt.logs[evidence.log], block, ledger=ledger, instance=instance)  # 11 to 14
    return Proved(event=event, block_hash=block.hash)


def prove_block(header: bytes, validators: frozenset[bytes]) -> SealedBlock:
    """Give what a header says if a quorum of these validators sealed it; what it lists itself is no evidence.

    Raises:
        AnchorUnproved: they did not.
    """
    fields, number = _fields(header), claimed_height(header)  # 1
    if fields[MIX_HASH] != BFT_DIGEST:  # 2
        raise AnchorUnproved(Unproved.NOT_SEALED, "its mixHash is not that of QBFT")
    try:
        sealed, block_hash = read_seals(header), hash_of(header)  # 3
    except (NodeInconsistent, RecursionError) as error:
        raise AnchorUnproved(Unproved.EXTRA_DATA, str(error)) from error
    if len(validators) < FEWEST:  # 4
        why = f"there are {len(validators)}, and it takes {FEWEST}"
        raise AnchorUnproved(Unproved.TOO_FEW_VALIDATORS, why)
    who, needed = Sealers().of(replace(sealed, validators=validators)), quorum(len(validators))
    if len(who) < needed:  # 5
        raise AnchorUnproved(Unproved.TOO_FEW_SEALS, f"{len(who)} of {len(validators)} have, and it takes {needed}")
    return SealedBlock(number=number, time=_number(fields[TIME]), hash=block_hash, receipts_root=fields[RECEIPTS_ROOT])


def claimed_height(header: bytes) -> int:
    """Give the height that a header says it has: by it a verifier finds whom to trust, and it proves nothing yet.

    Raises:
        AnchorUnproved: it is no header.
    """
    fields = _fields(header)
    _number(fields[TIME])
    return _number(fields[NUMBER])


def read_anchor(log: ReceiptLog, block: SealedBlock, *, ledger: bytes, instance: bytes) -> BatchAnchored:
    """Read the event that a log of a block is; `AnchorUnproved` where it is not one of this ledger's anchors."""
    if log.address != ledger:  # 11
        raise AnchorUnproved(Unproved.OTHER_CONTRACT, f"it is of 0x{log.address.hex()}")
    entry = _anchored()
    said = _values(entry, log)  # 12
    if said["instance"] != instance:  # 13
        raise AnchorUnproved(Unproved.OTHER_INSTANCE, f"it is of 0x{said['instance'].hex()}")
    if said["time"] != block.time:  # 14
        raise AnchorUnproved(Unproved.OTHER_TIME, f"{said['time']}, and the block has {block.time}")
    place = Place(block=block.number, time=block.time, sequence=said["sequence"])
    try:
        return cast("BatchAnchored", EVENTS[entry.name](place, said))
    except NodeInconsistent as error:
        raise AnchorUnproved(Unproved.NO_ANCHOR, "its agency is none") from error


def _anchored() -> Entry:
    return next(one for one in artifact("CertificateLedger").events.values() if one.name == BatchAnchored.__name__)


def _values(entry: Entry, log: ReceiptLog) -> dict[str, Any]:
    indexed = [one for one in entry.inputs if one.indexed]
    plain = [one for one in entry.inputs if not one.indexed]
    if len(log.topics) != 1 + len(indexed) or log.topics[0] != entry.hash:
        raise AnchorUnproved(Unproved.NO_ANCHOR, "its topics are not those of one")
    if len(log.data) != _WORD * len(plain):
        raise AnchorUnproved(Unproved.NO_ANCHOR, f"it has {len(log.data)} bytes of data, not {_WORD * len(plain)}")
    try:
        topics = decode_parameters(indexed, b"".join(log.topics[1:]), entry.name)
        data = decode_parameters(plain, log.data, entry.name)
    except NodeInconsistent as error:
        raise AnchorUnproved(Unproved.NO_ANCHOR, "its values are not those of one") from error
    return {one.name: value for one, value in zip([*indexed, *plain], [*topics, *data], strict=True)}


def _fields(header: bytes) -> Fields:
    try:
        return fields_of(header)
    except (NodeInconsistent, RecursionError) as error:
        raise AnchorUnproved(Unproved.HEADER, str(error)) from error


def _number(field: bytes) -> int:
    if len(field) > _LONGEST_NUMBER or field[:1] == b"\0":
        raise AnchorUnproved(Unproved.HEADER, "a number in it is not written as one")
    return int.from_bytes(field, "big")


def _only(members: Members, known: set[str]) -> None:
    for name in members.names():
        if name not in known:
            raise members.refusal(name[:40], "not a member of this format")


def _octets(value: Value, place: str) -> bytes:
    if not isinstance(value, str):
        raise MalformedEvidence(place, "not text")
    try:
        return base64url.decode(value)
    except NotBase64Url as refused:
        raise MalformedEvidence(place, str(refused)) from None

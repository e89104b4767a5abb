"""A block of made-up validators with one anchor in it, made from parts, each of which can be spoiled alone.

The validators' private keys are keccak256 of the ASCII texts `sealer 0` to `sealer 3`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import rlp
from eth_abi.abi import encode
from eth_hash.auto import keccak
from eth_keys.datatypes import PrivateKey

from chain.anchor_evidence import AnchorEvidence
from chain.artifact import Entry, artifact
from chain.headers import BFT_DIGEST, EXTRA
from chain.receipt_trie import ReceiptTrie
from chain.seals import read_seals

VALIDATORS = tuple(PrivateKey(keccak(b"sealer %d" % number)) for number in range(4))
STRANGERS = tuple(PrivateKey(keccak(b"stranger %d" % number)) for number in range(4))
LEDGER = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
INSTANCE = keccak(b"instance")
AGENCY = "HEALTH-7"
NUMBER_OF_BLOCK, TIME_OF_BLOCK = 200, 1_790_000_000


def addresses(keys: tuple[PrivateKey, ...]) -> tuple[bytes, ...]:
    """Give the addresses of keys."""
    return tuple(key.public_key.to_canonical_address() for key in keys)


def anchored() -> Entry:
    """Give the event as the ledger's ABI has it."""
    return next(one for one in artifact("CertificateLedger").events.values() if one.name == "BatchAnchored")


@dataclass(kw_only=True)
class Draft:
    """Good as it stands; `index` is the place of the anchor's receipt among `receipts` of them."""

    sealers: tuple[PrivateKey, ...] = VALIDATORS
    named: tuple[bytes, ...] = addresses(VALIDATORS)
    round: bytes = b""
    number: bytes = NUMBER_OF_BLOCK.to_bytes(1)
    time: bytes = TIME_OF_BLOCK.to_bytes(4)
    more_extra: tuple[bytes, ...] = ()
    receipts: int = 3
    index: int = 1
    kind: bytes = b""
    status: bytes = b"\x01"
    logs_before: int = 1
    address: bytes = LEDGER
    topic: bytes = field(default_factory=lambda: anchored().hash)
    agency: bytes = AGENCY.encode()
    more_topics: tuple[bytes, ...] = ()
    instance: bytes = INSTANCE
    said_time: int = TIME_OF_BLOCK
    suite: int = 1
    more_data: bytes = b""

    def log(self) -> list[object]:
        """Give the anchor's log."""
        agency, kind = self.agency.ljust(32, b"\0"), keccak(b"type")
        types = [one.type for one in anchored().inputs if not one.indexed]
        data = encode(types, [1, keccak(b"root"), 40, 5, self.instance, 9, self.said_time, keccak(b"head")])
        data = self.suite.to_bytes(32) + data[32:] + self.more_data
        return [self.address, [self.topic, agency, kind, *self.more_topics], data]

    def receipt(self) -> bytes:
        """Give the receipt that has it, after some logs of other contracts."""
        logs = [[b"\x07" * 20, [], b""]] * self.logs_before + [self.log()]
        return self.kind + bytes(rlp.encode([self.status, 50_000, bytes(256), logs]))

    def block(self) -> list[bytes]:
        """Give all receipts of the block."""
        other = [bytes(rlp.encode([b"\x01", number, bytes(256), []])) for number in range(self.receipts)]
        return [self.receipt() if at == self.index else one for at, one in enumerate(other)]

    def header(self) -> bytes:
        """Give the block's header, sealed."""
        hashes = [keccak(name) for name in (b"parent", b"uncles", b"state", b"transactions")]
        roots = [*hashes[2:], ReceiptTrie.of(self.block()).root]
        numbers = [b"\x01", self.number, b"\xe0\0\0\0", b"\xb4\xb2", self.time]
        fields = [*hashes[:2], bytes(20), *roots, bytes(256), *numbers, b"", BFT_DIGEST, bytes(8)]
        extra: list[object] = [bytes(32), list(self.named), [], self.round, [], *self.more_extra]
        fields[EXTRA] = rlp.encode(extra[:5])
        digest = read_seals(rlp.encode(fields)).seal_hash
        extra[4] = [key.sign_msg_hash(digest).to_bytes() for key in self.sealers]
        fields[EXTRA] = rlp.encode(extra)
        return bytes(rlp.encode(fields))

    def evidence(self) -> AnchorEvidence:
        """Give what should prove the anchor."""
        proof = ReceiptTrie.of(self.block()).proof(self.index)
        return AnchorEvidence(header=self.header(), receipt=self.index, log=self.logs_before, proof=proof)

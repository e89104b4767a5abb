"""Evidence made from parts, each of which a test can spoil: a block of made-up validators with one anchor in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import rlp
from eth_abi.abi import encode
from eth_hash.auto import keccak
from eth_keys.datatypes import PrivateKey

from chain.anchor_evidence import AnchorEvidence, Proved, prove
from chain.artifact import Entry, artifact
from chain.headers import EXTRA, NUMBER, RECEIPTS_ROOT, TIME, fields_of
from chain.receipt_rlp import write_receipt
from chain.receipt_trie import ReceiptTrie
from chain.seals import read_seals

VECTORS = Path(__file__).parents[1] / "vectors" / "qbft"
VALIDATORS = tuple(PrivateKey(keccak(b"sealer %d" % number)) for number in range(4))
STRANGERS = tuple(PrivateKey(keccak(b"stranger %d" % number)) for number in range(4))
LEDGER = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
INSTANCE = keccak(b"instance")
AGENCY = "HEALTH-7"
NUMBER_OF_BLOCK, TIME_OF_BLOCK = 200, 1_790_000_000


@cache
def recorded_headers() -> tuple[bytes, ...]:
    """Every header of the recorded network, by number."""
    return tuple(bytes.fromhex(one["rlp"][2:]) for one in json.loads((VECTORS / "network.json").read_text())["headers"])


@cache
def recorded_receipts() -> dict[int, tuple[bytes, ...]]:
    """All receipts of some blocks of the recorded network."""
    blocks = json.loads((VECTORS / "receipts.json").read_text())["blocks"]
    return {one["number"]: tuple(map(write_receipt, one["receipts"])) for one in blocks}


def addresses(keys: tuple[PrivateKey, ...]) -> tuple[bytes, ...]:
    return tuple(key.public_key.to_canonical_address() for key in keys)


def anchored() -> Entry:
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
        agency, kind = self.agency.ljust(32, b"\0"), keccak(b"type")
        types = [one.type for one in anchored().inputs if not one.indexed]
        data = encode(types, [1, keccak(b"root"), 40, 5, self.instance, 9, self.said_time, keccak(b"head")])
        data = self.suite.to_bytes(32) + data[32:] + self.more_data
        return [self.address, [self.topic, agency, kind, *self.more_topics], data]

    def receipt(self) -> bytes:
        logs = [[b"\x07" * 20, [], b""]] * self.logs_before + [self.log()]
        return self.kind + bytes(rlp.encode([self.status, 50_000, bytes(256), logs]))

    def block(self) -> list[bytes]:
        other = [bytes(rlp.encode([b"\x01", number, bytes(256), []])) for number in range(self.receipts)]
        return [self.receipt() if at == self.index else one for at, one in enumerate(other)]

    def header(self) -> bytes:
        fields = fields_of(recorded_headers()[140])
        fields[RECEIPTS_ROOT], fields[NUMBER], fields[TIME] = ReceiptTrie.of(self.block()).root, self.number, self.time
        extra: list[object] = [bytes(32), list(self.named), [], self.round, [], *self.more_extra]
        fields[EXTRA] = rlp.encode(extra[:5])
        digest = read_seals(rlp.encode(fields)).seal_hash
        extra[4] = [key.sign_msg_hash(digest).to_bytes() for key in self.sealers]
        fields[EXTRA] = rlp.encode(extra)
        return bytes(rlp.encode(fields))

    def evidence(self) -> AnchorEvidence:
        proof = ReceiptTrie.of(self.block()).proof(self.index)
        return AnchorEvidence(header=self.header(), receipt=self.index, log=self.logs_before, proof=proof)


def judge(evidence: AnchorEvidence, *, keys: tuple[PrivateKey, ...] = VALIDATORS, after: int = 199) -> Proved:
    """Ask whether it proves an anchor on the ledger, as one who trusts these keys does."""
    return prove(evidence, validators=frozenset(addresses(keys)), after=after, ledger=LEDGER, instance=INSTANCE)

"""Who sealed a QBFT block: quorum, and why a header's own list of validators proves nothing.

Every sealer signs the header with its round and without seals. A block counts with seals of ceil(2n/3) of its n
validators, n at least four: with fewer, one liar is a majority. The list stands in the header itself, so it is believed
only where it is the one that we knew, or where more than a third of those that we knew have sealed it: at least one of
them is honest as long as fewer than a third lie, and an honest one seals no wrong list.

Trust: the validators. A third of them can halt the network; two thirds together can write two histories, and then each
has signed the evidence for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import rlp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256K1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from eth_hash.auto import keccak
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from chain.errors import QuorumMissing
from chain.headers import BFT_DIGEST, MIX_HASH, NUMBER, extra_of, fields_of, with_extra

FEWEST = 4
"""The fewest validators whose seals prove anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a QBFT header says of its sealing: the hash that was signed, the seals, and who might have sealed."""

    number: int
    seal_hash: bytes
    validators: frozenset[bytes]
    seals: tuple[bytes, ...]


def is_sealed(header: bytes) -> bool:
    """Tell whether a header is of a network whose validators seal."""
    return fields_of(header)[MIX_HASH] == BFT_DIGEST


def read_seals(header: bytes) -> Sealed:
    """Read a QBFT header's seals; nothing is checked yet but its form (`NodeInconsistent`)."""
    fields = fields_of(header)
    _, validators, _, _, seals = extra_of(fields)
    return Sealed(
        number=int.from_bytes(fields[NUMBER], "big"),
        seal_hash=keccak(rlp.encode(with_extra(fields, round_number=None, seals=[]))),
        validators=frozenset(validators),
        seals=tuple(seals),
    )


def quorum(validators: int) -> int:
    """How many of so many must seal: two thirds, rounded up."""
    return -(-2 * validators // 3)


@dataclass(slots=True)
class Sealers:
    """Finds out who made seals. The keys that it met make it twenty times faster."""

    _keys: dict[bytes, EllipticCurvePublicKey] = field(default_factory=dict)

    def prove(self, header: bytes, trusted: frozenset[bytes]) -> frozenset[bytes]:
        """Make sure that a header was sealed by a quorum; answer its validators, to be trusted from there on.

        Args:
            header: RLP.
            trusted: the validators of an earlier block that was proven.

        Raises:
            QuorumMissing: it was not, or by validators whom nobody that we know has let in.
            NodeInconsistent: it is no header of this kind.
        """
        sealed = read_seals(header)
        if len(sealed.validators) < FEWEST:
            why = f"has {len(sealed.validators)} validators, and seals of fewer than {FEWEST} prove nothing"
            raise QuorumMissing(sealed.number, why)
        who, needed = self.of(sealed), quorum(len(sealed.validators))
        if len(who) < needed:
            raise QuorumMissing(sealed.number, f"is sealed by {len(who)} of its validators, and {needed} must")
        if sealed.validators != trusted and 3 * len(who & trusted) <= len(trusted):
            raise QuorumMissing(sealed.number, "names validators whom those that we know did not seal")
        return sealed.validators

    def of(self, sealed: Sealed) -> frozenset[bytes]:
        """Those of a header's validators who made a seal of it; each counts once."""
        found = (self._maker(seal, sealed) for seal in set(sealed.seals))
        return frozenset(one for one in found if one is not None)

    def _maker(self, seal: bytes, sealed: Sealed) -> bytes | None:
        known = self._known_maker(seal, sealed.seal_hash, sealed.validators & self._keys.keys())
        if known is not None:
            return known
        try:
            key = Signature(seal).recover_public_key_from_msg_hash(sealed.seal_hash)
        except (BadSignature, ValidationError, ValueError):
            return None
        address: bytes = key.to_canonical_address()
        if address not in sealed.validators:
            return None
        self._keys[address] = EllipticCurvePublicKey.from_encoded_point(SECP256K1(), b"\x04" + key.to_bytes())
        return address

    def _known_maker(self, seal: bytes, digest: bytes, candidates: Iterable[bytes]) -> bytes | None:
        signature = encode_dss_signature(int.from_bytes(seal[:32], "big"), int.from_bytes(seal[32:64], "big"))
        for address in candidates:
            try:
                self._keys[address].verify(signature, digest, ECDSA(Prehashed(SHA256())))
            except InvalidSignature:
                continue
            return address
        return None

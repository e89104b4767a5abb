"""Key binding (RFC 9901 section 4.3): the holder signs the relying party's nonce over what is presented.

It proves that whoever presents a certificate has the key that the agency wrote into `cnf`. The relying party's
challenge decides what is right; nothing that the holder sends does.
"""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256

from ecert import base64url
from ecert.certificate import Certificate, Value
from ecert.demands import Challenge
from ecert.errors import MalformedError
from ecert.jws import Jws, read_jws
from ecert.suite import SigningKey, from_jwk, sign_jws

TYP = "kb+jwt"
TOLERANCE = 300
"""Seconds that `iat` may lie from now, either way."""
_MAX_SIZE = 16_384


class Flaw(StrEnum):
    """What is wrong with a key binding; the first of them in this order is told."""

    MISSING = "missing"
    NO_HOLDER_KEY = "no_holder_key"
    MALFORMED = "malformed"
    SIGNATURE = "signature"
    SD_HASH = "sd_hash"
    AUDIENCE = "audience"
    NONCE = "nonce"
    TIME = "time"


def sd_hash(certificate: Certificate) -> str:
    """Give the base64url digest of what is presented: the compact form without its key binding, its last `~` kept."""
    disclosed = "".join(f"{disclosure.encoded}~" for disclosure in certificate.disclosures)
    return _digest(certificate.signed + b"~" + disclosed.encode("ascii"))


def create(presented: str, challenge: Challenge, *, iat: int, key: SigningKey) -> str:
    """Sign the key-binding JWT for a compact form (which ends with `~`) with the holder's key."""
    payload: dict[str, Value] = {
        "aud": challenge.audience,
        "iat": iat,
        "nonce": challenge.nonce,
        "sd_hash": _digest(presented.encode("ascii")),
    }
    return sign_jws(key, {"typ": TYP}, payload)


def flaw(certificate: Certificate, challenge: Challenge, now: int) -> Flaw | None:
    """Find what is wrong with a certificate's key binding; None: the holder has proved possession."""
    if certificate.key_binding is None:
        return Flaw.MISSING
    if certificate.cnf is None:
        return Flaw.NO_HOLDER_KEY
    try:
        holder_key = from_jwk(certificate.cnf.get("jwk"), "cnf.jwk")
        binding = read_jws(certificate.key_binding, typ=TYP, place="kb_jwt", max_size=_MAX_SIZE)
    except MalformedError:
        return Flaw.MALFORMED
    if not binding.is_signed_by(holder_key):
        return Flaw.SIGNATURE
    return _flaw_of_claims(binding, certificate, challenge, now)


def _flaw_of_claims(binding: Jws, certificate: Certificate, challenge: Challenge, now: int) -> Flaw | None:
    claims = binding.payload.as_dict()
    iat = claims.get("iat")
    if claims.get("sd_hash") != sd_hash(certificate):
        return Flaw.SD_HASH
    if claims.get("aud") != challenge.audience:
        return Flaw.AUDIENCE
    if claims.get("nonce") != challenge.nonce:
        return Flaw.NONCE
    if not isinstance(iat, int) or isinstance(iat, bool) or abs(now - iat) > TOLERANCE:
        return Flaw.TIME
    return None


def _digest(presented: bytes) -> str:
    return base64url.encode(sha256(presented).digest())

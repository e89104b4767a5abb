"""Suite 1: SHA-256 and ES256 (P-256), the only suite so far. The number stands in every batch and key record.

Keys and signatures have one byte form each: a public key is the 65-byte uncompressed point `04 || X || Y`, as the
ledger stores it; a signature is the 64 bytes `r || s` of RFC 7518 section 3.4. A key's id (`kid`) is its RFC 7638
thumbprint. Signing is deterministic (RFC 6979): it needs no randomness, and vectors can be made again.

A private key is trusted by everyone who relies on the agency; whoever steals it can sign, but cannot anchor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ecert import base64url, strict_json
from ecert.certificate import Value
from ecert.errors import MalformedKey, NotBase64Url

SUITE = 1
ALG = "ES256"
SD_ALG = "sha-256"
PUBLIC_KEY_SIZE = 65
SIGNATURE_SIZE = 64
_COORDINATE = 32
_UNCOMPRESSED = 4
_KEYS_KEPT = 4096
_CURVE = ec.SECP256R1()
_VERIFYING = ec.ECDSA(SHA256())
_SIGNING = ec.ECDSA(SHA256(), deterministic_signing=True)
_JWK_MEMBERS = {"kty", "crv", "x", "y"}


class SigningKey:
    """An agency's (or the service's) private key; gives away only what may be public."""

    __slots__ = ("_private", "kid", "public_key")

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(private.curve, ec.SECP256R1):
            raise MalformedKey("key", f"a key on {private.curve.name}, not P-256")
        self._private = private
        self.public_key = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.kid = thumbprint(self.public_key)

    @classmethod
    def generate(cls) -> Self:
        """Make a new key from the operating system's randomness."""
        return cls(ec.generate_private_key(_CURVE))

    @classmethod
    def from_secret(cls, number: int) -> Self:
        """Take the private number itself (vectors, tests)."""
        try:
            return cls(ec.derive_private_key(number, _CURVE))
        except ValueError as error:
            raise MalformedKey("key", "not a private number of P-256") from error

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes | None) -> Self:
        """Read a PKCS #8 PEM file; a wrong password, another kind of key or a broken file is `MalformedKey`."""
        try:
            private = load_pem_private_key(pem, password)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise MalformedKey("key", "not a PEM private key that this password opens") from error
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise MalformedKey("key", "not an elliptic-curve key")
        return cls(private)

    def to_pem(self, password: bytes | None) -> bytes:
        """Write PKCS #8 PEM, encrypted with `password` unless it is None."""
        encryption: KeySerializationEncryption = (
            NoEncryption() if password is None else BestAvailableEncryption(password)
        )
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    @property
    def jwk(self) -> dict[str, Value]:
        """The public key as a JWK."""
        return to_jwk(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """Give the 64 bytes `r || s` over `message`."""
        r, s = decode_dss_signature(self._private.sign(message, _SIGNING))
        return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the signature is of that key over that message; bytes that are no key have signed nothing."""
    if len(signature) != SIGNATURE_SIZE:
        return False
    der = encode_dss_signature(
        int.from_bytes(signature[:_COORDINATE], "big"), int.from_bytes(signature[_COORDINATE:], "big")
    )
    try:
        _load(public_key).verify(der, message, _VERIFYING)
    except (InvalidSignature, MalformedKey):
        return False
    return True


def verify_jws(public_key: bytes, jws: bytes) -> bool:
    """Tell whether the compact JWS `header.payload.signature` is signed by that key; its header is not looked at."""
    message, _, signature = jws.rpartition(b".")
    try:
        return verify(public_key, message, base64url.decode_ascii(signature))
    except NotBase64Url:
        return False


def sign_jws(key: SigningKey, header: Mapping[str, Value], payload: Mapping[str, Value]) -> str:
    """Write a compact JWS (RFC 7515), `alg` and `kid` added to the header, JSON as RFC 8785."""
    whole: dict[str, Value] = {**header, "alg": ALG, "kid": base64url.encode(key.kid)}
    message = f"{_part(whole)}.{_part(dict(payload))}"
    return f"{message}.{base64url.encode(key.sign(message.encode('ascii')))}"


def _part(value: Value) -> str:
    return base64url.encode(strict_json.canonical(value).encode())


@lru_cache(_KEYS_KEPT)
def thumbprint(public_key: bytes) -> bytes:
    """Compute the key id, 32 bytes: the RFC 7638 SHA-256 thumbprint; `MalformedKey` for bytes that are no key."""
    _load(public_key)
    return hashlib.sha256(strict_json.canonical(to_jwk(public_key)).encode()).digest()


def to_jwk(public_key: bytes) -> dict[str, Value]:
    """Write a public key as a JWK with the members `crv`, `kty`, `x`, `y`."""
    x, y = public_key[1 : 1 + _COORDINATE], public_key[1 + _COORDINATE :]
    return {"crv": "P-256", "kty": "EC", "x": base64url.encode(x), "y": base64url.encode(y)}


def from_jwk(jwk: Value, place: str) -> bytes:
    """Read a public P-256 JWK of exactly the members `kty`, `crv`, `x`, `y`; else `MalformedKey` with the place."""
    if not isinstance(jwk, dict) or jwk.keys() != _JWK_MEMBERS:
        raise MalformedKey(place, "not a JWK of exactly kty, crv, x and y")
    if jwk["kty"] != "EC" or jwk["crv"] != "P-256":
        raise MalformedKey(f"{place}.crv", "not a key on P-256")
    public_key = b"\x04" + _coordinate(jwk["x"], f"{place}.x") + _coordinate(jwk["y"], f"{place}.y")
    try:
        _load(public_key)
    except MalformedKey as error:
        raise MalformedKey(place, error.why) from None
    return public_key


def _coordinate(text: Value, place: str) -> bytes:
    if isinstance(text, str):
        try:
            return base64url.digests([text])[0]
        except NotBase64Url:
            pass
    raise MalformedKey(place, "not 32 bytes in base64url")


@lru_cache(_KEYS_KEPT)
def _load(public_key: bytes) -> ec.EllipticCurvePublicKey:
    if len(public_key) != PUBLIC_KEY_SIZE or public_key[0] != _UNCOMPRESSED:
        raise MalformedKey("key", "not a 65-byte uncompressed point")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public_key)
    except ValueError as error:
        raise MalformedKey("key", "not a point on P-256") from error

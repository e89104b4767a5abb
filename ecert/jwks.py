"""The keys that receipts and status lists are signed with, as a JWK Set (RFC 7517); retired keys stay, with times.

`nbf` and `exp` of a key say from when until before when it signed, as in OpenID Federation's historical keys. Trust:
a set is as good as the place it came from (the trust file, or the service itself over TLS); who can change it can
make receipts and status lists, never certificates.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecert import base64url
from ecert.certificate import Value
from ecert.errors import MalformedKey, MalformedToken, UntrustedToken
from ecert.members import Members
from ecert.suite import ALG, from_jwk, thumbprint, to_jwk

_POINT = frozenset({"kty", "crv", "x", "y"})
_FIXED: dict[str, Value] = {"alg": ALG, "use": "sig"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKey:
    """A public key (65-byte point) that signs from `since` until before `retired` (None: still)."""

    public_key: bytes
    since: int
    retired: int | None = None

    @property
    def kid(self) -> str:
        """The RFC 7638 thumbprint, base64url, as in a token's header."""
        return base64url.encode(thumbprint(self.public_key))

    def to_json(self) -> dict[str, Value]:
        """Write the key as a JWK."""
        jwk: dict[str, Value] = {**to_jwk(self.public_key), **_FIXED, "kid": self.kid, "nbf": self.since}
        return jwk if self.retired is None else {**jwk, "exp": self.retired}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """The published keys of one kind, present and past."""

    keys: tuple[PublishedKey, ...]

    def signer(self, kid: str | None, at: int) -> PublishedKey:
        """Find the key `kid` that signed at the time `at`.

        Raises:
            UntrustedToken: there is no such key, or it did not sign at that time.
        """
        for key in self.keys:
            if key.kid == kid:
                if key.since <= at and (key.retired is None or at < key.retired):
                    return key
                raise UntrustedToken(f"key {kid} did not sign at {at}")
        raise UntrustedToken(f"no published key {kid}")

    def to_json(self) -> dict[str, Value]:
        """Write the JWK Set."""
        return {"keys": [key.to_json() for key in self.keys]}

    @classmethod
    def from_json(cls, value: Value, place: str = "jwks") -> KeySet:
        """Read a JWK Set of ours.

        Raises:
            MalformedToken: with the place.
        """
        return cls(keys=Members(value, place, MalformedToken).each("keys", _read))


def _read(jwk: Members) -> PublishedKey:
    if set(jwk.names()) - {"exp"} != {*_POINT, *_FIXED, "kid", "nbf"}:
        raise MalformedToken(jwk.place, "not a JWK of kty, crv, x, y, alg, use, kid, nbf and perhaps exp")
    whole = jwk.as_dict()
    try:
        public_key = from_jwk({name: whole[name] for name in _POINT}, jwk.place)
    except MalformedKey as error:
        raise MalformedToken(error.place, error.why) from None
    key = PublishedKey(public_key=public_key, since=jwk.number("nbf"), retired=jwk.maybe("exp", jwk.number))
    if key.to_json() != whole:
        raise MalformedToken(jwk.place, "its alg, use or kid is not that of the key")
    return key

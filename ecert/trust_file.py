"""The trust file: JWS JSON serialization (RFC 7515 section 7.2.1), signed by `threshold` of the root keys.

A verifier relies on one if its roots are those that it pinned. A new version that names other roots must be signed by
the old ones as well, and then their fingerprint is pinned in place of the old one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from ecert import base64url, strict_json
from ecert.certificate import Value
from ecert.errors import MalformedTrust, NotBase64Url, UntrustedRoots
from ecert.members import Members
from ecert.suite import ALG, SigningKey, verify_jws
from ecert.trust import Roots, Trust
from ecert.trust_json import trust_from_json, trust_to_json

MAX_SIZE = 64 << 20
"""Bytes that a trust file may have."""
TYP = "ecert-trust+json"
_PLACE = "trust"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFile:
    """A trust file as it was read: what it says, not yet relied on. `signatures`: (protected, signature) by key id."""

    trust: Trust
    payload: str
    signatures: Mapping[bytes, tuple[str, str]]

    @classmethod
    def unsigned(cls, trust: Trust) -> TrustFile:
        """Give the file that says `trust`, for its roots to sign."""
        payload = base64url.encode(strict_json.canonical(trust_to_json(trust)).encode())
        return cls(trust=trust, payload=payload, signatures={})

    @classmethod
    def read(cls, text: str) -> TrustFile:
        """Read a file, size first.

        Raises:
            MalformedTrust, MalformedToken: with the place.
        """
        if len(text) > MAX_SIZE:
            raise MalformedTrust(_PLACE, f"longer than {MAX_SIZE} characters")
        said = Members(strict_json.loads(text, _PLACE, MalformedTrust), _PLACE, MalformedTrust)
        if said.as_dict().keys() != {"payload", "signatures"}:
            raise MalformedTrust(_PLACE, "not an object of payload and signatures")
        pairs = said.each("signatures", _signature)
        if len(dict(pairs)) < len(pairs):
            raise said.refusal("signatures", "two of one key")
        payload = said.text("payload")
        trust = trust_from_json(_json(payload, f"{_PLACE}.payload"), f"{_PLACE}.payload")
        if payload != cls.unsigned(trust).payload:
            raise said.refusal("payload", "not as RFC 8785 writes it")
        return cls(trust=trust, payload=payload, signatures=dict(pairs))

    @property
    def hash(self) -> bytes:
        """What the next version names: SHA-256 of the payload."""
        return sha256(base64url.decode(self.payload)).digest()

    def signed_by(self, key: SigningKey) -> TrustFile:
        """Give it with the signature of one more root, of its own or of the version before."""
        protected = _protected(key.kid)
        signature = base64url.encode(key.sign(f"{protected}.{self.payload}".encode()))
        return replace(self, signatures={**self.signatures, key.kid: (protected, signature)})

    def signers(self, roots: Roots) -> tuple[bytes, ...]:
        """Name those of `roots` that signed it, by key id.

        Raises:
            UntrustedRoots: a signature that is said to be of one of them is not.
        """
        signed = tuple(kid for kid in roots.kids if kid in self.signatures)
        for kid in signed:
            protected, signature = self.signatures[kid]
            if not verify_jws(roots.kids[kid], f"{protected}.{self.payload}.{signature}".encode()):
                raise UntrustedRoots(f"the trust file's signature of root {base64url.encode(kid)} is not its own")
        return signed

    @property
    def others(self) -> tuple[bytes, ...]:
        """Name who else is said to have signed it, by key id: roots of the version before, perhaps."""
        return tuple(sorted(self.signatures.keys() - self.trust.roots.kids.keys()))

    def rely(self, roots: str) -> Trust:
        """Give what it says, if its roots are those of the fingerprint `roots` and enough of them signed it.

        Raises:
            UntrustedRoots: they are others, or too few signed.
        """
        if self.trust.roots.fingerprint != roots:
            raise UntrustedRoots(f"the trust file's roots are {self.trust.roots.fingerprint}, and {roots} are trusted")
        self._assure(self.trust.roots, "its")
        return self.trust

    def follow(self, before: TrustFile) -> Trust:
        """Give what it says, if it is a later version of the file `before`, which is relied on.

        Raises:
            UntrustedRoots: it is no later version, or too few of the roots of either have signed it.
        """
        ours, known = self.trust, before.trust
        if ours.version <= known.version:
            raise UntrustedRoots(
                f"the trust file is version {ours.version}, and version {known.version} is known already"
            )
        if ours.version == known.version + 1 and ours.previous != before.hash:
            raise UntrustedRoots(f"the trust file follows another version {known.version} than the one that is known")
        self._assure(known.roots, f"version {known.version}'s")
        self._assure(ours.roots, "its")
        return ours

    def to_text(self) -> str:
        """Write the file; the same content gives the same text."""
        signatures: list[Value] = [
            {"protected": protected, "signature": signature}
            for protected, signature in (self.signatures[kid] for kid in sorted(self.signatures))
        ]
        return strict_json.canonical({"payload": self.payload, "signatures": signatures}) + "\n"

    def _assure(self, roots: Roots, whose: str) -> None:
        signed = len(self.signers(roots))
        if signed < roots.threshold:
            raise UntrustedRoots(f"the trust file is signed by {signed} of {whose} roots, and {roots.threshold} must")


def _protected(kid: bytes) -> str:
    header: dict[str, Value] = {"alg": ALG, "kid": base64url.encode(kid), "typ": TYP}
    return base64url.encode(strict_json.canonical(header).encode())


def _signature(said: Members) -> tuple[bytes, tuple[str, str]]:
    if said.as_dict().keys() != {"protected", "signature"}:
        raise MalformedTrust(said.place, "not an object of protected and signature")
    protected = said.text("protected")
    header = Members(_json(protected, f"{said.place}.protected"), f"{said.place}.protected", MalformedTrust)
    kid = header.octets("kid")
    if protected != _protected(kid):
        raise said.refusal("protected", f"not alg {ALG}, typ {TYP} and a kid, as RFC 8785 writes them")
    said.octets("signature")
    return kid, (protected, said.text("signature"))


def _json(part: str, place: str) -> Value:
    try:
        return strict_json.loads(base64url.decode(part).decode("utf-8"), place, MalformedTrust)
    except NotBase64Url as error:
        raise MalformedTrust(place, str(error)) from None
    except UnicodeDecodeError:
        raise MalformedTrust(place, "not UTF-8") from None

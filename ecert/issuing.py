"""Signing: from a linted certificate to an SD-JWT VC (design section 2) and its leaf (section 3).

Salts are an argument: 16 bytes of the operating system's randomness for each slot. Whoever could guess them could
find the fields that a holder withholds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from ecert import base64url, forms, strict_json, suite
from ecert.agency import STATUS_LIST_SIZE, is_status_base, parse_issuer, status_uri
from ecert.certificate import Issuer, Value
from ecert.certificate_type import CertificateType
from ecert.claims import FORMAT, LATEST
from ecert.draft import LintedCertificate
from ecert.errors import UnfitToSign
from ecert.merkle import leaf_hash
from ecert.parsing import TYP
from ecert.strict_json import MAX_INTEGER
from ecert.suite import SigningKey

SALT_SIZE = 16
MAX_SUPERSEDES = 256
_HEADERS_KEPT = 256
_QUOTED = '","'


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCertificate:
    """A certificate as it was signed: its JWT, all its disclosures in the order of the type's slots, and its leaf."""

    jwt: str
    disclosures: tuple[str, ...]
    leaf: bytes
    serial: int

    def compact(self) -> str:
        """Write the compact form, which carries no path."""
        return forms.write_compact(self.jwt, self.disclosures)

    def file(self, path: Sequence[bytes], evidence: Mapping[str, Value] | None = None) -> bytes:
        """Write the file form with the inclusion path."""
        return forms.write_file(self.jwt, self.disclosures, path, evidence)


def split_compact(text: str, serial: int) -> SignedCertificate:
    """Take apart a compact form that `SignedCertificate.compact` wrote and our own store kept; nothing is checked."""
    jwt, *disclosures, _ = text.split("~")
    return SignedCertificate(
        jwt=jwt, disclosures=tuple(disclosures), leaf=leaf_hash(jwt.encode("ascii")), serial=serial
    )


def salt_bytes(certificate_type: CertificateType) -> int:
    """Count the random bytes that one certificate of the type needs."""
    return SALT_SIZE * len(certificate_type.slots)


def sign(
    linted: LintedCertificate,
    *,
    serial: int,
    iat: int,
    issuer: Issuer,
    status_base: str,
    key: SigningKey,
    salts: bytes,
    version: int = 1,
    supersedes: Sequence[int] = (),
    cnf: Mapping[str, Value] | None = None,
) -> SignedCertificate:
    """Sign one certificate; `UnfitToSign`, `MalformedAgency` or `MalformedKey` where the arguments cannot make one."""
    _check_numbers(serial, iat, version, supersedes)
    _check_issuer(issuer, status_base)
    if len(salts) != salt_bytes(linted.certificate_type):
        raise UnfitToSign(f"{len(salts)} bytes of salt, not {SALT_SIZE} for each slot")
    disclosures, digests = _disclose(linted, salts)
    optional: dict[str, Value] = {
        "cnf": None if cnf is None else _holder_key(cnf),
        "exp": linted.exp,
        "legacy": linted.legacy or None,
        "supersedes": list[Value](sorted(supersedes)) or None,
    }
    holder, end, legacy, replaced = [
        "" if value is None else f'"{name}":{strict_json.canonical(value)},' for name, value in optional.items()
    ]
    texts, slots = zip(*digests, strict=True)
    status = f'{{"idx":{serial % STATUS_LIST_SIZE},"uri":"{status_uri(status_base, issuer, serial)}"}}'
    # In the order of RFC 8785; nothing in it needs escaping. The JSON encoder takes several times as long.
    payload = (
        f'{{"_sd_alg":"{suite.SD_ALG}",{holder}"ecert":{FORMAT},{end}"fields":{{"_sd":["{_QUOTED.join(texts)}"]}},'
        f'"iat":{iat},"iss":"{issuer}",{legacy}"nbf":{linted.nbf},"serial":{serial},"slots":["{_QUOTED.join(slots)}"],'
        f'"status":{{"status_list":{status}}},{replaced}"vct":"{linted.certificate_type.vct}","version":{version}}}'
    )
    message = f"{_header(key.kid)}.{base64url.encode(payload.encode())}"
    jwt = f"{message}.{base64url.encode(key.sign(message.encode('ascii')))}"
    return SignedCertificate(jwt=jwt, disclosures=disclosures, leaf=leaf_hash(jwt.encode("ascii")), serial=serial)


def _disclose(linted: LintedCertificate, salts: bytes) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """Write every slot's disclosure, and (digest, slot's name) sorted by digest."""
    slots = linted.certificate_type.slots
    disclosures: list[bytes] = []
    for salt, name, value in zip(base64url.encode_each(salts, SALT_SIZE), slots, linted.values, strict=True):
        said = "null" if value is None else strict_json.canonical(value)
        disclosures.append(base64url.encode_ascii(f'["{salt}","{name}",{said}]'.encode()))
    hashes = b"".join([sha256(disclosure).digest() for disclosure in disclosures])
    digests = base64url.encode_each(hashes, base64url.DIGEST_SIZE)
    return tuple(b"~".join(disclosures).decode("ascii").split("~")), sorted(zip(digests, slots, strict=True))


def _check_numbers(serial: int, iat: int, version: int, supersedes: Sequence[int]) -> None:
    serials = {serial, *supersedes}
    if min(serials) < 0 or max(serials) > MAX_INTEGER:
        raise UnfitToSign("a serial is not within 0 and 2^53-1")
    if len(serials) != 1 + len(supersedes) or len(supersedes) > MAX_SUPERSEDES:
        raise UnfitToSign(f"superseded serials are at most {MAX_SUPERSEDES}, each once, none its own")
    if not 1 <= version <= MAX_INTEGER or (version > 1 and not supersedes):
        raise UnfitToSign("the version is 1, or above with superseded serials")
    if not 0 <= iat <= LATEST:
        raise UnfitToSign("the time of signing is out of range")


@lru_cache(_HEADERS_KEPT)
def _check_issuer(issuer: Issuer, status_base: str) -> None:
    parse_issuer(str(issuer))
    if not is_status_base(status_base):
        raise UnfitToSign("the status base is not http(s)://host[/path] without a slash at its end")


def _holder_key(cnf: Mapping[str, Value]) -> Value:
    if cnf.keys() != {"jwk"}:
        raise UnfitToSign("cnf is not of jwk alone")
    suite.from_jwk(cnf["jwk"], "cnf.jwk")
    return dict(cnf)


@lru_cache(_HEADERS_KEPT)
def _header(kid: bytes) -> str:
    header: Value = {"alg": suite.ALG, "kid": base64url.encode(kid), "typ": TYP}
    return base64url.encode(strict_json.canonical(header).encode())

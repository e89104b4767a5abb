"""Receipts: what a relying party was told, signed, so that it can be re-checked years later without the service.

A receipt names the certificates, the verdicts and what they were for; it holds no value of any field. What the
relying party stated stands in it as a salted hash: with the salt, which it alone has, it can prove what it asked.
Trust: whoever has the receipt key can make receipts; the audit log says which were really given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from ecert import base64url, strict_json
from ecert.certificate import Certificate, Value
from ecert.demands import Demands
from ecert.errors import UntrustedToken
from ecert.jwks import KeySet
from ecert.jws import read_jws
from ecert.members import Members
from ecert.merkle import leaf_hash
from ecert.suite import SigningKey, sign_jws
from ecert.verdict import Result, Verdict, verdict_to_json

TYP = "ecert-receipt+jwt"
_MAX_SIZE = 16 << 20
_SAID = ("relying_party", "office", "operator", "matter", "case", "ground", "nonce")
TOLD = ("result", "reasons", "checks", "at", "as_of")
"""What a receipt says of a verdict."""
_BATCH = "verdicts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One certificate in a receipt.

    `certificate`: `{iss, vct, serial, leaf}`, None for bytes that were none. `sd_hash`: of what was presented.
    `verdict`: result, reasons, checks, at, as_of. `compared`: names of the fields compared. `stated`: the salted hash.
    """

    certificate: Mapping[str, Value] | None
    sd_hash: str
    verdict: Mapping[str, Value]
    compared: tuple[str, ...] = ()
    stated: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one verification answered: `judged` has one entry, or for a `batch` as many as it had certificates.

    Texts are None where nothing was said (the public check page names no matter). `audit`: where it stands in the log.
    """

    iss: str
    jti: str
    iat: int
    judged: tuple[Judged, ...]
    batch: bool = False
    relying_party: str | None = None
    office: str | None = None
    operator: str | None = None
    matter: str | None = None
    case: str | None = None
    ground: str | None = None
    nonce: str | None = None
    audit: Mapping[str, Value] | None = None


def certificate_name(certificate: Certificate) -> dict[str, Value]:
    """Name a certificate as a receipt does."""
    return {
        "iss": str(certificate.iss),
        "vct": certificate.vct,
        "serial": certificate.serial,
        "leaf": base64url.encode(leaf_hash(certificate.signed)),
    }


def told(verdict: Verdict) -> dict[str, Value]:
    """Take from a verdict what a receipt says of it."""
    whole = verdict_to_json(verdict)
    return {name: whole[name] for name in TOLD}


def stated_hash(demands: Demands, salt: bytes) -> str:
    """Hash what was stated, under a salt of 16 random bytes that only the relying party is given."""
    holder = demands.holder
    stated: dict[str, Value] = {
        "expect": dict(demands.expect),
        "holder": None if holder is None else {"id": holder.id, "name": holder.name},
    }
    return base64url.encode(sha256(salt + strict_json.canonical(stated).encode()).digest())


def sign_receipt(receipt: Receipt, key: SigningKey, *, audit: Mapping[str, Value] | None = None) -> str:
    """Sign a receipt as a compact JWS; one that is no batch has exactly one entry.

    `audit`: where it was recorded, in place of what the receipt has.
    """
    audit = receipt.audit if audit is None else audit
    payload: dict[str, Value] = {"iss": receipt.iss, "jti": receipt.jti, "iat": receipt.iat}
    payload |= {name: value for name in _SAID if (value := getattr(receipt, name)) is not None}
    if audit is not None:
        payload["audit"] = dict(audit)
    entries = [_entry_to_json(entry) for entry in receipt.judged]
    if receipt.batch:
        return sign_jws(key, {"typ": TYP}, payload | {_BATCH: list(entries)})
    (entry,) = entries
    return sign_jws(key, {"typ": TYP}, payload | entry)


def check_receipt(token: str, keys: KeySet, *, iss: str) -> Receipt:
    """Read a receipt and rely on it: it is of the service `iss`, signed by a key that signed at its time.

    Raises:
        MalformedToken: not a receipt.
        UntrustedToken: not signed by a published key of that time, or of another service.
    """
    read = read_jws(token, typ=TYP, place="receipt", max_size=_MAX_SIZE)
    claims = read.payload
    iat = claims.number("iat")
    if not read.is_signed_by(keys.signer(read.kid, iat).public_key):
        raise UntrustedToken("the signature is not that of its key")
    if claims.text("iss") != iss:
        raise UntrustedToken("the receipt is of another service")
    batch = claims.has(_BATCH)
    return Receipt(
        iss=iss,
        jti=claims.text("jti"),
        iat=iat,
        judged=claims.each(_BATCH, _entry) if batch else (_entry(claims),),
        batch=batch,
        audit=_object(claims, "audit"),
        **{name: claims.maybe(name, claims.text) for name in _SAID},
    )


def _entry_to_json(entry: Judged) -> dict[str, Value]:
    written: dict[str, Value] = {**entry.verdict, "sd_hash": entry.sd_hash, "compared": list(entry.compared)}
    if entry.certificate is not None:
        written["certificate"] = dict(entry.certificate)
    if entry.stated is not None:
        written["stated"] = entry.stated
    return written


def _entry(entry: Members) -> Judged:
    whole = entry.as_dict()
    missing = [name for name in TOLD if name not in whole]
    if missing:
        raise entry.refusal(missing[0], "is missing")
    if entry.text("result") not in set(Result):
        raise entry.refusal("result", "not VALID, INVALID or UNKNOWN")
    return Judged(
        certificate=_object(entry, "certificate"),
        sd_hash=entry.text("sd_hash"),
        verdict={name: whole[name] for name in TOLD},
        compared=tuple(str(name) for name in entry.items("compared")),
        stated=entry.maybe("stated", entry.text),
    )


def _object(members: Members, name: str) -> dict[str, Value] | None:
    return members.members(name).as_dict() if members.has(name) else None

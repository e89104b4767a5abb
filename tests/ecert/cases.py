"""Certificates and facts for the judging tests: one good case, and every way to spoil a part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from ecert import base64url, strict_json
from ecert.certificate import Certificate, Disclosure, Issuer, Value
from ecert.demands import NO_DEMANDS, Demands
from ecert.facts import Accreditation, AsOf, BatchFacts, Facts, KeyFacts, Status, StatusFacts
from ecert.judging import judge
from ecert.merkle import Tree, leaf_hash
from ecert.suite import SigningKey, sign_jws
from ecert.types import CertificateType, bundled_types, vct_hash
from ecert.verdict import Check, Outcome, Reason, Verdict

LEDGER = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
OTHER_LEDGER = "eip155:31337:0x0000000000000000000000000000000000000001"
AGENCY = "11420100MB9A000148"
NOW = 1_790_000_000
SIGNED = NOW - 100_000
ANCHORED = SIGNED + 60
FACTS_TIME = NOW - 10
FIRST_SERIAL = 40
SERIAL = 45
COUNT = 9
BLOCK = 1_000
HOLDER_ID = "42010620000229008X"
KEY = SigningKey.from_secret(11)
OTHER_KEY = SigningKey.from_secret(12)
HOLDER_KEY = SigningKey.from_secret(13)
DOCUMENT_DIGEST = sha256(b"a document").digest()
TITLE = bundled_types()["real-estate-title"]
VALUES: Mapping[str, Value] = {
    "title_number": "鄂(2026)武汉市江岸不动产权第0012345号",
    "holders": [
        {"name": "李明", "id_type": "111", "id_number": HOLDER_ID, "share": "1/2"},
        {"name": "Ana Pérez", "id_type": "414", "id_number": "X1234567", "share": "1/2"},
    ],
    "ownership_form": "按份共有",
    "unit_number": "420103001002GB00017F00030045",
    "area_m2": "89.50",
    "registration_date": "2026-07-01",
}


def certificate(
    certificate_type: CertificateType = TITLE,
    values: Mapping[str, Value] = VALUES,
    *,
    hide: frozenset[str] = frozenset(),
    key: SigningKey = KEY,
    **claims: Any,
) -> Certificate:
    """Sign a certificate of `values` (other slots null) and put it into a batch of its own among fillers."""
    every = [_disclosure(name, values.get(name)) for name in certificate_type.slots]
    every.sort(key=lambda disclosure: disclosure.digest)
    parts: dict[str, Any] = {
        "suite": 1,
        "kid": key.kid,
        "x5c": (),
        "iss": Issuer(ledger=LEDGER, agency=AGENCY),
        "vct": certificate_type.vct,
        "serial": SERIAL,
        "version": 1,
        "supersedes": (),
        "iat": SIGNED,
        "nbf": SIGNED - 1_000,
        "exp": NOW + 100_000,
        "legacy": False,
        "status_uri": "",
        "cnf": None,
        "slots": tuple(disclosure.name for disclosure in every),
        "digests": tuple(disclosure.digest for disclosure in every),
        "disclosures": tuple(disclosure for disclosure in every if disclosure.name not in hide),
        "key_binding": None,
        "evidence": None,
        **claims,
    }
    told = {"serial": parts["serial"], "iat": parts["iat"], "_sd": [base64url.encode(each.digest) for each in every]}
    signed = sign_jws(key, {"typ": "dc+sd-jwt"}, told).encode()
    parts.setdefault("path", tree(signed).path(SERIAL - FIRST_SERIAL))
    return Certificate(signed=signed, **parts)


def tree(signed: bytes) -> Tree:
    """Give the batch: fillers, and the leaf of `signed` at its place."""
    leaves = [sha256(bytes([filler])).digest() for filler in range(COUNT)]
    leaves[SERIAL - FIRST_SERIAL] = leaf_hash(signed)
    return Tree(leaves)


def good_facts(of: Certificate) -> Facts:
    """Give facts under which the certificate is valid."""
    return Facts(
        as_of=AsOf(chain="eip155:31337", block=BLOCK + 50, hash=b"\x07" * 32, time=FACTS_TIME),
        ledger=LEDGER,
        agency_known=True,
        key=KeyFacts(kid=KEY.kid, suite=1, public_key=KEY.public_key, added=ANCHORED - 5_000),
        accreditations=(Accreditation(since=ANCHORED - 4_000, until=None),),
        batch=BatchFacts(
            certificate_type=vct_hash(of.vct),
            suite=1,
            root=tree(of.signed).root,
            first_serial=FIRST_SERIAL,
            count=COUNT,
            anchored=ANCHORED,
            block=BLOCK,
        ),
        superseded=dict.fromkeys(of.supersedes, (of.serial,)),
    )


def change(status: Status, time: int, *, settled: bool = True, successors: tuple[int, ...] = ()) -> StatusFacts:
    """Give one status change."""
    return StatusFacts(status=status, time=time, block=BLOCK + 1, settled=settled, successors=successors)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A certificate with the facts about it, and everything that can be asked."""

    certificate: Certificate
    facts: Facts
    certificate_type: CertificateType | None = TITLE
    documents: tuple[bytes, ...] = ()
    demands: Demands = NO_DEMANDS
    at: int | None = None
    now: int = NOW

    @classmethod
    def good(cls, **claims: Any) -> Case:
        """Make a case that is VALID."""
        made = certificate(**claims)
        return cls(certificate=made, facts=good_facts(made))

    def but(self, **parts: Any) -> Case:
        """Change parts of the case, or of its certificate, facts, batch, key and demands."""
        for owner in ("certificate", "facts", "demands"):
            mine = {name: parts.pop(name) for name in list(parts) if _is_of(getattr(self, owner), name)}
            if mine:
                parts[owner] = replace(getattr(self, owner), **mine)
        return replace(self, **parts)

    def batch(self, **parts: Any) -> Case:
        """Change the batch."""
        assert self.facts.batch is not None
        return self.but(batch=replace(self.facts.batch, **parts))

    def key(self, **parts: Any) -> Case:
        """Change the key."""
        assert self.facts.key is not None
        return self.but(key=replace(self.facts.key, **parts))

    def judged(self) -> Verdict:
        """Judge it."""
        return judge(
            self.certificate,
            self.facts,
            documents=self.documents,
            demands=self.demands,
            at=self.at,
            now=self.now,
            certificate_type=self.certificate_type,
        )

    def check(self, number: int) -> Check:
        """Judge it and give one check."""
        return self.judged().checks[number - 1]


def outcome(check: Check) -> tuple[Outcome, tuple[Reason, ...]]:
    """Give what a check found, without its detail."""
    return check.outcome, check.reasons


PASSES = (Outcome.PASS, ())
SKIPPED = (Outcome.SKIPPED, ())
NOT_ASKED = (Outcome.NOT_ASKED, ())


def fails(*reasons: Reason) -> tuple[Outcome, tuple[Reason, ...]]:
    """Say that a check failed, gravest reason first."""
    return Outcome.FAIL, reasons


def unknown(*reasons: Reason) -> tuple[Outcome, tuple[Reason, ...]]:
    """Say that a check could not tell."""
    return Outcome.UNKNOWN, reasons


def disclosed(name: str, value: Value) -> Disclosure:
    """Make a disclosure as it would be parsed."""
    return _disclosure(name, value)


def _disclosure(name: str, value: Value) -> Disclosure:
    salt = base64url.encode(sha256(name.encode()).digest()[:16])
    encoded = base64url.encode(strict_json.canonical([salt, name, value]).encode())
    digest = sha256(encoded.encode()).digest()
    return Disclosure(encoded=encoded, digest=digest, salt=salt, name=name, value=value)


def _is_of(owner: object, name: str) -> bool:
    return name in {*type(owner).__dataclass_fields__} and name not in Case.__dataclass_fields__  # type: ignore[attr-defined]

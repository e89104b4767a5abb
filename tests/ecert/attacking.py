"""Attacks on certificates, judged: what is a false accept, and what came of each attack.

`tests.ecert.mutations` has the attacks: each takes a certificate that was issued and spoils it, or forges another.

What is asserted is that there is no false accept. VALID is a **false accept** unless all of this holds of the bytes
that were judged, read again:

- their issuer-signed JWT (so its leaf, and every claim) is, byte for byte, one that an agency anchored on the ledger
  that was asked, and nobody withdrew;
- every field they show has the name and the value that the agency signed for it, and each is shown once;
- they were judged by the facts of their own ledger and batch;
- where the holder was to prove possession, they show exactly what the holder signed for that nonce and audience.

White space, the order of members and disclosures, fields left out and evidence carry no meaning, so VALID is right
for a change of these alone. Besides, nothing but `MalformedCertificate` may be raised.

The same seed and index make the same attack on the same bytes, on any machine.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from ecert import base64url, key_binding
from ecert.certificate import Certificate
from ecert.demands import NO_DEMANDS, Challenge, Demands
from ecert.errors import MalformedCertificate
from ecert.facts import Facts
from ecert.judging import judge, judge_malformed
from ecert.ledger_copy import LedgerCopy
from ecert.parsing import parse
from ecert.suite import SigningKey, sign_jws
from ecert.types import TypeCatalogue
from ecert.verdict import Result, Verdict
from tests.ecert.specimens import (
    HOLDER_KEY,
    NOW,
    Specimen,
    shown,
    world,
)

CHALLENGE = Challenge(nonce="0d6bWk0Y", audience="https://counter.example")
HOLDER_ASKED = Demands(key_binding=CHALLENGE)
_TYPES = TypeCatalogue.bundled()
_INDEX_BITS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """Bytes to judge, what is demanded of them, and whose facts they are judged by (None: those that are due)."""

    data: bytes
    demands: Demands = NO_DEMANDS
    facts: Facts | None = None
    ledger: LedgerCopy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of one attack. `failure`: why it must not be so, None where all is well."""

    mutation: str
    index: int
    outcome: str
    data: bytes
    failure: str | None


class Parts:
    """A certificate file taken apart, to be put together wrong."""

    def __init__(self, of: Specimen) -> None:
        self.of = of
        self.whole: dict[str, Any] = {name: of.whole[name] for name in ("protected", "payload", "signature")}
        self.disclosures: list[Any] = list(of.whole["header"]["disclosures"])
        self.path: list[Any] = list(of.whole["header"]["ecert"]["path"])
        self.key_binding: str | None = None

    def put_jwt(self, jwt: str) -> None:
        """Replace the signed part."""
        self.whole["protected"], self.whole["payload"], self.whole["signature"] = jwt.split(".")

    def sign(self, key: SigningKey, header: Mapping[str, Any] | None = None, **claims: Any) -> None:
        """Sign other claims with a key, which the header then names."""
        self.put_jwt(sign_jws(key, header or {"typ": "dc+sd-jwt"}, {**self.of.payload, **claims}))

    def claim(self, **claims: Any) -> None:
        """Write other claims and leave the signature."""
        self.whole["payload"] = encoded({**self.of.payload, **claims})

    def disclose(self, at: int, content: object) -> None:
        """Write another disclosure in the place of one."""
        self.disclosures[at] = encoded(content)

    def object(self) -> dict[str, Any]:
        """Put the file together."""
        header: dict[str, Any] = {"disclosures": self.disclosures, "ecert": {"path": self.path}}
        if self.key_binding is not None:
            header["kb_jwt"] = self.key_binding
        return {**self.whole, "header": header}

    def attack(self, demands: Demands = NO_DEMANDS) -> Attack:
        """Put it together and attack with it."""
        return Attack(data=json.dumps(self.object()).encode(), demands=demands)


def encoded(value: object) -> str:
    """Write JSON in base64url, as a disclosure or a part of a JWT is."""
    return base64url.encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


Mutation = Callable[[Random, Specimen], Attack]


def attack(seed: int, index: int, mutations: Mapping[str, Mutation]) -> Finding:
    """Make attack number `index` of a seed, judge it, and tell what came of it."""
    random = Random(seed << _INDEX_BITS | index)  # noqa: S311
    mutation = tuple(mutations)[index % len(mutations)]
    made = mutations[mutation](random, random.choice(world().specimens))
    try:
        outcome, failure = judged(made)
    except Exception:  # noqa: BLE001 - whatever is raised is what we are looking for
        outcome, failure = "raised", traceback.format_exc()
    return Finding(mutation=mutation, index=index, outcome=outcome, data=made.data, failure=failure)


def judged(made: Attack) -> tuple[str, str | None]:
    """Judge an attack as the service would; give the outcome, and why it must not be so, if it must not."""
    ledger = made.ledger or world().ledger
    try:
        certificate = parse(made.data)
    except MalformedCertificate as error:
        verdict = judge_malformed(error, as_of=ledger.as_of, now=NOW)
        return "malformed", None if verdict.result is Result.INVALID else f"malformed, but {verdict.result}"
    verdict = judge(
        certificate,
        made.facts or ledger.facts(certificate),
        demands=made.demands,
        now=NOW,
        certificate_type=_TYPES.by_vct(certificate.vct),
    )
    if verdict.result is not Result.VALID:
        return verdict.result.value, None if verdict.reasons else "not VALID, and no reason why"
    return "VALID", why_false(made, certificate, verdict)


def why_false(made: Attack, certificate: Certificate, verdict: Verdict) -> str | None:
    """Say why a VALID is a false accept; None: it is right."""
    genuine = _anchored().get(certificate.signed)
    if genuine is None:
        return f"nobody anchored this JWT: {verdict}"
    if not shown(certificate) <= shown(genuine.certificate):
        return "it shows what its agency did not sign"
    if len({each.name for each in certificate.disclosures}) != len(certificate.disclosures):
        return "it shows a field twice"
    if made.facts is not None or made.ledger is not None:
        return "the facts are of another batch or another ledger"
    if made.demands.key_binding is not None and not _is_bound(certificate):
        return "its holder did not sign this presentation"
    return None


def _is_bound(certificate: Certificate) -> bool:
    binding = key_binding.create(compact(certificate), CHALLENGE, iat=NOW, key=HOLDER_KEY)
    return certificate.key_binding is not None and said(certificate.key_binding) == said(binding)


def compact(certificate: Certificate) -> str:
    """Write what a holder signs: the JWT and the disclosures in their order."""
    return "~".join([certificate.signed.decode(), *(each.encoded for each in certificate.disclosures), ""])


def said(jwt: str) -> str:
    """Give what a JWT says, without the signature (of which ECDSA has two for every one)."""
    return jwt.rpartition(".")[0]


@cache
def _anchored() -> Mapping[bytes, Specimen]:
    return {specimen.certificate.signed: specimen for specimen in world().good}

"""One verification: what is presented, what is asked about it, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from ecert import base64url
from ecert.certificate import Certificate, Value
from ecert.certificate_type import CertificateType
from ecert.comparing import Answer
from ecert.demands import NO_DEMANDS, Demands
from ecert.receipt import TOLD, Judged, certificate_name, stated_hash
from ecert.verdict import Check, Verdict, verdict_to_json
from verifier.matters import Ruling

Presented = bytes | dict[str, Value]
"""Bytes of any kind; or the file form, read strictly as a part of a larger JSON text no longer than a certificate."""
NOTHING_PRESENTED = base64url.encode(sha256(b"").digest())
"""`sd_hash` of an answer to which nothing was presented."""
_EXPECTATIONS = 11
_COMPARED = frozenset({Answer.EQUAL, Answer.DIFFERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One answer. `certificate` is None where the bytes were none; `agency_name` is what the registry says.

    `sd_hash`: of what was presented, as in key binding (RFC 9901 section 4.3), or of all the bytes that were no
    certificate. `demands`: what was stated about it. `settled_block`: up to which all was settled in the ledger copy
    that it was judged from; None where the certificate is of no ledger of ours.
    """

    id: str
    verdict: Verdict
    certificate: Certificate | None
    certificate_type: CertificateType | None
    agency_name: str | None
    sd_hash: str = NOTHING_PRESENTED
    demands: Demands = NO_DEMANDS
    settled_block: int | None = None
    said: Mapping[str, Value] = field(init=False, repr=False, compare=False)
    """The verdict as JSON, which the answer, the receipt and the record have in common."""

    def __post_init__(self) -> None:
        """Write the verdict once."""
        object.__setattr__(self, "said", verdict_to_json(self.verdict))

    @property
    def expectations(self) -> Check | None:
        """The check that compared what was stated; None where the verdict has none."""
        return next((check for check in self.verdict.checks if check.number == _EXPECTATIONS), None)

    @property
    def compared(self) -> tuple[str, ...]:
        """Names of the fields that were compared, `holder` among them, equal or not."""
        expectations = self.expectations
        fields = None if expectations is None else expectations.detail.get("fields")
        return tuple(name for name, said in fields.items() if said in _COMPARED) if isinstance(fields, dict) else ()

    @property
    def states(self) -> bool:
        """Whether anything was stated about the certificate."""
        return bool(self.demands.expect) or self.demands.holder is not None

    def judged(self, salt: bytes | None) -> Judged:
        """Give it as a receipt has it, what was stated hashed under `salt`."""
        return Judged(
            certificate=None if self.certificate is None else certificate_name(self.certificate),
            sd_hash=self.sd_hash,
            verdict={name: self.said[name] for name in TOLD},
            compared=self.compared,
            stated=stated_hash(self.demands, salt) if salt is not None and self.states else None,
        )

    def to_json(self) -> dict[str, object]:
        """Give the verdict as JSON, with the answer's id and what names the certificate; no field of its face."""
        return {"id": self.id, **self.said, "certificate": self._named()}

    def _named(self) -> dict[str, object] | None:
        shown = self.certificate
        if shown is None:
            return None
        return {
            "iss": str(shown.iss),
            "agency_name": self.agency_name,
            "vct": shown.vct,
            "type": None if self.certificate_type is None else self.certificate_type.slug,
            "serial": shown.serial,
            "version": shown.version,
            "nbf": shown.nbf,
            "exp": shown.exp,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a certificate: demands, SHA-256 digests of what came along, the time asked about, the matter."""

    demands: Demands = NO_DEMANDS
    documents: tuple[bytes, ...] = ()
    at: int | None = None
    ruling: Ruling | None = None

    def under(self, ruling: Ruling | None) -> Asked:
        """Give it with what a matter makes of it."""
        return Asked(demands=self.demands, documents=self.documents, at=self.at, ruling=ruling)

    def demanded(self, certificate_type: CertificateType | None) -> Demands:
        """Give what the caller demands and, of a certificate of this type, its matter.

        Raises:
            RequestRefused: the matter does not need such a certificate.
        """
        return self.demands if self.ruling is None else self.ruling.demands(self.demands, certificate_type)


NOTHING_ASKED = Asked()

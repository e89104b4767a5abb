"""Stored certificates against themselves and the chain: form, serial, issuer, type, leaf, number, signature."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from ecert.certificate import Certificate
from ecert.certificate_type import CertificateType
from ecert.errors import EcertError, MalformedCertificate
from ecert.facts import Status
from ecert.kinds import normalise
from ecert.ledger_copy import LedgerCopy
from ecert.merkle import leaf_hash
from ecert.parsing import parse
from ecert.suite import verify_jws
from ecert.types import TypeCatalogue
from store.records import BatchRecord, CertificateRecord
from store.states import BatchState
from verifier.agreement.findings import Findings
from verifier.services.checking import Numbers

FINAL = frozenset({Status.REVOKED, Status.SUPERSEDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRows:
    """What certificates of a ledger are compared with. `index_key` None: numbers are not compared.

    `released`: agency -> serials whose settled revocation or replacement gave their numbers up.
    """

    copy: LedgerCopy
    catalogue: TypeCatalogue
    index_key: bytes | None
    released: dict[str, set[int]]
    findings: Findings

    def compare(self, row: CertificateRecord, batch: BatchRecord) -> None:
        """Compare one row with its batch and with what it says itself."""
        place = f"certificate {row.agency} {row.serial}"
        self.findings.checked["certificates"] += 1
        self._compare_live(row, batch, place)
        try:
            certificate = parse(row.compact.encode())
        except (MalformedCertificate, UnicodeEncodeError) as error:
            self.findings.add("certificate_malformed", place, f"it cannot be read: {error}")
            return
        self._compare_claims(row, batch, certificate, place)
        self._compare_signature(certificate, place)
        self._compare_number(row, certificate, place)

    def _compare_claims(self, row: CertificateRecord, batch: BatchRecord, found: Certificate, place: str) -> None:
        said = (
            ("serial", row.serial, found.serial),
            ("issuer", f"{row.ledger}/{row.agency}", str(found.iss)),
            ("leaf", row.leaf, leaf_hash(found.signed)),
            ("type", row.certificate_type, sha256(found.vct.encode()).digest()),
            ("batch's type", batch.certificate_type, row.certificate_type),
        )
        for what, here, signed in said:
            if here != signed:
                self.findings.add(f"certificate_{what.split()[-1]}", place, f"its row has another {what} than it says")

    def _compare_signature(self, certificate: Certificate, place: str) -> None:
        agency = self.copy.agency(certificate.iss.agency)
        key = None if agency is None else agency.keys.get(certificate.kid)
        if key is None:
            self.findings.add("certificate_key", place, "it is signed with a key that the registry does not have")
        elif not verify_jws(key.public_key, certificate.signed):
            self.findings.add("certificate_signature", place, "its signature is wrong")

    def _compare_number(self, row: CertificateRecord, certificate: Certificate, place: str) -> None:
        certificate_type = self.catalogue.by_vct(certificate.vct)
        if self.index_key is None or certificate_type is None:
            return
        numbers = Numbers(key=self.index_key, agency=row.agency, certificate_type=certificate_type)
        if row.number_index != numbers.index(number_of(certificate, certificate_type)):
            self.findings.add("certificate_number", place, "it would not be found under its number")

    def _compare_live(self, row: CertificateRecord, batch: BatchRecord, place: str) -> None:
        final = self.copy.status(row.agency, row.serial) in FINAL
        if batch.state is BatchState.VOID or row.serial in self.released.get(row.agency, ()):
            if row.live:
                self.findings.add("certificate_live", place, "it holds its number, though it is void or withdrawn")
        elif not row.live and not final:
            self.findings.add("certificate_live", place, "it has given up its number, though it is in force")


def number_of(certificate: Certificate, certificate_type: CertificateType) -> str | None:
    """Give the number that a certificate shows, in its normal form; None where it shows none."""
    field = certificate_type.field(certificate_type.number)
    value = next((one.value for one in certificate.disclosures if one.name == certificate_type.number), None)
    if field is None or value is None:
        return None
    try:
        return str(normalise(field, value))
    except EcertError:
        return None

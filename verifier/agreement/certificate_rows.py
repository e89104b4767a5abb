"""Stored certificates against themselves and the chain: form, serial, issuer, type, leaf, number, signature."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from ecert.certificate import Certificate
from ecert.errors import MalformedCertificate
from ecert.facts import FINAL
from ecert.ledger_copy import LedgerCopy
from ecert.merkle import leaf_hash
from ecert.parsing import parse
from ecert.suite import verify_jws
from ecert.types import TypeCatalogue
from store.records import BatchRecord, CertificateRecord
from store.states import BatchState
from verifier.agreement.findings import Findings
from verifier.faults import CannotOpen, KeyringError
from verifier.keys.field_key import FieldKeys
from verifier.services.blind_indexes import BlindIndexes, number_of, said_by


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRows:
    """What certificates of a ledger are compared with. No `index_keys`: what they are found by is not compared.

    `index_keys`: the current one, then the one that it replaces, if any. `released`: agency -> serials whose settled
    revocation or replacement gave their numbers up.
    """

    copy: LedgerCopy
    catalogue: TypeCatalogue
    fields: FieldKeys
    index_keys: tuple[bytes, ...]
    released: dict[str, set[int]]
    findings: Findings

    def compare(self, row: CertificateRecord, batch: BatchRecord, lookups: frozenset[bytes]) -> None:
        """Compare one row with its batch and with what it says itself; `lookups` lead to it."""
        place = f"certificate {row.agency} {row.serial}"
        self.findings.checked["certificates"] += 1
        self._compare_live(row, batch, place)
        try:
            certificate = parse(self.fields.compact(row))
        except (CannotOpen, KeyringError) as error:
            self.findings.add("certificate_sealed", place, f"what it discloses does not open: {error}")
            return
        except (MalformedCertificate, UnicodeEncodeError) as error:
            self.findings.add("certificate_malformed", place, f"it cannot be read: {error}")
            return
        self._compare_claims(row, batch, certificate, place)
        self._compare_signature(certificate, place)
        self._compare_found(row, certificate, lookups, place)

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

    def _compare_found(
        self, row: CertificateRecord, certificate: Certificate, lookups: frozenset[bytes], place: str
    ) -> None:
        """See that it is found by its number and by all else: under one key, the current or the former one."""
        certificate_type = self.catalogue.by_vct(certificate.vct)
        if not self.index_keys or certificate_type is None:
            return
        blinds = [
            BlindIndexes(key=key, former=None, agency=row.agency, certificate_type=certificate_type)
            for key in self.index_keys
        ]
        number = number_of(certificate, certificate_type)
        fitting = [blind for blind in blinds if blind.number(number) == row.number_index]
        if not fitting:
            self.findings.add("certificate_number", place, "it would not be found under its number")
        elif all(frozenset(blind.lookups(said_by(certificate))) != lookups for blind in fitting):
            self.findings.add("certificate_lookup", place, "a look-up would miss it, or finds it by what it is not")

    def _compare_live(self, row: CertificateRecord, batch: BatchRecord, place: str) -> None:
        final = self.copy.status(row.agency, row.serial) in FINAL
        if batch.state is BatchState.VOID or row.serial in self.released.get(row.agency, ()):
            if row.live:
                self.findings.add("certificate_live", place, "it holds its number, though it is void or withdrawn")
        elif not row.live and not final:
            self.findings.add("certificate_live", place, "it has given up its number, though it is in force")

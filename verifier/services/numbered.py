"""An agency's certificates of one type by the numbers that they carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ecert.certificate_type import CertificateType
from ecert.errors import UnreadableValue
from store import certificates
from verifier.faults import IssuingStopped
from verifier.services.at_rest import AtRest
from verifier.services.blind_indexes import BlindIndexes
from verifier.services.lookup_values import NUMBER
from verifier.services.office import Office

MOST = 100
"""Certificates that had one number one after another, the newest ones: the one that is in force is among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """Finds serials by numbers; made by `of`, which opens the index keys once for all of them."""

    office: Office
    blind: BlindIndexes

    @classmethod
    def of(cls, office: Office, agency: str, certificate_type: CertificateType) -> Self:
        """Open the keys; raises `KeyringError` where one is not here."""
        return cls(
            office=office, blind=AtRest.open(office.database, office.keyring.folder).blind(agency, certificate_type)
        )

    def find(self, number: str) -> int | None:
        """Give the serial of the certificate that carries a number, one that is in force first; None: there is none.

        Raises:
            UnreadableValue: it is no number of this type.
        """
        indexes = self.blind.asked(NUMBER, number)
        with self.office.database.read() as connection:
            found = certificates.by_lookup(
                connection, self.office.ledger, indexes, agency=self.blind.agency, limit=MOST
            )
        live = [record for record in found if record.live] or list(found)
        return live[0].serial if live else None

    def serial(self, number: str) -> int:
        """Give the serial of the certificate that carries a number; raises `IssuingStopped` where there is none."""
        certificate_type = self.blind.certificate_type
        try:
            found = self.find(number)
        except UnreadableValue as error:
            raise IssuingStopped(f"{number!r} is no {certificate_type.number}: {error}") from error
        if found is None:
            raise IssuingStopped(f"{self.blind.agency} has issued no {certificate_type.slug} with the number {number}")
        return found

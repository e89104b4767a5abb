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


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """Finds serials by numbers; made by `of`, which opens the index keys once for all of them."""

    office: Office
    blind: BlindIndexes

    @classmethod
    def of(cls, office: Office, agency: str, certificate_type: CertificateType) -> Self:
        """Open the keys; raises `KeyringError` where one is not here."""
        return cls(office=office, blind=AtRest.of(office).blind(agency, certificate_type))

    def find(self, number: str) -> int | None:
        """Give the serial of the certificate that carries a number: in force, or else the newest; None: there is none.

        Raises:
            UnreadableValue: it is no number of this type.
        """
        wanted = self.blind.places.asked(NUMBER, number)
        if wanted is None:
            return None
        ledger, agency, vct_hash = self.office.ledger, self.blind.agency, self.blind.certificate_type.vct_hash
        with self.office.database.read() as connection:
            live = certificates.taken(connection, ledger, agency, vct_hash, self.blind.numbers(wanted[2]))
            if live:
                return next(iter(live.values()))
            indexes = self.blind.asked(NUMBER, number)
            newest = certificates.by_lookup(connection, self.office.ledgers, indexes, agency=agency, limit=1)
        return newest[0].serial if newest else None

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

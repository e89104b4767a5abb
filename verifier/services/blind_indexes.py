"""What certificates are found by without standing in the database: their numbers, and the values of look-ups.

A number is found within its agency and type, which is also how it is seen to be taken; a look-up finds across agencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ecert.certificate import Certificate, Value
from ecert.certificate_type import CertificateType
from ecert.errors import EcertError
from ecert.normal_forms import normalise
from verifier.keys.index_key import blind_index, lookup_index
from verifier.services.lookup_values import NUMBER, Places


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindIndexes:
    """How an agency's certificates of one type are found: with the index key, and the former one, if any is left."""

    key: bytes
    former: bytes | None
    agency: str
    certificate_type: CertificateType
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        """Find the places of the type, once."""
        object.__setattr__(self, "places", Places.of(self.certificate_type))

    def number(self, number: str | None) -> bytes | None:
        """Give the blind index of a number in its normal form; None where there is no number."""
        return None if number is None else self._number(self.key, number)

    def former_number(self, number: str | None) -> bytes | None:
        """Give the index under the former key; None where there is no number, or no former key."""
        return None if number is None or self.former is None else self._number(self.former, number)

    def numbers(self, number: str) -> tuple[bytes, ...]:
        """Give the indexes of a number under each key that is in use."""
        return tuple(self._number(key, number) for key in (self.key, self.former) if key is not None)

    def lookups(self, said: Mapping[str, Value]) -> tuple[bytes, ...]:
        """Give the indexes of all that a certificate is found by; `said`: its fields by name."""
        return tuple([lookup_index(self.key, *each) for each in self.places.values(said)])

    def asked(self, by: str, value: str) -> tuple[bytes, ...]:
        """Give the indexes, under each key that is in use, of a value that is asked for; empty: none is found by it.

        Raises:
            UnreadableValue: the value cannot be one of its field.
        """
        wanted = self.places.asked(by, value)
        if wanted is None:
            return ()
        return tuple(lookup_index(key, *wanted) for key in (self.key, self.former) if key is not None)

    def _number(self, key: bytes, number: str) -> bytes:
        return blind_index(key, f"{NUMBER} {self.certificate_type.vct}", self.agency, number)


def said_by(certificate: Certificate) -> dict[str, Value]:
    """Give what a certificate discloses, by name."""
    return {each.name: each.value for each in certificate.disclosures}


def number_of(certificate: Certificate, certificate_type: CertificateType) -> str | None:
    """Give the number that a certificate shows, in its normal form; None where it shows none."""
    field = certificate_type.field(certificate_type.number)
    value = said_by(certificate).get(certificate_type.number)
    if field is None or value is None:
        return None
    try:
        return str(normalise(field, value))
    except EcertError:
        return None

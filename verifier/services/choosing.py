"""Choosing among found certificates: those in force before one that no longer is; several are a list to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ecert.certificate import Value
from ecert.ledger_copies import LedgerCopies
from verifier.services.found import FoundCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several: what names it and its status now; `values`: its number, where the caller may be told."""

    agency: str
    agency_name: str | None
    serial: int
    type: str
    status: str
    values: Mapping[str, Value]

    @classmethod
    def of(cls, found: FoundCertificate, slug: str, copies: LedgerCopies, values: Mapping[str, Value]) -> Choice:
        """Describe a found certificate."""
        copy = copies.covering(found.agency, found.serial)
        agency = copy.agency(found.agency)
        return cls(
            agency=found.agency,
            agency_name=None if agency is None else agency.name,
            serial=found.serial,
            type=slug,
            status=copy.status(found.agency, found.serial).name.lower(),
            values=values,
        )

    def to_json(self) -> dict[str, object]:
        """Give it as JSON."""
        return {
            "agency": self.agency,
            "agency_name": self.agency_name,
            "serial": self.serial,
            "type": self.type,
            "status": self.status,
            "values": dict(self.values),
        }


def chosen(found: Sequence[FoundCertificate], serial: int | None) -> Sequence[FoundCertificate]:
    """Give those that are meant: what has the serial that was named; else all in force; else the newest that is not."""
    if serial is not None:
        return found
    return [each for each in found if each.live] or found[:1]

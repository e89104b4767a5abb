"""Choosing among found certificates: those in force before one that no longer is; several are a list to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ecert.certificate import Value
from ecert.errors import MalformedCertificate
from ecert.ledger_copy import LedgerCopy
from ecert.parsing import parse
from verifier.matters import Ruling
from verifier.services.found import FoundCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several: what names it, its status now, and its number where the matter may read that."""

    agency: str
    agency_name: str | None
    serial: int
    type: str
    status: str
    values: dict[str, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, found: FoundCertificate, copy: LedgerCopy, ruling: Ruling | None) -> Choice:
        """Describe a found certificate."""
        agency = copy.agency(found.agency)
        return cls(
            agency=found.agency,
            agency_name=None if agency is None else agency.name,
            serial=found.serial,
            type=found.certificate_type.slug,
            status=copy.status(found.agency, found.serial).name.lower(),
            values=_number(found, ruling),
        )

    def to_json(self) -> dict[str, object]:
        """Give it as JSON."""
        return {
            "agency": self.agency,
            "agency_name": self.agency_name,
            "serial": self.serial,
            "type": self.type,
            "status": self.status,
            "values": self.values,
        }


def chosen(found: Sequence[FoundCertificate], serial: int | None) -> Sequence[FoundCertificate]:
    """Give those that are meant: what has the serial that was named; else all in force; else the newest that is not."""
    if serial is not None:
        return found
    return [each for each in found if each.live] or found[:1]


def _number(found: FoundCertificate, ruling: Ruling | None) -> dict[str, Value]:
    if ruling is None:
        return {}
    try:
        certificate = parse(found.compact)
    except MalformedCertificate:
        return {}
    readable = ruling.readable(certificate, found.certificate_type)
    number = found.certificate_type.number
    return {number: readable[number]} if number in readable else {}

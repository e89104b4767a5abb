"""A draft from a certificate that was signed before: the same statements, to be signed anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ecert.certificate import Certificate, Value
from ecert.certificate_type import CertificateType
from ecert.days import DAY, offset
from ecert.documents import Document
from ecert.draft import LintedCertificate, lint


def draft_again(certificate: Certificate, certificate_type: CertificateType) -> LintedCertificate:
    """Draft what a certificate says, all of whose fields are disclosed; `LintError` where it would not be signed now.

    Days are those of the certificate's own zone, which its first second tells: it is a midnight there.
    """
    said: dict[str, Value] = {one.name: one.value for one in certificate.disclosures if one.value is not None}
    identifier, document = said.pop("identifier", None), said.pop("document", None)
    zone = _zone(certificate.nbf)
    return lint(
        certificate_type,
        said,
        valid_from=_day(certificate.nbf, zone),
        valid_until=None if certificate.exp is None else _day(certificate.exp - DAY, zone),
        zone=zone,
        identifier=None if identifier is None else str(identifier),
        document=None if document is None else Document.from_value(document),
        legacy=certificate.legacy,
    )


def _zone(nbf: int) -> str:
    """Give the zone in which a second is a midnight, as `+08:00`."""
    ahead = -nbf % DAY
    if ahead > DAY * 14 // 24:
        ahead -= DAY
    hours, minutes = divmod(abs(ahead) // 60, 60)
    return f"{'-' if ahead < 0 else '+'}{hours:02d}:{minutes:02d}"


def _day(second: int, zone: str) -> str:
    return (datetime.fromtimestamp(second, UTC) + timedelta(seconds=offset(zone))).date().isoformat()

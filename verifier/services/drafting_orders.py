"""From what a caller wants issued to an order that may be signed: the type is found, every field is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ecert import base64url
from ecert.certificate import Value
from ecert.certificate_type import VALID_FROM, VALID_UNTIL, CertificateType
from ecert.documents import Document
from ecert.draft import lint
from ecert.errors import Fault, FaultReason, LintError
from ecert.explaining import ZONE
from ecert.fields import DOCUMENT, IDENTIFIER
from ecert.types import TypeCatalogue
from verifier.problems import Code, Flaw, RequestRefused, not_as_described, suggestion
from verifier.services.issuance import IssuanceOrder

_OWN_PLACES = frozenset({VALID_FROM, VALID_UNTIL, DOCUMENT.name})
_OUT_OF_ORDER = "is before the date that it must not precede"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A certificate as a caller describes it; `document`: SHA-256 in base64url, media type, size."""

    type: str
    fields: Mapping[str, Value]
    valid_from: str | None = None
    valid_until: str | None = None
    document: tuple[str, str, int] | None = None
    legacy: bool | None = None
    supersedes: tuple[int, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """Makes orders. `types`: those that are known here."""

    types: TypeCatalogue = field(default_factory=TypeCatalogue.bundled)

    def order(self, wanted: Wanted, *, agency: str, now: int) -> IssuanceOrder:
        """Check everything that can be checked without the ledger.

        Raises:
            RequestRefused: with a flaw for each place.
        """
        certificate_type = self.type_of(wanted.type)
        flaws = _flaws_of_replacing(wanted)
        try:
            linted = lint(
                certificate_type,
                {name: value for name, value in wanted.fields.items() if name != IDENTIFIER.name},
                valid_from=wanted.valid_from or datetime.fromtimestamp(now, ZONE).date().isoformat(),
                valid_until=wanted.valid_until,
                identifier=_text(wanted.fields.get(IDENTIFIER.name)),
                document=_document(wanted.document),
                legacy=wanted.legacy,
            )
        except LintError as error:
            flaws.extend(_flaw(fault, certificate_type) for fault in error.faults)
            raise _refused(flaws) from error
        if flaws:
            raise _refused(flaws)
        return IssuanceOrder(agency=agency, linted=linted, version=wanted.version, supersedes=wanted.supersedes)

    def type_of(self, name: str) -> CertificateType:
        """Find a type by slug or `vct`.

        Raises:
            RequestRefused: there is none.
        """
        found = self.types.by_slug(name) or self.types.by_vct(name)
        if found is None:
            near = suggestion(name, [each.slug for each in self.types])
            raise not_as_described("type", f"no such certificate type{near}")
        return found


def _flaws_of_replacing(wanted: Wanted) -> list[Flaw]:
    flaws = [
        Flaw(place=f"supersedes[{index}]", why="a serial is there twice")
        for index, serial in enumerate(wanted.supersedes)
        if serial in wanted.supersedes[:index]
    ]
    if wanted.version > 1 and not wanted.supersedes:
        flaws.append(Flaw(place="version", why="above 1 only with supersedes"))
    return flaws


def _text(value: Value) -> str | None:
    """Give text as it is; what is none is left to the lint, which refuses it."""
    return value if isinstance(value, str) or value is None else "?"


def _document(said: tuple[str, str, int] | None) -> Document | None:
    if said is None:
        return None
    digest, media_type, size = said
    return Document(sha256=base64url.decode(digest), media_type=media_type, size=size)


def _flaw(fault: Fault, certificate_type: CertificateType) -> Flaw:
    place = fault.field if fault.field in _OWN_PLACES else f"fields.{fault.field}"
    why = _OUT_OF_ORDER if fault.reason is FaultReason.DATES_OUT_OF_ORDER else fault.en
    if fault.reason is FaultReason.UNKNOWN_FIELD:
        why += suggestion(fault.field, [each.name for each in certificate_type.fields])
    return Flaw(place=place, why=why)


def _refused(flaws: list[Flaw]) -> RequestRefused:
    return RequestRefused(Code.NOT_UNDERSTOOD, "This cannot be signed as it is.", flaws)

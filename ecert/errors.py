"""What can go wrong with a thing of the format, as one small tree.

    EcertError
    ├── MalformedError            not within the format; `place` says where, `why` says what
    │   ├── MalformedCertificate
    │   ├── MalformedType         a certificate type's file
    │   ├── MalformedAgency       an agency code, a ledger's name, an issuer
    │   ├── MalformedKey          a key, a JWK, a PEM file
    │   ├── MalformedFacts        facts written as JSON
    │   ├── MalformedCode         the digits that open a stored certificate
    │   ├── MalformedTrust        a trust file
    │   ├── MalformedEvidence     evidence of an anchor, in a certificate's file
    │   └── MalformedToken        a receipt, a status list, a key-binding JWT, a set of keys
    ├── UntrustedToken            a token within the format, but not of a key or time that is trusted
    ├── UntrustedRoots            a trust file within the format, but not signed by roots that are trusted
    ├── ContradictionError        events that no ledger can have said in this order
    ├── LintError                 a row that must not be signed, with all its faults
    ├── UnreadableValue           one value that is not of its field's kind
    ├── NotBase64Url              text that is not canonical base64url
    ├── UnfitToSign               what was asked of `sign` cannot be a certificate
    ├── CannotShow                fields that are not disclosed cannot be shown
    ├── SealBroken                what is sealed was changed, moved, or sealed with another key
    └── BatchSizeError            a batch has 1 ... 2^20 leaves

A verdict is never an exception: `judge` turns a `MalformedCertificate` into the verdict `malformed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultReason(StrEnum):
    """Why a value or a row cannot be signed; each number has reasons of its own."""

    MISSING = "missing"
    UNKNOWN_FIELD = "unknown_field"
    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    FORBIDDEN_CHARACTER = "forbidden_character"
    NOT_A_DATE = "not_a_date"
    DATES_OUT_OF_ORDER = "dates_out_of_order"
    NOT_AN_INTEGER = "not_an_integer"
    NOT_A_DECIMAL = "not_a_decimal"
    OUT_OF_RANGE = "out_of_range"
    NUMBER_FORM = "number_form"
    CITIZEN_ID_FORM = "citizen_id_form"
    CITIZEN_ID_DATE = "citizen_id_date"
    CITIZEN_ID_CHECK = "citizen_id_check"
    USCC_FORM = "uscc_form"
    USCC_CHECK = "uscc_check"
    FOOD_PERMIT_FORM = "food_permit_form"
    FOOD_PERMIT_CHECK = "food_permit_check"
    PROPERTY_UNIT_FORM = "property_unit_form"
    IDENTIFIER_FORM = "identifier_form"
    TAXPAYER_ID_FORM = "taxpayer_id_form"
    TAXPAYER_ID_CHECK = "taxpayer_id_check"
    ID_TYPE_FORM = "id_type_form"
    ID_NUMBER_FORM = "id_number_form"
    NOT_A_LIST = "not_a_list"
    NOT_A_PERSON = "not_a_person"
    NOT_A_RECORD = "not_a_record"
    NOT_A_DOCUMENT = "not_a_document"
    LEGACY_NOT_ALLOWED = "legacy_not_allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of a row: the field it is in, its reason, and a sentence for people in both languages."""

    field: str
    reason: FaultReason
    en: str
    zh: str


class EcertError(Exception):
    """The root of all errors of this package."""


class MalformedError(EcertError):
    """Something is not within the format. `place` is a path such as `payload.exp` or `header.ecert.path[3]`."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(place, why)
        self.place = place
        self.why = why

    def __str__(self) -> str:
        """Give `<place>: <why>`."""
        return f"{self.place}: {self.why}"


class MalformedCertificate(MalformedError):
    """The bytes are not a certificate within section 2."""


class MalformedType(MalformedError):
    """A certificate type's file is not good."""


class MalformedAgency(MalformedError):
    """Not an agency code, a ledger's CAIP-10 name or an issuer."""


class MalformedKey(MalformedError):
    """Not a P-256 key, or not in the form asked for."""


class MalformedFacts(MalformedError):
    """Facts written as JSON are not good."""


class MalformedToken(MalformedError):
    """Not a receipt, status list, key-binding JWT or set of keys within section 6."""


class MalformedEvidence(MalformedError):
    """Not anchor evidence within section 7."""


class MalformedCode(MalformedError):
    """Not a code: its form or its check digits are wrong."""


class MalformedTrust(MalformedError):
    """Not a trust file within section 7."""


class UntrustedRoots(EcertError):
    """A trust file is within the format, but too few of the roots that are trusted have signed it."""


class UntrustedToken(EcertError):
    """A token is within the format, but its signature, its key, its issuer or its time is not to be relied on."""


class ContradictionError(EcertError):
    """Events that no ledger can have said in this order: whoever supplied them lost or changed one."""


class LintError(EcertError):
    """The row must not be signed; `faults` are all of its faults, not just the first."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        """Give the faults in English."""
        return "; ".join(f"{fault.field}: {fault.en}" for fault in self.faults)


class UnreadableValue(EcertError):
    """A value is not of its field's kind. `member`: the place within a list, or the bound or date not kept."""

    def __init__(self, reason: FaultReason, member: str = "") -> None:
        super().__init__(reason, member)
        self.reason = reason
        self.member = member

    def __str__(self) -> str:
        """Give the reason, after the place within a list."""
        return f"{self.member}: {self.reason}" if self.member else str(self.reason)


class NotBase64Url(EcertError, ValueError):
    """Text that is not canonical base64url without padding. `index` tells which of several, where known."""

    def __init__(self, index: int | None = None) -> None:
        super().__init__("not canonical base64url")
        self.index = index


class UnfitToSign(EcertError):
    """What `sign` was asked for cannot be a certificate, whatever its fields."""


class CannotShow(EcertError):
    """Fields asked to be shown that the certificate at hand does not disclose."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"not disclosed: {', '.join(names)}")
        self.names = names


class SealBroken(EcertError):
    """What is sealed does not open: it was changed or moved, or sealed with another key."""

    def __init__(self) -> None:
        super().__init__("what is sealed does not open")


class BatchSizeError(EcertError):
    """A batch has 1 ... 2^20 leaves."""

    def __init__(self, count: int) -> None:
        super().__init__(f"a batch of {count} leaves; it has 1 to 1048576")
        self.count = count

"""What can be handed in for a verification: the certificate, a code, a document alone, or what to look it up by."""

from __future__ import annotations

from dataclasses import dataclass

from verifier.callers import Occasion
from verifier.services.verification import Asked, Presented


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """What to look a certificate up by: a type's slug, a word for the field, its value; whose it is, and its serial.

    `by`: the name of a field that is a number of some form, `number` for the type's own, `identifier`, or `holder`.
    """

    type: str
    by: str
    value: str
    agency: str | None = None
    serial: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAlone:
    """A document alone, which leads to its certificate: its SHA-256; whose certificate is meant, and its serial."""

    sha256: bytes
    agency: str | None = None
    serial: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """One verification as it was handed in; one of the first four is there.

    `place`: where in the request it stands, "" for a request of its own.
    """

    asked: Asked
    occasion: Occasion
    certificate: Presented | None = None
    code: str | None = None
    document: DocumentAlone | None = None
    lookup: LookUp | None = None
    place: str = ""

    @property
    def way(self) -> str:
        """Name what it was handed in as."""
        ways = {"certificate": self.certificate, "code": self.code, "document": self.document, "lookup": self.lookup}
        return next((name for name, value in ways.items() if value is not None), "nothing")

    @property
    def in_hand(self) -> bool:
        """Whether the caller holds the certificate itself."""
        return self.certificate is not None

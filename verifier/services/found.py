"""What a look-up leads to, and who can look up. Values and contracts alone: the public service knows these, no keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from ecert.certificate_type import CertificateType


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCertificate:
    """A stored certificate. `compact`: all of it, in the compact form; `live`: neither revoked nor superseded.

    `certificate_type` is None where this program does not know the type.
    """

    agency: str
    serial: int
    certificate_type: CertificateType | None
    compact: bytes = field(repr=False)
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that was found, newest first, withdrawn ones too.

    `complete_since`: where nothing was found, whoever issued it, agency -> since when it says that its records of the
    type are complete, which is what absence means. `more`: older ones were left out.
    """

    certificates: tuple[FoundCertificate, ...]
    complete_since: Mapping[str, int] = field(default_factory=dict)
    more: bool = False


class Finds(Protocol):
    """Looks certificates up by what they say, as of one moment. Whoever can needs the index key and the field key."""

    def look_up(
        self,
        certificate_type: CertificateType,
        by: str,
        value: str,
        *,
        agency: str | None = None,
        serial: int | None = None,
    ) -> Found:
        """Find certificates of a type by a field (or `holder`) and its value, normalised as for comparing.

        `agency`, `serial`: only those of this agency and of this serial, before any are left out.

        Raises:
            RequestRefused: the type is not found by that, or the value cannot be one of its field.
            StoreError: the database does not answer.
            IssuingError: what is stored does not open, or a key is not here.
        """
        ...

    def by_document(
        self,
        sha256: bytes,
        types: Collection[CertificateType],
        *,
        agency: str | None = None,
        serial: int | None = None,
    ) -> Found:
        """Find certificates of some types by the digest of their document; narrows and raises like `look_up`.

        Of other types nothing is opened, so that neither the answer nor its timing says that there are any.
        """
        ...


class OpensFinding(Protocol):
    """Gives what looks certificates up."""

    @property
    def local(self) -> bool:
        """Whether nobody else is waited for: then no thread is needed for it."""
        ...

    def reading(self) -> AbstractContextManager[Finds]:
        """Read the database as of now, for as long as the block lasts; raises `StoreError`."""
        ...


class OpensCodes(Protocol):
    """Opens the certificate that a code stands for. Needs the code and the database, no key."""

    def open(self, code: str) -> bytes | None:
        """Give the compact form; None where there is no such code, or none any more.

        Raises:
            RequestRefused: the text is no code: its form or its check digits are wrong.
            StoreError: the database does not answer.
        """
        ...

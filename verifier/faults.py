"""What is wrong with what was given to issue, said so that a clerk can mend it.

Tree: verifier.errors.VerifierError
      > IssuingError(sentence) > RowsRefused(faults): rows, columns or the file as a whole
                               > KeyringError: a key is missing, cannot be opened, or lies open to others
                               > CannotOpen: a stored certificate's fields do not open
                               > IssuingStopped: something stands in the way; nothing that was issued is lost
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ecert.explaining import Language
from verifier.errors import VerifierError


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """One thing that is wrong: file, physical line where its record starts (1 is the header), field, and why.

    `line` is None where the fault is of the file as a whole, `field` where it is of no single column. `reason` is a
    word for programs, `en` and `zh` are sentences for people.
    """

    file: str
    line: int | None
    field: str | None
    reason: str
    en: str
    zh: str

    def __str__(self) -> str:
        """Give `file:line: field: sentence`."""
        return self.said()

    def said(self, language: Language = Language.EN) -> str:
        """Give `file:line: field: sentence` in a language."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        sentence = language.of(self)
        return f"{place}: {self.field}: {sentence}" if self.field else f"{place}: {sentence}"

    def to_json(self) -> dict[str, object]:
        """Give the fault as JSON."""
        return {
            "file": self.file,
            "line": self.line,
            "field": self.field,
            "reason": self.reason,
            "message": self.en,
            "message_zh": self.zh,
        }


@dataclass(slots=True, kw_only=True)
class FaultList:
    """The first `limit` faults and how many there were in all, however many that is."""

    limit: int = 1000
    listed: list[RowFault] = field(default_factory=list)
    count: int = 0

    def add(self, faults: Iterable[RowFault]) -> None:
        """Count faults and list those within the limit."""
        for fault in faults:
            self.count += 1
            if len(self.listed) < self.limit:
                self.listed.append(fault)


class IssuingError(VerifierError):
    """Issuing or a change of status cannot go on; `str()` is a sentence that says why and what to do."""


class RowsRefused(IssuingError):
    """The input is refused. `faults` are listed up to a limit, `count` is of all.

    `issued`: certificates of it in batches that were closed before; else nothing of it was stored.
    """

    def __init__(self, faults: Iterable[RowFault], count: int | None = None, *, issued: int = 0) -> None:
        self.faults = tuple(faults)
        self.count = len(self.faults) if count is None else count
        self.issued = issued
        super().__init__("; ".join(str(fault) for fault in self.faults[:3]))


class KeyringError(IssuingError):
    """A key is missing, cannot be opened with the password, or its file is open to others."""


class CannotOpen(IssuingError):
    """What a stored certificate discloses does not open; the certificate's file, where it was kept, still does."""

    def __init__(self, agency: str, serial: int) -> None:
        why = "what it discloses was changed, or sealed with another key"
        super().__init__(f"certificate {serial} of {agency} cannot be opened: {why}")
        self.agency = agency
        self.serial = serial


class IssuingStopped(IssuingError):
    """Something outside the input stands in the way; what was issued before stays issued."""

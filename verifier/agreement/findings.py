"""What was compared, and every difference with its place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from verifier.services.progress import Progress, Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it must be: a word for programs, where it is, and a sentence."""

    kind: str
    place: str
    said: str

    def __str__(self) -> str:
        """Give `place: sentence`."""
        return f"{self.place}: {self.said}"

    def to_json(self) -> dict[str, str]:
        """Give it as JSON."""
        return {"kind": self.kind, "place": self.place, "message": self.said}


@dataclass(slots=True)
class Findings:
    """Differences in the order in which they were found, and how much of what was looked at."""

    progress: Progress = field(default_factory=Silence)
    differences: list[Difference] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, place: str, said: str) -> None:
        """List a difference."""
        self.differences.append(Difference(kind=kind, place=place, said=said))

    def expect(self, kind: str, place: str, what: str, *, here: object, chain: object) -> None:
        """List a difference where what is here is not what the chain has."""
        if here != chain:
            self.add(kind, place, f"{what} is {shown(here)} here and {shown(chain)} on the chain")


def shown(value: object) -> str:
    """Write a value for people."""
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)

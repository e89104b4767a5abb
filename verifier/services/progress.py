"""How a long piece of work tells how far it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """The stages of issuing and of a change of status."""

    CHECK = "check"
    SIGN = "sign"
    ANCHOR = "anchor"
    SETTLE = "settle"


class Progress(Protocol):
    """Whoever shows it to a person, or nobody."""

    def begin(self, stage: Stage, total: int | None) -> None:
        """A stage begins; `total` pieces are due, where that is known."""

    def reach(self, done: int) -> None:
        """So many pieces of the stage are done now."""

    def note(self, text: str) -> None:
        """Say something that a person should know while waiting; the same text again is not said twice."""

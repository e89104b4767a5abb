"""How a long piece of work tells how far it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """The parts of issuing and of a change of status, as people are told of them."""

    CHECK = "checking rows"
    SIGN = "signing and storing"
    ANCHOR = "anchored and handed out"
    SETTLE = "settled on the ledger"


class Progress(Protocol):
    """Whoever shows it to a person, or nobody."""

    def begin(self, what: str, total: int | None) -> None:
        """A part begins; `total` pieces are due, where that is known."""

    def reach(self, done: int) -> None:
        """So many pieces of the part are done now."""

    def note(self, text: str) -> None:
        """Say something that a person should know while waiting; the same text again is not said twice."""


class Silence:
    """Nobody is shown anything."""

    def begin(self, what: str, total: int | None) -> None:
        """Say nothing."""

    def reach(self, done: int) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

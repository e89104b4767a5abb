"""How a long piece of work tells how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from ecert.fields import Words


class Stage(StrEnum):
    """The parts of issuing and of a change of status, as people are told of them."""

    CHECK = "checking rows"
    SIGN = "signing and storing"
    ANCHOR = "anchored and handed out"
    SETTLE = "settled on the ledger"


STAGES: Mapping[str, Words] = MappingProxyType(
    {
        Stage.CHECK: Words(en=Stage.CHECK, zh="检查各行"),
        Stage.SIGN: Words(en=Stage.SIGN, zh="签署并保存"),
        Stage.ANCHOR: Words(en=Stage.ANCHOR, zh="登记到账本并发放"),
        Stage.SETTLE: Words(en=Stage.SETTLE, zh="账本最终确认"),
    }
)


class Progress(Protocol):
    """Whoever shows it to a person, or nobody."""

    def begin(self, what: str, total: int | None) -> None:
        """A part begins; `total` pieces are due, where that is known."""

    def reach(self, done: int) -> None:
        """So many pieces of the part are done now."""

    def note(self, said: str | Words) -> None:
        """Say something that a person should know while waiting; the same text again is not said twice."""


class Silence:
    """Nobody is shown anything."""

    def begin(self, what: str, total: int | None) -> None:
        """Say nothing."""

    def reach(self, done: int) -> None:
        """Say nothing."""

    def note(self, said: str | Words) -> None:
        """Say nothing."""

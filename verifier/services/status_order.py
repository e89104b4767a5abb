"""What is asked for of certificates' statuses, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ecert.facts import Status
from store.records import Call
from store.states import AIMS
from verifier.faults import IssuingStopped

NOT_ON_LEDGER = "is not on the ledger"
"""Why a serial cannot be changed that no batch has."""


class Action(StrEnum):
    """What can be done to a certificate; also the kind of the call."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"

    @property
    def aim(self) -> Status:
        """The status that the action leads to."""
        return AIMS[self]

    @property
    def sources(self) -> frozenset[Status]:
        """The statuses from which it can be done."""
        if self is Action.REVOKE:
            return frozenset({Status.VALID, Status.SUSPENDED})
        return frozenset({Status.VALID if self is Action.SUSPEND else Status.SUSPENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusOrder:
    """Whose certificates to change, which, to what, and why. `reason` stays in our database, never on the ledger."""

    action: Action
    agency: str
    serials: tuple[int, ...]
    reason: str | None = None
    wait: bool = True
    timeout: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusOutcome:
    """`changed` by the calls, `already` so before. `complete`: the ledger has settled all of it."""

    order: StatusOrder
    changed: tuple[int, ...]
    already: tuple[int, ...]
    calls: tuple[Call, ...] = ()
    complete: bool = False


class Unchangeable(IssuingStopped):
    """Nothing was changed: `why` says of each serial that cannot be changed what stands in the way."""

    def __init__(self, agency: str, why: Mapping[int, str]) -> None:
        self.why = dict(why)
        serial, reason = next(iter(self.why.items()))
        super().__init__(f"nothing was changed: serial {serial} of {agency} {reason}")

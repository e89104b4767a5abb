"""The words for where things stand, as the database holds them, and what a move of a state answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from ecert.facts import Status


class CallState(StrEnum):
    """A call's life: queued, signed (bytes stored), sent, mined; then settled or failed for ever."""

    QUEUED = "queued"
    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"
    SETTLED = "settled"
    FAILED = "failed"


class Purpose(StrEnum):
    """What an operator's key may be for; calls of one agency and purpose keep their order."""

    ANCHOR = "anchor"
    STATUS = "status"
    REGISTRY = "registry"


AIMS: Mapping[str, Status] = MappingProxyType(
    {
        "suspend": Status.SUSPENDED,
        "reinstate": Status.VALID,
        "revoke": Status.REVOKED,
        "supersede": Status.SUPERSEDED,
    }
)
"""What each kind of call that changes statuses makes of a serial."""


class JobState(StrEnum):
    """A job's life: filling batches; closed (all are closed); done (all is handed out); or void."""

    FILLING = "filling"
    CLOSED = "closed"
    DONE = "done"
    VOID = "void"


class BatchState(StrEnum):
    """A batch's life: filling; closed (root and call are stored) or void (its serials are never anchored)."""

    FILLING = "filling"
    CLOSED = "closed"
    VOID = "void"


class Contract(StrEnum):
    """Which of the two contracts an event is of; each counts its own."""

    REGISTRY = "registry"
    LEDGER = "ledger"


class WatchEnd(StrEnum):
    """Why a watch has ended: removed by its owner; its receiver is gone (HTTP 410); its owner may not ask any more."""

    REMOVED = "removed"
    GONE = "gone"
    SHUT_OUT = "shut_out"


class DeliveryState(StrEnum):
    """A delivery's life: waiting for its next attempt; done; failed after the last; or ended with its watch."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    ENDED = "ended"


class NodeTrouble(StrEnum):
    """What is wrong with the chain's nodes, as the indexer sees them: none answers, or what they say cannot be used."""

    AWAY = "away"
    UNFIT = "unfit"


State = TypeVar("State", CallState, JobState, BatchState, DeliveryState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Generic[State]):
    """What a compare-and-set answers: whether it moved the row, and the state that the row is in after it.

    `moved` False is no error: the row was elsewhere, because the same was done before or somebody else did another
    thing; `state` tells which.
    """

    moved: bool
    state: State

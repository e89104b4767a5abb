"""What crosses the wire of changes and watches."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ecert.certificate import Value
from ecert.strict_json import MAX_INTEGER
from store.deliveries import Delivery
from store.watches import MAX_URL, Watch
from verifier.api.answers_wire import ProblemAnswer, StatusWord
from verifier.api.queries import Query, WholeNumber
from verifier.api.wire import Stated
from verifier.changes.message import change_to_json

LONGEST_WAIT = 30
StateWord = Literal["waiting", "done", "failed", "ended"]


class PageQuery(Query):
    """Where a page begins and how long it is."""

    after: Annotated[WholeNumber, Field(ge=0, le=MAX_INTEGER, description="`next` of the page before.")] = 0
    limit: Annotated[WholeNumber, Field(ge=1, le=1000, description="The most that are given.")] = 100


class ChangesQuery(PageQuery):
    """Which changes."""

    wait: Annotated[
        WholeNumber, Field(ge=0, le=LONGEST_WAIT, description="Seconds to wait where there is nothing yet.")
    ] = 0


class DeliveriesQuery(PageQuery):
    """Which deliveries."""

    state: StateWord | None = None


class ChangeAnswer(BaseModel):
    """What happened to a certificate. `status` is that after the change; `time` is its block's."""

    id: int
    ledger: str = Field(examples=["eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"])
    agency: str
    serial: int
    status: StatusWord
    block: int
    time: int
    successors: list[int] | None = Field(default=None, description="With superseded only.")


class ChangesPage(BaseModel):
    """Changes in their order. `next` is what `after` is next time, also where there was nothing."""

    changes: list[ChangeAnswer]
    next: int


class NotKeptAnswer(ProblemAnswer):
    """Some changes after `after` are not kept any more, and none after `next` is missing."""

    next: int


class NewWatchRequest(Stated):
    """Where changes are to be sent."""

    url: Annotated[
        str, Field(min_length=1, max_length=MAX_URL, description="https.", examples=["https://tax.example/"])
    ]


class WatchAnswer(BaseModel):
    """A watch. `ended_at`: it is over, since its owner removed it, or its receiver was gone (HTTP 410).

    `shut_out`: its owner was disabled, or lost the scope `verify`.
    """

    id: str
    url: str
    created_at: int
    ended_at: int | None
    end_reason: Literal["removed", "gone", "shut_out"] | None


class NewWatchAnswer(WatchAnswer):
    """A new watch, with the secret that its messages are signed with: shown this once."""

    secret: str = Field(pattern="^whsec_")


class WatchesAnswer(BaseModel):
    """All watches of the caller, oldest first."""

    watches: list[WatchAnswer]


class DeliveryAnswer(BaseModel):
    """One change for one watch. `id` is the `webhook-id` of its messages; `next_at` is null once nothing is tried."""

    id: str
    change: ChangeAnswer
    state: StateWord
    attempts: int
    last_status: int | None
    last_error: str | None
    next_at: int | None
    created_at: int
    done_at: int | None


class DeliveriesPage(BaseModel):
    """Deliveries in the order of their changes. `next` is what `after` is next time."""

    deliveries: list[DeliveryAnswer]
    next: int


def watch_to_json(watch: Watch) -> dict[str, Value]:
    """Write a watch; not its secret."""
    return {
        "id": watch.id,
        "url": watch.url,
        "created_at": watch.created_at,
        "ended_at": watch.ended_at,
        "end_reason": None if watch.end_reason is None else str(watch.end_reason),
    }


def delivery_to_json(delivery: Delivery) -> dict[str, Value]:
    """Write a delivery."""
    return {
        "id": delivery.id,
        "change": change_to_json(delivery.change),
        "state": str(delivery.state),
        "attempts": delivery.attempts,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "next_at": delivery.next_at if delivery.state == "waiting" else None,
        "created_at": delivery.created_at,
        "done_at": delivery.done_at,
    }

"""What to do next with a call: pure. The loop in `chain.sender` does it.

A call waits in the outbox as `queued`; is `signed` when its nonce and its bytes are stored; `sent` when a node took the
bytes; `mined` when it is in a block; `settled` when that block cannot be undone and our copy of the ledger has what it
did; `failed` when the ledger refused it for good. The table, first line that fits; a queued call
is looked at when the store says that its turn has come: the calls of one agency and purpose go in their order.

| state | what is seen | step |
|---|---|---|
| queued | the simulation passes | Send: give a nonce, sign, store, then send |
| queued | it is refused, and an earlier call of the agency is not settled | Wait(reason): that one may mend it |
| queued | it is refused, and the node is behind our copy | Wait(reason): what it has yet to see may mend it |
| queued | it is refused for what people can mend (suspended, not accredited, no operator) | Wait(reason) |
| queued | it is refused for any other reason | Fail(reason) |
| queued | the node would not even try | Wait(what it said) |
| signed, sent, mined | a receipt | as below, by its block |
| - | its block is settled, it succeeded, our copy has it | Settle |
| - | its block is settled, it was reverted | Fail(reverted) |
| - | it is in another block than we wrote down | Mine(block) |
| - | otherwise | Wait |
| mined | no receipt any more: the block was undone | Resend |
| signed, sent | no receipt, the nonce is consumed in a settled block, our copy has the effect | Settle |
| signed, sent | the same, but the effect is missing: a stranger used the key | SignAgain, with an alarm |
| signed, sent | no receipt, the nonce is consumed, not settled | Wait(nonce_taken) |
| signed | no receipt | Resend |
| sent | no receipt, the key's next nonce, signed 30 s ago, and a higher price may help | Replace |
| sent | no receipt, 5 s since the last time | Resend, with an alarm once it is 30 s since it was signed |
| sent | no receipt, not that long | Wait |

Sent again are always the same bytes: whatever became of an earlier attempt, they can be mined once. A replacement has
the same nonce, so that of all the forms that a call ever had, one is mined.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from store.states import CallState

RESEND_AFTER = 5.0
"""Seconds after which bytes that are in no block are sent again."""

REPLACE_AFTER = 30.0
"""Seconds after which bytes that are in no block are taken to be stuck."""

NONCE_TAKEN = "nonce_taken"
"""Waiting, with an alarm: another transaction of our key has our nonce."""

MENDABLE = frozenset({"AgencyIsSuspended", "NotAccredited", "NotAnOperator", "PredecessorNotRetired"})
"""Refusals that people can mend on the registry: the call waits for that."""


UNDER_WAY = frozenset({CallState.SIGNED, CallState.SENT, CallState.MINED})
"""It has a nonce and is not over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What we wrote down about a call.

    `signed_at`: when its newest bytes were made; `sent_at`: when they went out last; `block`: the one it was seen in.
    """

    state: CallState
    signed_at: float | None = None
    sent_at: float | None = None
    block: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passes:
    """The simulation passed and would burn this much gas; `nonce` is the next that the chain takes from the key."""

    gas: int
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuses:
    """The contract refused: the name of its error, and the whole of it for people."""

    reason: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTried:
    """The node would not simulate it: no funds, or a complaint of its own."""

    reason: str


Simulation = Passes | Refuses | NotTried


@dataclass(frozen=True, slots=True, kw_only=True)
class Mined:
    """A receipt on the node's chain now."""

    block: int
    succeeded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Seen of a queued call.

    `unsettled`: an earlier call of the agency is not over, or the node has yet to see what our copy has.
    """

    simulation: Simulation
    unsettled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Seen of a call that has a nonce.

    `consumed`, `consumed_settled`: the key's count has gone past the nonce, in the head, in a settled block (both read
    *before* the receipt). `settled_block`: the last one that cannot be undone and that our copy has read, -1 where the
    receipt is of another fork. `effect`: our copy of the ledger holds what the call is to bring about. `next_in_line`:
    the nonce is the next that the chain takes from this key. `can_rise`: a higher price would be taken, and the key can
    pay it.
    """

    receipt: Mined | None
    consumed: bool
    consumed_settled: bool
    settled_block: int
    effect: bool
    next_in_line: bool = False
    can_rise: bool = False


Seen = Before | After


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Give it a nonce, not below this one, sign, store, send."""

    gas: int
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """Send the stored bytes again; `undone`: the block that it was in is gone; `stuck`: somebody should look."""

    undone: bool = False
    stuck: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Sign it again with the same nonce and a higher price, store, send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """Write down that it is in this block."""

    block: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Leave it as it is; `reason` is for people, None where there is nothing to say."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """It is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """It will never be done."""

    reason: str
    said: str = field(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignAgain:
    """Its nonce is lost to a stranger's transaction: it needs another, and somebody must look at the key.

    It is looked at as if it were queued: what the ledger refuses for good has failed.
    """


Step = Send | Resend | Replace | Mine | Wait | Settle | Fail | SignAgain


def decide(call: Written, seen: Seen, now: float) -> Step:
    """The next step of a call, by the table above. ValueError for a call that is over, or seen as what it is not."""
    if call.state is CallState.QUEUED and isinstance(seen, Before):
        return _decide_queued(seen)
    if call.state in UNDER_WAY and isinstance(seen, After):
        return _decide_under_way(call, seen, now)
    raise ValueError(f"nothing is decided about a call that is {call.state} from {type(seen).__name__}")


def _decide_queued(seen: Before) -> Step:
    match seen.simulation:
        case Passes(gas=gas, nonce=nonce):
            return Send(gas=gas, nonce=nonce)
        case NotTried(reason=reason):
            return Wait(reason=reason)
        case Refuses(reason=reason, said=said):
            if seen.unsettled or reason in MENDABLE:
                return Wait(reason=said)
            return Fail(reason=reason, said=said)


def _decide_under_way(call: Written, seen: After, now: float) -> Step:
    if seen.receipt is not None:
        return _decide_mined(call, seen, seen.receipt)
    if call.state is CallState.MINED:
        return Resend(undone=True)
    if seen.consumed_settled:
        return Settle() if seen.effect else SignAgain()
    if seen.consumed:
        return Wait(reason=NONCE_TAKEN)
    return _decide_missing(call, seen, now)


def _decide_missing(call: Written, seen: After, now: float) -> Step:
    """It is in no block, and its nonce is free."""
    stuck = call.state is CallState.SENT and seen.next_in_line and not _is_recent(call.signed_at, now, REPLACE_AFTER)
    if stuck and seen.can_rise:
        return Replace()
    if call.state is CallState.SENT and _is_recent(call.sent_at, now, RESEND_AFTER):
        return Wait()
    return Resend(stuck=stuck)


def _is_recent(then: float | None, now: float, within: float) -> bool:
    """A clock that was set back makes nothing recent."""
    return then is not None and 0 <= now - then < within


def _decide_mined(call: Written, seen: After, receipt: Mined) -> Step:
    if receipt.block <= seen.settled_block:
        if not receipt.succeeded:
            return Fail(reason="reverted")
        if seen.effect:
            return Settle()
    if call.state is not CallState.MINED or call.block != receipt.block:
        return Mine(block=receipt.block)
    return Wait()

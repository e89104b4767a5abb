"""What to do next with a call: pure. The loop in `chain.sender` does it.

A call waits in the outbox as `queued`; is `signed` when its nonce and its bytes are stored; `sent` when a node took the
bytes; `mined` when it is in a block; `settled` when that block cannot be undone and our copy of the ledger has what it
did; `failed` when the ledger refused it for good. The table, first line that fits; a queued call
is looked at when the store says that its turn has come: the calls of one agency and purpose go in their order.

| state | what is seen | step |
|---|---|---|
| queued | it passes, and may be overtaken by what our copy has not read yet | Wait(unread) |
| queued | it passes, and was overtaken behind our back | Fail(overtaken) |
| queued | it passes | Send: give a nonce, sign, store, then send |
| queued | it is refused, and an earlier call of the agency is not settled | Wait(reason): that one may mend it |
| queued | it is refused, and the node does not have what our copy has | Wait(reason): that may mend it |
| queued | it is refused for what people can mend (suspended, not accredited, no operator) | Wait(reason) |
| queued | it is refused for any other reason | Fail(reason) |
| queued | the node would not even try | Wait(what it said) |
| signed, sent, mined | a receipt | as below, by its block |
| - | its block is settled, our copy has it | Settle |
| - | its block is settled, it was reverted, and its nonce is consumed in a settled block | Fail(reverted) |
| - | it is in another block than we wrote down | Mine(block) |
| - | its block is another one in our copy, for 30 s | Wait(elsewhere) |
| - | its block is settled, our copy does not have it | Wait(effect_missing) |
| - | its block is settled, it was reverted, and its nonce is not consumed | Wait(unproved) |
| - | otherwise | Wait |
| it had failed | no receipt, the nonce is consumed in a settled block | Settle if our copy has the effect, else Fail |
| it had failed | no receipt, otherwise | Wait(failure_undone) |
| mined | no receipt any more: the block was undone | Resend |
| signed, sent | no receipt, the nonce is consumed in a settled block, our copy has the effect | Settle |
| signed, sent | the same, but the effect is missing: a stranger used the key | SignAgain, with an alarm |
| signed, sent | no receipt, the nonce is consumed, and the node is on our copy's fork | Wait(nonce_taken) |
| signed, sent | the same, and the node is on another fork | Wait(elsewhere) |
| signed | no receipt | Resend |
| sent | no receipt, the key's next nonce, signed 30 s ago, and a higher price may help | Replace |
| sent | no receipt, 5 s since the last time | Resend, with an alarm once it is 30 s since it was signed |
| sent | no receipt, not that long | Wait |

Sent again are always the same bytes: whatever became of an earlier attempt, they can be mined once. A replacement has
the same nonce, so that of all the forms that a call ever had, one is mined. A call whose failure a fork undid is not
sent again: what follows of it was done already. Its nonce is used up otherwise (`chain.freed`).
"""

from __future__ import annotations

from dataclasses import dataclass

from chain.steps import Fail, Mine, Replace, Resend, Send, Settle, SignAgain, Step, Wait
from store.states import CallState

RESEND_AFTER = 5.0
"""Seconds after which bytes that are in no block are sent again."""

REPLACE_AFTER = 30.0
"""Seconds after which bytes that are in no block are taken to be stuck."""

ELSEWHERE_AFTER = 30.0
"""Seconds after which somebody has to look at a node that is on another fork than our copy."""

NONCE_TAKEN = "another transaction of its key has its nonce"
ELSEWHERE = "the sender's node is on another fork of the chain than our copy of the ledger, or behind it"
EFFECT_MISSING = "the sender's node says that it was carried out, and our copy of the ledger does not have what it did"
UNPROVED = "the sender's node says that it was reverted, and does not show that its nonce is used up"
FAILURE_UNDONE = "it had failed, and a fork undid that; what becomes of its nonce has to be waited for"
BEHIND_FREED = "a fork made a nonce before its own free again; that has to be used up first"
UNREAD = "its key was used for what this database (an older copy?) does not know; our copy of the ledger reads it first"
STUCK = "it is in no block for half a minute, and a higher price would not help"
"""What calls wait for, for people; where they have a nonce, with an alarm."""

OVERTAKEN = "the ledger was changed since by what this database (an older copy?) does not know: look, and ask again"
"""Why a suspension or reinstatement is not sent that may have been carried out and undone meanwhile."""

MENDABLE = frozenset({"AgencyIsSuspended", "NotAccredited", "NotAnOperator", "PredecessorNotRetired"})
"""Refusals that people can mend on the registry: the call waits for that."""


UNDER_WAY = frozenset({CallState.SIGNED, CallState.SENT, CallState.MINED})
"""It has a nonce and is not over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What we wrote down about a call.

    `signed_at`: when its newest bytes were made; `sent_at`: when they went out last; `block`: the one it was seen in;
    `moved_at`: when it came into its state. `refused`: it had failed, and a fork undid the block in which it did.
    """

    state: CallState
    signed_at: float | None = None
    sent_at: float | None = None
    block: int | None = None
    moved_at: float | None = None
    refused: bool = False


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

    `unsettled`: an earlier call of the agency is not over, or the node does not have what our copy has. `overtaken`:
    whether the ledger was changed since, by none of our calls, to other than what it asks for; None: our copy of it
    cannot tell yet. Never of what is final.
    """

    simulation: Simulation
    unsettled: bool
    overtaken: bool | None = False


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Seen of a call that has a nonce.

    `consumed`, `consumed_settled`: the key's count has gone past the nonce, in the head, in a settled block (both as of
    *before* the receipt; the latter proved where that says that it was reverted). `settled_block`: the last one that
    cannot be undone and that our copy has read. `elsewhere`: the node is on another fork than our copy, or behind it,
    so that by it nothing is settled. `effect`: the block in which our copy of the ledger has what the call is to bring
    about, None where it has not. `next_in_line`: the nonce is the next that the chain takes from this key.
    `behind_freed`: that one is nobody's (`chain.freed`). `can_rise`: a higher price would be taken, and the key can pay
    it.
    """

    receipt: Mined | None
    consumed: bool
    consumed_settled: bool
    settled_block: int
    effect: int | None
    elsewhere: bool = False
    next_in_line: bool = False
    behind_freed: bool = False
    can_rise: bool = False


Seen = Before | After


def decide(call: Written, seen: Seen, now: float) -> Step:
    """The next step of a call, by the table above. ValueError for a call that is over, or seen as what it is not."""
    if call.state is CallState.QUEUED and isinstance(seen, Before):
        return _decide_queued(seen)
    if call.state in UNDER_WAY and isinstance(seen, After):
        return _decide_under_way(call, seen, now)
    raise ValueError(f"nothing is decided about a call that is {call.state} from {type(seen).__name__}")


def _decide_queued(seen: Before) -> Step:
    match seen.simulation:
        case Passes() if seen.overtaken is None:
            return Wait(reason=UNREAD)
        case Passes() if seen.overtaken:
            return Fail(reason="overtaken", said=OVERTAKEN)
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
        return _decide_mined(call, seen, seen.receipt, now)
    if seen.consumed_settled:
        return _decide_lost(call, seen.effect)
    if call.refused:
        return Wait(reason=FAILURE_UNDONE)
    if call.state is CallState.MINED:
        return Resend(undone=True)
    if seen.consumed:
        return Wait(reason=ELSEWHERE if seen.elsewhere else NONCE_TAKEN)
    return _decide_missing(call, seen, now)


def _decide_lost(call: Written, effect: int | None) -> Step:
    """Another transaction has its nonce, for good."""
    if effect is not None:
        return Settle(block=effect)
    if call.refused:
        return Fail(reason="reverted")
    return Resend(undone=True) if call.state is CallState.MINED else SignAgain()


def _decide_missing(call: Written, seen: After, now: float) -> Step:
    """It is in no block, and its nonce is free."""
    stuck = call.state is CallState.SENT and seen.next_in_line and not _is_recent(call.signed_at, now, REPLACE_AFTER)
    if stuck and seen.can_rise:
        return Replace()
    if call.state is CallState.SENT and _is_recent(call.sent_at, now, RESEND_AFTER):
        return Wait(reason=STUCK if stuck else BEHIND_FREED if seen.behind_freed else None)
    return Resend(stuck=stuck)


def _is_recent(then: float | None, now: float, within: float) -> bool:
    """A clock that was set back makes nothing recent."""
    return then is not None and 0 <= now - then < within


def _decide_mined(call: Written, seen: After, receipt: Mined, now: float) -> Step:
    settled = receipt.block <= seen.settled_block and not seen.elsewhere
    if settled and seen.effect is not None:
        return Settle(block=receipt.block)
    if settled and not receipt.succeeded and seen.consumed_settled:
        return Fail(reason="reverted")
    if call.state is not CallState.MINED or call.block != receipt.block:
        return Mine(block=receipt.block)
    if settled:
        return Wait(reason=EFFECT_MISSING if receipt.succeeded else UNPROVED)
    lasting = seen.elsewhere and not _is_recent(call.moved_at, now, ELSEWHERE_AFTER)
    return Wait(reason=ELSEWHERE if lasting else None)

"""The moves of a call, each a compare-and-set that says whether it moved: queued, signed, sent, mined, settled, failed.

    queued --sign--> signed --sent--> sent --mined--> mined --settle--> settled
       ^               ^----replace, resign----'   <--unmine--'
       `--wait (stays queued)                 any open state --fail--> failed

A fork below what was settled brings back what is over: settled, failed --bring_back--> sent. A call that had failed
keeps its `error` then, which tells it from others, until it is over again.

What a state change brings with it (a failed anchor's batch is void, a revoked certificate gives up its number) happens
in the same transaction. `add` and the reads come from `store.outbox`, which ones are next from `store.queue`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from store import consequences
from store.errors import NonceTaken
from store.insertion import insert_into
from store.issuers import ledger_id
from store.outbox import OPEN, add, hold, open_calls, read
from store.queue import at_work, highest_nonce, in_flight, queued, ready
from store.records import SignedForm
from store.states import CallState, Move
from store.tables import calls, issuers
from store.tables import transactions as signed_forms

__all__ = [
    "add",
    "at_work",
    "bring_back",
    "explain",
    "fail",
    "forms",
    "highest_nonce",
    "hold",
    "in_flight",
    "mined",
    "open_calls",
    "queued",
    "read",
    "ready",
    "replace",
    "resign",
    "sent",
    "settle",
    "sign",
    "unmine",
    "wait",
]

_WITH_BYTES = (CallState.SIGNED, CallState.SENT)


def wait(connection: Connection, call: int, *, reason: str, until: int | None, now: int) -> Move[CallState]:
    """Let a queued call wait, for a reason that people are shown, and look at it again at `until`."""
    values = {"waiting_reason": reason, "waiting_until": until}
    return _move(connection, call, (CallState.QUEUED,), CallState.QUEUED, now, **values)


def explain(connection: Connection, call: int, *, reason: str | None) -> None:
    """Say what a call with a nonce waits for, to be shown to people until it moves; None: nothing is out of the way."""
    under_way = (calls.c.id == call, calls.c.state.in_((*_WITH_BYTES, CallState.MINED)))
    connection.execute(
        update(calls).where(*under_way, calls.c.waiting_reason.is_distinct_from(reason)).values(waiting_reason=reason)
    )


def sign(connection: Connection, call: int, *, nonce: int, raw: bytes, tx_hash: bytes, now: int) -> Move[CallState]:
    """Queued -> signed: its nonce and its signed bytes are stored before anybody sends them.

    Raises:
        NonceTaken: another call has the nonce; nothing moved.
    """
    return _give_bytes(connection, call, (CallState.QUEUED,), now, nonce=nonce, raw=raw, tx_hash=tx_hash)


def replace(
    connection: Connection, call: int, *, old_hash: bytes, raw: bytes, tx_hash: bytes, now: int
) -> Move[CallState]:
    """Signed or sent -> signed: other bytes (a higher price) for the same nonce, if `old_hash` is still the latest."""
    same = calls.c.tx_hash == old_hash
    return _give_bytes(connection, call, _WITH_BYTES, now, same, raw=raw, tx_hash=tx_hash)


def resign(
    connection: Connection, call: int, *, old_nonce: int, nonce: int, raw: bytes, tx_hash: bytes, now: int
) -> Move[CallState]:
    """Signed, sent or mined -> signed under a second nonce: a stranger's transaction took the first for good.

    Raises:
        NonceTaken: another call has the nonce; nothing moved.
    """
    same = calls.c.nonce == old_nonce
    states = (*_WITH_BYTES, CallState.MINED)
    return _give_bytes(connection, call, states, now, same, nonce=nonce, raw=raw, tx_hash=tx_hash, block=None)


def sent(connection: Connection, call: int, *, now: int) -> Move[CallState]:
    """Signed or sent -> sent: a node has the bytes (again)."""
    values = {"sent_at": now, "attempts": calls.c.attempts + 1}
    return _move(connection, call, _WITH_BYTES, CallState.SENT, now, **values)


def mined(connection: Connection, call: int, *, block: int, now: int) -> Move[CallState]:
    """Signed, sent or mined -> mined in `block`."""
    return _move(connection, call, (*_WITH_BYTES, CallState.MINED), CallState.MINED, now, block=block)


def unmine(connection: Connection, call: int, *, now: int) -> Move[CallState]:
    """Mined -> sent: its block is no longer of the chain."""
    return _move(connection, call, (CallState.MINED,), CallState.SENT, now, block=None)


def settle(connection: Connection, call: int, *, now: int, block: int | None = None) -> Move[CallState]:
    """Open -> settled: the settled ledger has its effect. What it means for others is written, too (`consequences`).

    `block`: the one that its effect is in, where that is known.
    """
    move = _move(connection, call, OPEN, CallState.SETTLED, now, error=None, **_in(block))
    if move.moved:
        consequences.of_settled(connection, read(connection, call), now=now)
    return move


def bring_back(connection: Connection, ledger: str, *, above: int) -> tuple[int, ...]:
    """Settled, failed -> sent: the blocks above a height are no longer of the chain; answer which calls were in them.

    What followed of a failure stands: an anchor's batch stays void.
    """
    of_ledger = select(issuers.c.id).where(issuers.c.ledger_id == ledger_id(ledger))
    over = calls.c.state.in_((CallState.SETTLED, CallState.FAILED))
    undone = (over, calls.c.block > above, calls.c.issuer_id.in_(of_ledger))
    back = update(calls).where(*undone, calls.c.raw.is_not(None)).values(state=CallState.SENT, block=None)
    return tuple(connection.execute(back.returning(calls.c.id)).scalars())


def fail(connection: Connection, call: int, *, error: str, now: int, block: int | None = None) -> Move[CallState]:
    """Open -> failed for ever. An anchor's batch is void, and its job fills again.

    `block`: the one in which it was reverted, where that is known.
    """
    move = _move(connection, call, OPEN, CallState.FAILED, now, error=error, **_in(block))
    if move.moved:
        consequences.of_failed(connection, read(connection, call), now=now)
    return move


def forms(connection: Connection, of: Sequence[int]) -> Mapping[int, tuple[SignedForm, ...]]:
    """Give every signed form of some calls, oldest first, by the call's number; any may be the one that was mined."""
    found: dict[int, list[SignedForm]] = {call: [] for call in of}
    for row in connection.execute(_forms(), {"calls": of}):
        found[row.call_id].append(_form_of(row))
    return {call: tuple(ones) for call, ones in found.items()}


@cache
def _forms() -> Select[Any]:
    wanted = select(signed_forms).where(signed_forms.c.call_id.in_(bindparam("calls", expanding=True)))
    return wanted.order_by(signed_forms.c.id)


def _form_of(row: Row[Any]) -> SignedForm:
    return SignedForm(tx_hash=row.tx_hash, call=row.call_id, nonce=row.nonce, raw=row.raw, created_at=row.created_at)


def _give_bytes(
    connection: Connection,
    call: int,
    before: tuple[CallState, ...],
    now: int,
    *conditions: ColumnElement[bool],
    **values: Any,  # noqa: ANN401  # columns
) -> Move[CallState]:
    savepoint = connection.begin_nested()
    try:
        move = _move(connection, call, before, CallState.SIGNED, now, *conditions, sent_at=None, **values)
    except IntegrityError as error:
        savepoint.rollback()
        raise NonceTaken(values["nonce"]) from error
    savepoint.commit()
    if move.moved:
        now_there = read(connection, call)
        connection.execute(
            insert_into(connection, signed_forms)
            .values(
                call_id=call,
                chain=now_there.chain,
                sender=now_there.sender,
                nonce=now_there.nonce,
                tx_hash=now_there.tx_hash,
                raw=now_there.raw,
                created_at=now,
            )
            .on_conflict_do_nothing()
        )
    return move


def _in(block: int | None) -> dict[str, int]:
    return {} if block is None else {"block": block}


def _move(
    connection: Connection,
    call: int,
    before: tuple[CallState, ...],
    after: CallState,
    now: int,
    *conditions: ColumnElement[bool],
    **values: Any,  # noqa: ANN401  # columns
) -> Move[CallState]:
    """What a call waited for is over when it moves, unless it is said anew."""
    values = {"waiting_reason": None, "waiting_until": None} | values
    moved = connection.execute(
        update(calls)
        .where(calls.c.id == call, calls.c.state.in_(before), *conditions)
        .values(state=after, updated_at=now, **values)
    )
    if moved.rowcount == 1:
        return Move(moved=True, state=after)
    return Move(moved=False, state=read(connection, call).state)

"""How a call comes into the outbox, and how calls are read.

A call is written in the same transaction as what it is for, and then moved only by `store.calls`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from store.errors import NoSuchRow
from store.insertion import insert_into
from store.issuers import known_issuer
from store.records import Call
from store.states import CallState, Purpose
from store.tables import calls, issuers, ledgers

OPEN = (CallState.QUEUED, CallState.SIGNED, CallState.SENT, CallState.MINED)
"""States after which something comes."""

PURPOSES = {
    "anchor": Purpose.ANCHOR,
    "suspend": Purpose.STATUS,
    "reinstate": Purpose.STATUS,
    "revoke": Purpose.STATUS,
    "supersede": Purpose.STATUS,
}
"""What a kind of call needs its key for; every other kind is of the registry."""

_FIELDS = tuple(field.name for field in fields(Call))


def add(
    connection: Connection,
    *,
    ledger: str,
    agency: str,
    kind: str,
    args: Mapping[str, object],
    sender: bytes,
    now: int,
    key: str | None = None,
) -> Call:
    """Write a call. With a `key`, a repeat answers the call that is there, whatever became of it.

    Calls of one agency and purpose are sent in the order in which they were added, anchors in that of their serials.
    """
    purpose = PURPOSES.get(kind, Purpose.REGISTRY)
    issuer = known_issuer(connection, ledger, agency)
    row = {
        "key": key,
        "chain": ledger.rpartition(":")[0],
        "issuer_id": issuer,
        "kind": kind,
        "purpose": purpose,
        "order": args["first_serial"] if purpose is Purpose.ANCHOR else _next_order(connection, issuer, purpose),
        "args": json.dumps(args, ensure_ascii=False, separators=(",", ":")),
        "sender": sender,
        "state": CallState.QUEUED,
        "attempts": 0,
        "created_at": now,
        "updated_at": now,
    }
    statement = insert_into(connection, calls).values(row).on_conflict_do_nothing(index_elements=["key"])
    made = connection.execute(statement.returning(calls.c.id)).scalar()
    if made is not None:
        return read(connection, made)
    return call_of(connection.execute(select_calls().where(calls.c.key == key)).one())


def hold(connection: Connection, ledger: str, agency: str) -> None:
    """Let nobody else write changes of status for an agency until the transaction ends."""
    _held(connection, known_issuer(connection, ledger, agency))


def read(connection: Connection, call: int) -> Call:
    """Give a call.

    Raises:
        NoSuchRow: there is none of this number.
    """
    row = connection.execute(_one(), {"call": call}).one_or_none()
    if row is None:
        raise NoSuchRow("calls", call)
    return call_of(row)


def open_calls(connection: Connection, ledger: str, agency: str | None = None) -> tuple[Call, ...]:
    """Give the calls of a ledger, or of one agency on it, that are neither settled nor failed, oldest first."""
    # The index on states begins with agency and purpose: named, they keep a long history of calls out of the question.
    of_them = (ledgers.c.name == ledger, calls.c.purpose.in_(Purpose), calls.c.state.in_(OPEN))
    wanted = select_calls().where(*of_them).order_by(calls.c.id)
    if agency is not None:
        wanted = wanted.where(issuers.c.agency == agency)
    return tuple(call_of(row) for row in connection.execute(wanted))


def select_calls() -> Select[Any]:
    """Begin a query for calls, ledger and agency by their names."""
    return (
        select(calls, ledgers.c.name.label("ledger"), issuers.c.agency)
        .join(issuers, issuers.c.id == calls.c.issuer_id)
        .join(ledgers, ledgers.c.id == issuers.c.ledger_id)
    )


@cache
def _one() -> Select[Any]:
    return select_calls().where(calls.c.id == bindparam("call"))


def call_of(row: Row[Any]) -> Call:
    """Make the value of a row that `select_calls` found."""
    known = {name: getattr(row, name) for name in _FIELDS}
    known["args"] = json.loads(known["args"])
    known["state"] = CallState(known["state"])
    known["purpose"] = Purpose(known["purpose"])
    return Call(**known)


def _next_order(connection: Connection, issuer: int, purpose: Purpose) -> int:
    """Serialise the writers of one issuer, so that the order is that of the commits."""
    _held(connection, issuer)
    last = connection.scalar(
        select(func.max(calls.c.order)).where(calls.c.issuer_id == issuer, calls.c.purpose == purpose)
    )
    return 0 if last is None else int(last) + 1


def _held(connection: Connection, issuer: int) -> None:
    connection.execute(select(issuers.c.id).where(issuers.c.id == issuer).with_for_update(key_share=True))

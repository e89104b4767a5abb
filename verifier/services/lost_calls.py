"""Calls that a lost database had not settled, and what the chain made of them meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ecert.ledger_copy import LedgerCopy
from store import events
from store.database import Connection
from store.records import Call
from verifier.agreement.call_rows import is_there_for_good
from verifier.services.unsaid import Unsaid


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """A call that was under way, and the hashes of every transaction that was signed for it."""

    call: Call
    hashes: tuple[bytes, ...] = ()


def lost_calls(
    connection: Connection, copy: LedgerCopy, unsaid: Unsaid, left_open: Iterable[OpenCall]
) -> tuple[Call, ...]:
    """Give the calls that nobody makes any more: neither mined meanwhile nor written anew.

    `connection`: to the database made anew, which has read the chain. What is written anew with the certificates of a
    ledger that comes after is seen when these are put back (`goes_on`).
    """
    return tuple(
        one.call
        for one in left_open
        if not (_was_mined(connection, one) or is_there_for_good(one.call, copy) or goes_on(one.call, unsaid))
    )


def _was_mined(connection: Connection, one: OpenCall) -> bool:
    return any(events.of_transaction(connection, one.call.ledger, tx_hash) for tx_hash in one.hashes)


def goes_on(call: Call, unsaid: Unsaid) -> bool:
    """Tell whether a call is among those that are written anew."""
    return call.kind == "supersede" and any(
        (each.agency, each.old, [each.serial]) == (call.agency, call.args["old"], call.args["successors"])
        for each in unsaid.going_on
    )

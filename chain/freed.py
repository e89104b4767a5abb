"""Nonces that a fork gave back to a key: none of its calls has them, and later ones cannot be mined before them.

A call that failed leaves one when the block of its failure is undone, and so does whatever else the key had signed. A
transaction that does nothing uses it up. Where the network carries out what was there before, that is as good: whether
a call that had failed is done after all shows from its receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chain.signed import read_signed
from chain.tracing import Traces
from chain.transaction import Fee, Transaction, outbid
from store.records import Call

_GAS = 21_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """A nonce that is free again; `before`: the call that had it, where that is known."""

    nonce: int
    before: Call | None

    def transaction(self, chain_id: int, key: bytes, market: Fee) -> Transaction:
        """Make one that does nothing, at a price that takes the place of what had the nonce before."""
        old = None if self.before is None or self.before.raw is None else read_signed(self.before.raw).fee
        fee = market if old is None else outbid(old, market) or market
        return Transaction(chain_id=chain_id, nonce=self.nonce, to=key, data=b"", gas=_GAS, fee=fee)


def find_freed(under_way: Sequence[Call], traces: Traces) -> Freed | None:
    """Find the nonce that the chain takes next from a key, if it is nobody's and one of its calls waits behind it.

    `under_way`: its calls that have a nonce. Nothing is said by a node on another fork than our copy, where what is
    settled may be free, nor by one that contradicts itself.
    """
    if not traces.ours or not under_way:
        return None
    key = traces.keys[under_way[0].sender]
    due = key.account.nonce
    if key.settled_nonce is None or key.settled_nonce > due:
        return None
    waiting = [
        call for call in under_way if call.nonce is not None and call.nonce >= due and call.id not in traces.receipts
    ]
    if not waiting or any(call.nonce == due and call.error is None for call in under_way):
        return None
    before = next((call for call in waiting if call.nonce == due), None)
    return Freed(nonce=due, before=before)

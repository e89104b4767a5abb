"""Who relied on which certificate: what a caller is told changes of.

A reliance says from which block on its caller has not seen what the ledger says. It is written when the record of a
verification is shipped, which may be long after the verification; `fresh` until the changes since were looked up for it
(`store.tracking`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, update

from store.insertion import insert_all
from store.issuers import known_ledger, ledger_id
from store.tables import change_cursors, reliances

_EARLIER = (
    "(ledger_id, agency, serial, caller) DO UPDATE SET since = excluded.since, fresh = excluded.fresh"
    " WHERE excluded.since < reliances.since"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliance:
    """A caller relied on one certificate, judged from a ledger copy of which all up to `settled_block` was settled.

    That is `LedgerCopy.settled_block` at the verification, not its as-of block: what stood above was not certain yet.
    """

    ledger: str
    agency: str
    serial: int
    caller: str
    settled_block: int


def relied(connection: Connection, found: Iterable[Reliance]) -> None:
    """Write down who relied on what; for each caller and certificate the earliest stands. A repeat changes nothing."""
    earliest: dict[tuple[str, str, int, str], int] = {}
    for one in found:
        key = (one.ledger, one.agency, one.serial, one.caller)
        earliest[key] = min(one.settled_block, earliest.get(key, one.settled_block))
    numbers = {ledger: known_ledger(connection, ledger) for ledger in sorted({key[0] for key in earliest})}
    rows = [
        {
            "ledger_id": numbers[ledger],
            "agency": agency,
            "serial": serial,
            "caller": caller,
            "since": since,
            "fresh": True,
        }
        for (ledger, agency, serial, caller), since in sorted(earliest.items())  # so that two writers never deadlock
    ]
    insert_all(connection, reliances, rows, _EARLIER)


def set_back(connection: Connection, ledger: str, to_block: int) -> None:
    """Forget that blocks above one were matched with reliances, or were settled when somebody relied: they are undone.

    What happens in the blocks that take their place is then told like all else.
    """
    matched = change_cursors.c.ledger_id == ledger_id(ledger), change_cursors.c.block > to_block
    connection.execute(update(change_cursors).where(*matched).values(block=to_block))
    seen = reliances.c.ledger_id == ledger_id(ledger), reliances.c.since > to_block
    connection.execute(update(reliances).where(*seen).values(since=to_block))

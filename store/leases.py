"""Who may work on something that only one may work on, such as a ledger key.

A lease ends by itself. Its number goes up at every change of holder (the fence): a holder that slept through the end
of its lease finds in its own next transaction, by `assure`, that it must not write.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, select, update

from store.errors import LeaseLost
from store.insertion import insert_into
from store.records import Lease
from store.tables import leases

SENDERS = "sender:"
"""How the names of leases on sending begin."""
LONGEST = 60
"""Seconds for which anybody takes a lease: what ends later than that was taken before the clock was set back."""


def sender_name(chain: str, address: bytes) -> str:
    """Name the lease on sending with a key."""
    return f"{SENDERS}{chain}:0x{address.hex()}"


def take(
    connection: Connection, name: str, *, holder: str, now: int, seconds: int, longest: int | None = None
) -> Lease | None:
    """Take the lease until `now + seconds`, if it is free or the holder's already; None: somebody else has it.

    `holder` is of one start of one process, so that a restarted process is another holder. A lease that ends later than
    anybody could have asked for (in `longest`; `seconds` unless some ask for more) was taken before the clock was set
    back, and counts for nothing: its number sees to it that whoever took it writes no more.
    """
    fresh = {"name": name, "holder": None, "number": 0, "until": 0}
    connection.execute(insert_into(connection, leases).values(fresh).on_conflict_do_nothing())
    row = connection.execute(select(leases).where(leases.c.name == name).with_for_update()).one()
    if row.holder == holder and row.until > now:
        lease = Lease(name=name, holder=holder, number=row.number, until=now + seconds)
    elif row.holder is None or not now < row.until <= now + (longest or seconds):
        lease = Lease(name=name, holder=holder, number=row.number + 1, until=now + seconds)
    else:
        return None
    connection.execute(
        update(leases).where(leases.c.name == name).values(holder=holder, number=lease.number, until=lease.until)
    )
    return lease


def renew(connection: Connection, lease: Lease, *, now: int, seconds: int) -> Lease:
    """Hold a lease for longer.

    Raises:
        LeaseLost: it ended, and somebody else took it.
    """
    renewed = connection.execute(update(leases).where(*_held(lease)).values(until=now + seconds))
    if renewed.rowcount != 1:
        raise LeaseLost(lease.name)
    return replace(lease, until=now + seconds)


def assure(connection: Connection, lease: Lease, *, now: int) -> None:
    """Make sure, for the rest of this transaction, that the lease is held: nobody can take it before the commit.

    Raises:
        LeaseLost: it is over. Nothing may be written.
    """
    held = select(leases.c.number).where(*_held(lease), leases.c.until > now).with_for_update()
    if connection.execute(held).one_or_none() is None:
        raise LeaseLost(lease.name)


def held(connection: Connection, name: str, *, now: int) -> bool:
    """Tell whether anybody holds the lease now."""
    found = select(leases.c.number).where(leases.c.name == name, lasts(now))
    return connection.execute(found).one_or_none() is not None


def lasts(now: int) -> ColumnElement[bool]:
    """Say that a lease is somebody's now."""
    return leases.c.until.between(now + 1, now + LONGEST)


def release(connection: Connection, lease: Lease) -> None:
    """Give a lease back before its end; harmless where it is lost already."""
    connection.execute(update(leases).where(*_held(lease)).values(holder=None, until=0))


def _held(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (leases.c.name == lease.name, leases.c.holder == lease.holder, leases.c.number == lease.number)

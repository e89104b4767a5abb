"""The names of clients and accounts, which are shared: what is kept under a caller's name is one caller's for ever."""

from __future__ import annotations

from sqlalchemy import Connection, select

from store.errors import NameTaken
from store.insertion import insert_into
from store.tables import caller_names


def claim(connection: Connection, name: str) -> None:
    """Take a name; raises `NameTaken` where a client or an account has it. It is never free again."""
    fresh = insert_into(connection, caller_names).values(name=name).on_conflict_do_nothing()
    if connection.execute(fresh.returning(caller_names.c.name)).one_or_none() is None:
        raise NameTaken("a client or an account", name)


def hold(connection: Connection, name: str) -> None:
    """Let whoever holds the name as well wait until this transaction ends: what a caller has is counted by one only."""
    connection.execute(select(caller_names.c.name).where(caller_names.c.name == name).with_for_update(key_share=True))

"""What a caller may do, as the database says now: for work that goes on while nobody asks."""

from __future__ import annotations

from store import accounts, clients
from store.database import Connection
from verifier.access.roles import scopes_of
from verifier.callers import Scope


def may(connection: Connection, name: str, scope: Scope) -> bool:
    """Tell whether the client or the account of a name is there, is not disabled, and has a scope."""
    account = accounts.read(connection, name)
    if account is None:
        return scope in clients.scopes(connection, name)
    return account.disabled_at is None and scope in scopes_of(account.roles, account.agency)

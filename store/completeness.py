"""What an agency says of its records: since when those of a type are complete, so that an absence means something."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from store.insertion import insert_into
from store.issuers import known_issuer
from store.tables import completeness, issuers, ledgers


def declare(connection: Connection, ledger: str, agency: str, certificate_type: bytes, *, since: int, now: int) -> None:
    """Say since when an agency's records of a type are complete, in place of what was said before."""
    row = {
        "issuer_id": known_issuer(connection, ledger, agency),
        "certificate_type": certificate_type,
        "since": since,
        "declared_at": now,
    }
    connection.execute(
        insert_into(connection, completeness)
        .values(row)
        .on_conflict_do_update(
            index_elements=["issuer_id", "certificate_type"], set_={"since": since, "declared_at": now}
        )
    )


def of_type(connection: Connection, names: Collection[str], certificate_type: bytes) -> dict[str, int]:
    """Give, by agency, since when its records of a type are complete; agencies that said nothing are absent.

    `names`: of the ledgers on which its certificates may stand; what an agency said last, on whichever, counts.
    """
    asked = {"ledgers": names, "type": certificate_type}
    return {row.agency: row.since for row in connection.execute(_of_type(), asked)}


@cache
def _of_type() -> Select[Any]:
    return (
        select(issuers.c.agency, completeness.c.since)
        .join(issuers, issuers.c.id == completeness.c.issuer_id)
        .join(ledgers, ledgers.c.id == issuers.c.ledger_id)
        .where(
            ledgers.c.name.in_(bindparam("ledgers", expanding=True)),
            completeness.c.certificate_type == bindparam("type"),
        )
        .order_by(issuers.c.agency, completeness.c.declared_at, issuers.c.id)
    )

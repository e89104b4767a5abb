"""What an agency says of its records: since when those of a type are complete, so that an absence means something."""

from __future__ import annotations

from sqlalchemy import Connection, select

from store.insertion import insert_into
from store.issuers import known_issuer, ledger_id
from store.tables import completeness, issuers


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


def of_type(connection: Connection, ledger: str, certificate_type: bytes) -> dict[str, int]:
    """Give, by agency, since when its records of a type are complete; agencies that said nothing are absent."""
    wanted = (
        select(issuers.c.agency, completeness.c.since)
        .join(issuers, issuers.c.id == completeness.c.issuer_id)
        .where(issuers.c.ledger_id == ledger_id(ledger), completeness.c.certificate_type == certificate_type)
        .order_by(issuers.c.agency)
    )
    return {row.agency: row.since for row in connection.execute(wanted)}

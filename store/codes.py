"""Codes: certificates wrapped under codes that are not kept here, found by names that are made from the codes.

A certificate has at most one code that opens. What was wrapped under a void one is thrown away.
"""

from __future__ import annotations

from sqlalchemy import Connection, exists, insert, select, update

from store.issuers import issuer_id, known_issuer
from store.tables import certificates, codes


def hold(connection: Connection, ledger: str, agency: str, serial: int) -> None:
    """Let nobody else make a code for a certificate, or void one, until the transaction ends."""
    wanted = select(certificates.c.serial).where(
        certificates.c.issuer_id == issuer_id(ledger, agency), certificates.c.serial == serial
    )
    connection.execute(wanted.with_for_update(key_share=True))


def add(
    connection: Connection, ledger: str, agency: str, serial: int, *, name: bytes, wrapped: bytes, now: int
) -> None:
    """Keep what a code opens.

    Raises:
        WriteRefused: the certificate has a code that opens.
    """
    row = {
        "name": name,
        "issuer_id": known_issuer(connection, ledger, agency),
        "serial": serial,
        "wrapped": wrapped,
        "created_at": now,
    }
    connection.execute(insert(codes).values(row))


def void(connection: Connection, ledger: str, agency: str, serial: int, *, now: int) -> bool:
    """Let the code of a certificate open nothing any more; False where it has none that opens."""
    voided = connection.execute(
        update(codes)
        .where(codes.c.issuer_id == issuer_id(ledger, agency), codes.c.serial == serial, codes.c.voided_at.is_(None))
        .values(voided_at=now, wrapped=b"")
    )
    return voided.rowcount > 0


def has_open(connection: Connection, ledger: str, agency: str, serial: int) -> bool:
    """Tell whether a certificate has a code that opens."""
    wanted = exists().where(
        codes.c.issuer_id == issuer_id(ledger, agency), codes.c.serial == serial, codes.c.voided_at.is_(None)
    )
    return bool(connection.scalar(select(wanted)))


def wrapped(connection: Connection, name: bytes) -> bytes | None:
    """Give what is wrapped under a name, empty where its code is void; None where there is no such name."""
    found: bytes | None = connection.scalar(select(codes.c.wrapped).where(codes.c.name == name))
    return None if found is None else bytes(found)

"""What was stored before the disclosures had a column of their own is taken apart and nothing of it is lost."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from store import certificates
from store.database import Database, migrate
from store.engine import make_engine, new_file
from store.errors import WriteRefused
from store.schema import upgrade
from tests.store.makers import AGENCY, LEDGER, TITLE, digest

COUNT = 2100
ROWS = """
    INSERT INTO certificates
        (issuer_id, serial, batch_id, certificate_type, number_index, live, line, leaf, compact)
    VALUES (:issuer, :serial, 1, :type, :number, :live, :serial, :leaf, :compact)
"""


def fill_old(url: str) -> None:
    """Make a database as the version before made it, with one batch of certificates."""
    new_file(url)
    engine = make_engine(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        upgrade(connection, "0002")
        connection.execute(text("INSERT INTO ledgers (id, name) VALUES (1, :name)"), {"name": LEDGER})
        connection.execute(
            text("INSERT INTO issuers (id, ledger_id, agency, next_serial) VALUES (1, 1, :agency, 9000)"),
            {"agency": AGENCY},
        )
        connection.execute(
            text(
                "INSERT INTO batches (id, issuer_id, certificate_type, state, first_serial, capacity, count, fed_at,"
                " created_at) VALUES (1, 1, :type, 'filling', 0, 5000, :count, 1, 1)"
            ),
            {"type": TITLE, "count": COUNT},
        )
        connection.execute(
            text(ROWS),
            [
                {
                    "issuer": 1,
                    "serial": serial,
                    "type": TITLE,
                    "number": digest(serial),
                    "live": serial != 1,
                    "leaf": digest(("leaf", serial)),
                    "compact": f"jwt.{serial}.x~a{serial}~b~" if serial else "jwt.0.x~",
                }
                for serial in range(COUNT)
            ],
        )
    engine.dispose()


def test_what_was_in_one_column_is_in_two_and_lies_open(empty_url: str) -> None:
    fill_old(empty_url)
    migrate(empty_url)
    with Database.open(empty_url) as database, database.read() as connection:
        rows = list(certificates.of_batch(connection, 1))
    assert len(rows) == COUNT
    assert (rows[0].jwt, rows[0].disclosures) == ("jwt.0.x", b"\0")
    for row in rows[1:]:
        assert (row.jwt, row.disclosures) == (f"jwt.{row.serial}.x", f"\0a{row.serial}~b".encode())
        assert (row.line, row.live, row.leaf) == (row.serial, row.serial != 1, digest(("leaf", row.serial)))


def test_a_number_is_still_for_one_live_certificate_alone(empty_url: str) -> None:
    fill_old(empty_url)
    migrate(empty_url)
    same = "UPDATE certificates SET number_index = (SELECT number_index FROM certificates WHERE serial = 5)"
    with Database.open(empty_url) as database:
        with database.begin() as connection:
            connection.execute(text(f"{same} WHERE serial = 1"))
        with pytest.raises(WriteRefused), database.begin() as connection:
            connection.execute(text(f"{same} WHERE serial = 6"))

"""How stored certificates are found: by blind index, by code; and what an agency says that its absence means.

Trust: `index` is a keyed hash and `wrapped` sealed under a code, so that whoever reads these rows learns no value.
Whoever can write them can hide a certificate, or lead a look-up to another one, which is then judged as what it is.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table

from store.tables.metadata import METADATA, Bytes

lookups = Table(
    "lookups",
    METADATA,
    Column("index", Bytes, primary_key=True),
    Column("issuer_id", ForeignKey("issuers.id"), primary_key=True, autoincrement=False),
    Column("serial", BigInteger, primary_key=True, autoincrement=False),
    Index(None, "issuer_id", "serial"),
    sqlite_with_rowid=False,
)

codes = Table(
    "codes",
    METADATA,
    Column("name", Bytes, primary_key=True),
    Column("issuer_id", ForeignKey("issuers.id"), nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("wrapped", Bytes, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("voided_at", BigInteger),
    Index(None, "issuer_id", "serial"),
)

completeness = Table(
    "completeness",
    METADATA,
    Column("issuer_id", ForeignKey("issuers.id"), primary_key=True, autoincrement=False),
    Column("certificate_type", Bytes, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("declared_at", BigInteger, nullable=False),
)

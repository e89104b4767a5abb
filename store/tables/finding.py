"""How stored certificates are found: by blind index, by code; and what an agency says that its absence means.

Trust: `index` is a keyed hash and `wrapped` sealed under a code, so that whoever reads these rows learns no value.
Whoever can write them can hide a certificate, or lead a look-up to another one, which is then judged as what it is.
`key_uses` says by number with which keys rows are written: whoever changes it stops issuing, and opens nothing.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, text

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
    # A certificate has one code that opens.
    Index(
        "uq_codes_open",
        "issuer_id",
        "serial",
        unique=True,
        sqlite_where=text("voided_at IS NULL"),
        postgresql_where=text("voided_at IS NULL"),
    ),
)

completeness = Table(
    "completeness",
    METADATA,
    Column("issuer_id", ForeignKey("issuers.id"), primary_key=True, autoincrement=False),
    Column("certificate_type", Bytes, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("declared_at", BigInteger, nullable=False),
)

key_uses = Table(
    "key_uses",
    METADATA,
    Column("use", String(8), primary_key=True),
    Column("current", Integer, nullable=False),
    # The key from which rows are being taken over.
    Column("former", Integer),
    # How far a sweep over all certificates is; both None at its start.
    Column("sweeping", Boolean(create_constraint=False), nullable=False),
    Column("swept_issuer", BigInteger),
    Column("swept_serial", BigInteger),
)

"""What agencies issue: their serials, jobs, batches and certificates.

Trust: `disclosures` hold personal data, sealed under a key that is not in the database (`verifier.keys.field_key`), but
for rows of key number 0, which are from before and lie open until that key is rotated. `jwt` says no value. Nobody can
forge a certificate here: the agency's key is elsewhere, and roots are on the chain.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    literal_column,
    text,
)

from store.states import BatchState, JobState
from store.tables.metadata import METADATA, Bytes, Identity, one_of

issuers = Table(
    "issuers",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("ledger_id", ForeignKey("ledgers.id"), nullable=False),
    Column("agency", String(32), nullable=False),
    Column("next_serial", BigInteger, nullable=False),
    Index(None, "ledger_id", "agency", unique=True),
)

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("issuer_id", ForeignKey("issuers.id"), nullable=False),
    Column("certificate_type", Bytes, nullable=False),
    Column("sha256", Bytes, nullable=False),
    Column("name", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    CheckConstraint(one_of("state", JobState), name="state"),
    Index(
        "uq_jobs_one_of_a_file",
        "issuer_id",
        "certificate_type",
        "sha256",
        unique=True,
        sqlite_where=text("state <> 'void'"),
        postgresql_where=text("state <> 'void'"),
    ),
)

batches = Table(
    "batches",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("issuer_id", ForeignKey("issuers.id"), nullable=False),
    Column("job_id", ForeignKey("jobs.id"), index=True),
    Column("certificate_type", Bytes, nullable=False),
    Column("state", String(8), nullable=False),
    Column("first_serial", BigInteger, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("root", Bytes),
    Column("call_id", ForeignKey("calls.id"), unique=True),
    Column("fed_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("handed_out_at", BigInteger),
    Column("void_reason", Text),
    CheckConstraint(one_of("state", BatchState), name="state"),
    CheckConstraint("count >= 0 AND count <= capacity", name="count"),
    CheckConstraint("(state = 'closed') = (root IS NOT NULL AND void_reason IS NULL)", name="root"),
    Index(None, "state", "fed_at"),
    Index(None, "issuer_id", "created_at"),
    # What a void batch set aside and did not use may be given again.
    Index(
        "uq_batches_first_serial",
        "issuer_id",
        "first_serial",
        unique=True,
        sqlite_where=text("state <> 'void'"),
        postgresql_where=text("state <> 'void'"),
    ),
)

_VOID: ColumnElement[str] = literal_column("'void'")
"""As a parameter it would have SQLite plan the statement anew each time that it is asked, to see whether an index above
may be used: four times the work of finding a certificate."""
job_not_void = jobs.c.state != _VOID
batch_not_void = batches.c.state != _VOID

# What a path through a batch's tree is made from without reading all its leaves. Whoever changes it makes paths
# slower to find: they are compared with the root that the ledger has.
subtrees = Table(
    "subtrees",
    METADATA,
    Column("batch_id", ForeignKey("batches.id"), primary_key=True, autoincrement=False),
    # Of each 16 leaves (`ecert.merkle.Tree.subtrees`), one after the other.
    Column("hashes", Bytes, nullable=False),
)

certificates = Table(
    "certificates",
    METADATA,
    Column("issuer_id", ForeignKey("issuers.id"), primary_key=True, autoincrement=False),
    Column("serial", BigInteger, primary_key=True, autoincrement=False),
    Column("batch_id", ForeignKey("batches.id"), nullable=False),
    Column("certificate_type", Bytes, nullable=False),
    Column("number_index", Bytes),
    # A live certificate has its number for itself: not void, revoked or superseded.
    Column("live", Boolean(create_constraint=False), nullable=False),
    Column("line", Integer),
    Column("leaf", Bytes, nullable=False),
    Column("jwt", Text, nullable=False),
    # One byte says under which key they are sealed.
    Column("disclosures", Bytes, nullable=False),
    Index(
        "uq_certificates_live_number",
        "number_index",
        "issuer_id",
        "certificate_type",
        unique=True,
        sqlite_where=text("live = 1 AND number_index IS NOT NULL"),
        postgresql_where=text("live AND number_index IS NOT NULL"),
    ),
)

supersessions = Table(
    "supersessions",
    METADATA,
    Column("issuer_id", ForeignKey("issuers.id"), primary_key=True, autoincrement=False),
    # A certificate that is being replaced has one that replaces it.
    Column("old", BigInteger, primary_key=True, autoincrement=False),
    Column("serial", BigInteger, nullable=False),
    # Whose key will say so on the ledger.
    Column("sender", Bytes, nullable=False),
    # The old one had the number that the new one has.
    Column("gave_up", Boolean(create_constraint=False), nullable=False),
    Column("call_id", ForeignKey("calls.id")),
    Index(None, "issuer_id", "serial"),
)

"""Sealed headers of recent blocks, and evidence against validators who sealed two blocks of one height."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns, which are empty at first, and the table."""
    op.add_column("blocks", sa.Column("header", sa.LargeBinary(), nullable=True))
    op.add_column("cursors", sa.Column("contested", sa.BigInteger(), nullable=True))
    op.create_table(
        "evidence",
        sa.Column("ledger_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledgers.id"], name=op.f("fk_evidence_ledger_id")),
        sa.PrimaryKeyConstraint("ledger_id", "hash", name=op.f("pk_evidence")),
    )

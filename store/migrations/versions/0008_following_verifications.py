"""Verifications can be followed: an index of each caller's in the order of the record, and which segments are gone.

SQLite is told how many rows the index may have, as of all others (decision 0010).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAME = "ix_verifications_caller_segment_position"
STATISTICS = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('verifications', :name, '10000000 1000000 5000 1')"


def upgrade() -> None:
    """Make the index and the column; what was dropped before nobody follows yet."""
    op.add_column("shipments", sa.Column("dropped", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index(op.f(NAME), "verifications", ["caller", "segment", "position"], unique=False)
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text(STATISTICS), {"name": NAME})
        op.execute("ANALYZE sqlite_schema")  # reads it

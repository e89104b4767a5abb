"""Several changes of one place: what a fork below what was settled puts where one was told is told as well.

Where an index is dropped SQLite forgets its statistics (decision 0010), so they are put back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = "ix_changes_ledger_id_block_log_serial_caller"
KEPT = "SELECT stat FROM sqlite_stat1 WHERE tbl = 'changes' AND idx = :name"
PUT_BACK = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('changes', :name, :stat)"


def upgrade() -> None:
    """Make the index anew, which still finds them, and is no longer of one each."""
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    stat = connection.scalar(sa.text(KEPT), {"name": NAME}) if sqlite else None
    op.drop_index(NAME, "changes")
    op.create_index(op.f(NAME), "changes", ["ledger_id", "block", "log", "serial", "caller"], unique=False)
    if stat is not None:
        connection.execute(sa.text(PUT_BACK), {"name": NAME, "stat": stat})

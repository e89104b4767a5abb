"""The hashes of the subtrees of batches that were closed before there was a place for them.

Without them the first path into such a batch is made from all its leaves, which the event loop would wait for.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ecert.merkle import Tree

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WITHOUT = """
    SELECT b.id, b.issuer_id, b.first_serial, b.first_serial + b.count AS after FROM batches b
    WHERE b.state = 'closed' AND NOT EXISTS (SELECT 1 FROM subtrees s WHERE s.batch_id = b.id) ORDER BY b.id
"""
LEAVES = """
    SELECT leaf FROM certificates WHERE issuer_id = :issuer_id AND serial >= :first_serial AND serial < :after
    ORDER BY serial
"""


def upgrade() -> None:
    """Make them from the leaves, batch by batch; a batch of which leaves are lost keeps what `ecert fsck` names."""
    connection = op.get_bind()
    for batch in connection.execute(sa.text(WITHOUT)).mappings().all():
        leaves = [bytes(leaf) for leaf in connection.execute(sa.text(LEAVES), dict(batch)).scalars()]
        if len(leaves) == batch["after"] - batch["first_serial"]:
            connection.execute(
                sa.text("INSERT INTO subtrees (batch_id, hashes) VALUES (:batch, :hashes)"),
                {"batch": batch["id"], "hashes": Tree(leaves).subtrees},
            )

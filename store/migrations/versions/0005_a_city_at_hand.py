"""What lets a database find its rows at a city's size: indexes for what is asked, and how many rows there may be.

A batch's `subtrees` let a path through its tree be made without reading all its leaves.
Verifications are searched by their case, never by the relying party; batches by their state, or an agency's by time.
SQLite takes a partial index only where a question says its condition in the same words, and "live" is `live = 1` in
what is asked. Without statistics it takes every first column of an index for a rare value, so that with one ledger it
would read through all events of it. `ANALYZE` on a new database would count no rows: what stands here is a city of
a million certificates. Statistics that somebody makes later with `ANALYZE` replace it. PostgreSQL counts by itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# By index (that of a table without rowid has the table's name): how many rows there are, then how many there are for
# each value of its first column, of its first two, and so on (sqlite.org/fileformat2.html, section 2.6.3).
STATISTICS = {
    ("batches", "ix_batches_issuer_id_created_at"): "10000 1000 1",
    ("batches", "ix_batches_job_id"): "10000 10",
    ("batches", "ix_batches_state_fed_at"): "10000 300 1",
    ("batches", "sqlite_autoindex_batches_1"): "10000 1",
    ("batches", "uq_batches_first_serial"): "10000 1000 1",
    ("blocks", "blocks"): "10000 10000 1",
    ("calls", "ix_calls_chain_sender_state"): "20000 20000 1000 200",
    ("calls", "ix_calls_issuer_id_purpose_state_order"): "20000 1000 500 10 1",
    ("calls", "sqlite_autoindex_calls_1"): "20000 1",
    ("calls", "uq_calls_chain_sender_nonce"): "20000 20000 1000 1",
    ("certificates", "sqlite_autoindex_certificates_1"): "1000000 100000 1",
    ("certificates", "uq_certificates_live_number"): "1000000 1 1 1",
    ("changes", "ix_changes_caller_id"): "100000 10000 1",
    ("changes", "ix_changes_ledger_id_block_log_serial_caller"): "100000 100000 10 5 1 1",
    ("codes", "sqlite_autoindex_codes_1"): "1000000 1",
    ("codes", "uq_codes_open"): "1000000 100000 1",
    ("deliveries", "ix_deliveries_change_id"): "100000 1",
    ("deliveries", "ix_deliveries_state_next_at_watch_id"): "100000 30000 10 1",
    ("deliveries", "ix_deliveries_watch_id_change_id"): "100000 10000 1",
    ("deliveries", "sqlite_autoindex_deliveries_1"): "100000 1",
    ("events", "events"): "1000000 1000000 10 1",
    ("events", "ix_events_ledger_id_agency_name_serial"): "1000000 1000000 100000 3000 1",
    ("events", "ix_events_ledger_id_contract_sequence"): "1000000 1000000 500000 1",
    ("events", "ix_events_ledger_id_transaction"): "1000000 1000000 10",
    ("issuers", "ix_issuers_ledger_id_agency"): "20 20 1",
    ("jobs", "uq_jobs_one_of_a_file"): "1000 100 50 1",
    ("ledgers", "sqlite_autoindex_ledgers_1"): "2 1",
    ("lookups", "ix_lookups_issuer_id_serial"): "3000000 300000 3",
    ("lookups", "lookups"): "3000000 2 1 1",
    ("reliances", "ix_reliances_fresh"): "1000 1000",
    ("reliances", "reliances"): "1000000 1000000 100000 2 1",
    ("supersessions", "ix_supersessions_issuer_id_serial"): "10000 1000 1",
    ("supersessions", "sqlite_autoindex_supersessions_1"): "10000 1000 1",
    ("transactions", "ix_transactions_call_id"): "20000 1",
    ("transactions", "ix_transactions_chain_sender_nonce"): "20000 20000 1000 1",
    ("transactions", "ix_transactions_chain_tx_hash"): "20000 20000 1",
    ("verifications", "ix_verifications_caller_time_id"): "10000000 1000000 5 1",
    ("verifications", "ix_verifications_case_time_id"): "10000000 20 1 1",
    ("verifications", "ix_verifications_segment_position"): "10000000 50000 1",
    ("verifications", "ix_verifications_time_id"): "10000000 10 1",
    ("verifications", "sqlite_autoindex_verifications_1"): "10000000 1",
    ("watches", "ix_watches_caller"): "100 2",
    ("watches", "sqlite_autoindex_watches_1"): "100 1",
}


def upgrade() -> None:
    """Make the table and the indexes; for SQLite, the partial ones in its words, and the statistics."""
    op.create_table(
        "subtrees",
        sa.Column("batch_id", sa.Integer().with_variant(sa.BigInteger(), "postgresql"), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_subtrees_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_subtrees")),
    )
    op.create_index("ix_batches_state_fed_at", "batches", ["state", "fed_at"])
    op.create_index("ix_batches_issuer_id_created_at", "batches", ["issuer_id", "created_at"])
    op.drop_index("ix_verifications_relying_party_time_id", "verifications")
    op.create_index("ix_verifications_case_time_id", "verifications", ["case", "time", "id"])
    if op.get_bind().dialect.name != "sqlite":
        return
    op.drop_index("uq_certificates_live_number", "certificates")
    op.create_index(
        "uq_certificates_live_number",
        "certificates",
        ["number_index", "issuer_id", "certificate_type"],
        unique=True,
        sqlite_where=sa.text("live = 1 AND number_index IS NOT NULL"),
    )
    op.drop_index("ix_reliances_fresh", "reliances")
    op.create_index("ix_reliances_fresh", "reliances", ["ledger_id"], sqlite_where=sa.text("fresh = 1"))
    op.execute("ANALYZE sqlite_schema")  # makes the table of statistics, and fills none
    op.execute("DELETE FROM sqlite_stat1")
    rows = [{"tbl": table, "idx": index, "stat": counts} for (table, index), counts in STATISTICS.items()]
    op.bulk_insert(sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat")), rows)
    op.execute("ANALYZE sqlite_schema")  # reads it

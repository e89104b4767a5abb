"""The first tables: what the chain said, what agencies issue, and what waits to be written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them, in the order in which they refer to each other."""
    _what_the_chain_said()
    _events()
    _jobs()
    _outbox()
    _certificates()


def _what_the_chain_said() -> None:
    """Ledgers, how they are pinned, how far they were read."""
    op.create_table(
        "ledgers",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledgers")),
        sa.UniqueConstraint("name", name=op.f("uq_ledgers_name")),
    )
    op.create_table(
        "pins",
        sa.Column("ledger_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("genesis", sa.LargeBinary(), nullable=False),
        sa.Column("registry", sa.LargeBinary(), nullable=False),
        sa.Column("registry_instance", sa.LargeBinary(), nullable=False),
        sa.Column("ledger_instance", sa.LargeBinary(), nullable=False),
        sa.Column("access_manager_code", sa.LargeBinary(), nullable=False),
        sa.Column("registry_code", sa.LargeBinary(), nullable=False),
        sa.Column("ledger_code", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledgers.id"], name=op.f("fk_pins_ledger_id")),
        sa.PrimaryKeyConstraint("ledger_id", name=op.f("pk_pins")),
    )
    op.create_table(
        "cursors",
        sa.Column("ledger_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("settled_block", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("registry_sequence", sa.BigInteger(), nullable=False),
        sa.Column("registry_head", sa.LargeBinary(), nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.Column("ledger_head", sa.LargeBinary(), nullable=False),
        sa.Column("start_block", sa.BigInteger(), nullable=False),
        sa.Column("start_hash", sa.LargeBinary(), nullable=False),
        sa.Column("start_time", sa.BigInteger(), nullable=False),
        sa.Column("start_registry_sequence", sa.BigInteger(), nullable=False),
        sa.Column("start_registry_head", sa.LargeBinary(), nullable=False),
        sa.Column("start_ledger_sequence", sa.BigInteger(), nullable=False),
        sa.Column("start_ledger_head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledgers.id"], name=op.f("fk_cursors_ledger_id")),
        sa.PrimaryKeyConstraint("ledger_id", name=op.f("pk_cursors")),
    )
    op.create_table(
        "blocks",
        sa.Column("ledger_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("parent", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledgers.id"], name=op.f("fk_blocks_ledger_id")),
        sa.PrimaryKeyConstraint("ledger_id", "number", name=op.f("pk_blocks")),
        sqlite_with_rowid=False,
    )


def _events() -> None:
    """What the contracts said."""
    op.create_table(
        "events",
        sa.Column("ledger_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("contract", sa.String(length=8), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=True),
        sa.Column("serial", sa.BigInteger(), nullable=True),
        sa.Column("transaction", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.CheckConstraint("contract IN ('registry', 'ledger')", name=op.f("ck_events_contract")),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledgers.id"], name=op.f("fk_events_ledger_id")),
        sa.PrimaryKeyConstraint("ledger_id", "block", "log", name=op.f("pk_events")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_events_ledger_id_agency_name_serial"),
        "events",
        ["ledger_id", "agency", "name", "serial"],
        unique=False,
    )
    op.create_index(
        op.f("ix_events_ledger_id_contract_sequence"), "events", ["ledger_id", "contract", "sequence"], unique=True
    )
    op.create_index(op.f("ix_events_ledger_id_transaction"), "events", ["ledger_id", "transaction"], unique=False)


def _outbox() -> None:
    """Calls, their signed forms, and who may send."""
    op.create_table(
        "calls",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("chain", sa.String(length=40), nullable=False),
        sa.Column("issuer_id", IDENTITY, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("order", sa.BigInteger(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("waiting_reason", sa.Text(), nullable=True),
        sa.Column("waiting_until", sa.BigInteger(), nullable=True),
        sa.Column("nonce", sa.BigInteger(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("purpose IN ('anchor', 'status', 'registry')", name=op.f("ck_calls_purpose")),
        sa.CheckConstraint(
            "state IN ('queued', 'settled', 'failed') "
            "OR (nonce IS NOT NULL AND raw IS NOT NULL AND tx_hash IS NOT NULL)",
            name=op.f("ck_calls_signed"),
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'signed', 'sent', 'mined', 'settled', 'failed')", name=op.f("ck_calls_state")
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_calls_issuer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("key", name=op.f("uq_calls_key")),
    )
    op.create_index(op.f("ix_calls_chain_sender_state"), "calls", ["chain", "sender", "state"], unique=False)
    op.create_index(
        op.f("ix_calls_issuer_id_purpose_state_order"),
        "calls",
        ["issuer_id", "purpose", "state", "order"],
        unique=False,
    )
    op.create_index("uq_calls_chain_sender_nonce", "calls", ["chain", "sender", "nonce"], unique=True)
    op.create_table(
        "transactions",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("call_id", IDENTITY, nullable=False),
        sa.Column("chain", sa.String(length=40), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_transactions_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
    )
    op.create_index(op.f("ix_transactions_call_id"), "transactions", ["call_id"], unique=False)
    op.create_index(
        op.f("ix_transactions_chain_sender_nonce"), "transactions", ["chain", "sender", "nonce"], unique=False
    )
    op.create_index(op.f("ix_transactions_chain_tx_hash"), "transactions", ["chain", "tx_hash"], unique=True)
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def _jobs() -> None:
    """Who issues, and from which files."""
    op.create_table(
        "issuers",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("ledger_id", IDENTITY, nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("next_serial", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledgers.id"], name=op.f("fk_issuers_ledger_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuers")),
    )
    op.create_index(op.f("ix_issuers_ledger_id_agency"), "issuers", ["ledger_id", "agency"], unique=True)
    op.create_table(
        "jobs",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("issuer_id", IDENTITY, nullable=False),
        sa.Column("certificate_type", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('filling', 'closed', 'done', 'void')", name=op.f("ck_jobs_state")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_jobs_issuer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "uq_jobs_one_of_a_file",
        "jobs",
        ["issuer_id", "certificate_type", "sha256"],
        unique=True,
        sqlite_where=sa.text("state <> 'void'"),
        postgresql_where=sa.text("state <> 'void'"),
    )


def _certificates() -> None:
    """Batches and what is in them."""
    op.create_table(
        "batches",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("issuer_id", IDENTITY, nullable=False),
        sa.Column("job_id", IDENTITY, nullable=True),
        sa.Column("certificate_type", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("first_serial", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=True),
        sa.Column("call_id", IDENTITY, nullable=True),
        sa.Column("fed_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("handed_out_at", sa.BigInteger(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (root IS NOT NULL AND void_reason IS NULL)", name=op.f("ck_batches_root")
        ),
        sa.CheckConstraint("state IN ('filling', 'closed', 'void')", name=op.f("ck_batches_state")),
        sa.CheckConstraint("count >= 0 AND count <= capacity", name=op.f("ck_batches_count")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_batches_call_id")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_batches_issuer_id")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_batches_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("call_id", name=op.f("uq_batches_call_id")),
    )
    op.create_index(op.f("ix_batches_job_id"), "batches", ["job_id"], unique=False)
    op.create_index(
        "uq_batches_first_serial",
        "batches",
        ["issuer_id", "first_serial"],
        unique=True,
        sqlite_where=sa.text("state <> 'void'"),
        postgresql_where=sa.text("state <> 'void'"),
    )
    op.create_table(
        "certificates",
        sa.Column("issuer_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch_id", IDENTITY, nullable=False),
        sa.Column("certificate_type", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("compact", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_certificates_batch_id")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_certificates_issuer_id")),
        sa.PrimaryKeyConstraint("issuer_id", "serial", name=op.f("pk_certificates")),
    )
    op.create_index(
        "uq_certificates_live_number",
        "certificates",
        ["number_index", "issuer_id", "certificate_type"],
        unique=True,
        sqlite_where=sa.text("live AND number_index IS NOT NULL"),
        postgresql_where=sa.text("live AND number_index IS NOT NULL"),
    )

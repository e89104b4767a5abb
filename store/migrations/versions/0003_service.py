"""Who may ask, how certificates are kept and found, what was verified, who is told, and what was last seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

PIECE = 1000


def upgrade() -> None:
    """Make the tables."""
    _access()
    _apart()
    _finding()
    _relying()
    _replacing()
    _seeing()


def _access() -> None:
    """Who may ask."""
    op.create_table(
        "caller_names",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_caller_names")),
    )
    op.create_table(
        "organisations",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("code", name=op.f("uq_organisations_code")),
    )
    op.create_table(
        "offices",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("organisation_id", IDENTITY, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_offices_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offices")),
    )
    op.create_index(op.f("ix_offices_organisation_id_code"), "offices", ["organisation_id", "code"], unique=True)
    op.create_table(
        "clients",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", IDENTITY, nullable=False),
        sa.Column("office_id", IDENTITY, nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("defaults", sa.Text(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.Column("per_day", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["name"], ["caller_names.name"], name=op.f("fk_clients_name")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_clients_office_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_clients_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("name", name=op.f("uq_clients_name")),
    )
    op.create_table(
        "client_secrets",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("client_id", IDENTITY, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_secrets_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_secrets")),
    )
    op.create_index(op.f("ix_client_secrets_client_id"), "client_secrets", ["client_id"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", IDENTITY, nullable=False),
        sa.Column("office_id", IDENTITY, nullable=True),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("defaults", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("one_time", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["name"], ["caller_names.name"], name=op.f("fk_accounts_name")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_accounts_office_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_accounts_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
        sa.UniqueConstraint("subject", name=op.f("uq_accounts_subject")),
    )
    op.create_table(
        "sessions",
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", IDENTITY, nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_account_id"), "sessions", ["account_id"], unique=False)
    op.create_table(
        "usage",
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client", "day", "kind", name=op.f("pk_usage")),
    )
    op.create_table(
        "idempotency",
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client", "key", name=op.f("pk_idempotency")),
    )


def _apart() -> None:
    """Put what is signed and what is disclosed into columns of their own.

    What was stored in the clear stays so (key number 0) until `ecert keys rotate field` seals it.
    """
    op.add_column("certificates", sa.Column("jwt", sa.Text(), nullable=True))
    op.add_column("certificates", sa.Column("disclosures", sa.LargeBinary(), nullable=True))
    table = sa.table(
        "certificates",
        sa.column("issuer_id", sa.BigInteger()),
        sa.column("serial", sa.BigInteger()),
        sa.column("compact", sa.Text()),
        sa.column("jwt", sa.Text()),
        sa.column("disclosures", sa.LargeBinary()),
    )
    place = sa.tuple_(table.c.issuer_id, table.c.serial)
    left = sa.select(table.c.issuer_id, table.c.serial, table.c.compact).order_by(table.c.issuer_id, table.c.serial)
    write = (
        sa.update(table)
        .where(table.c.issuer_id == sa.bindparam("of"), table.c.serial == sa.bindparam("at"))
        .values(jwt=sa.bindparam("signed"), disclosures=sa.bindparam("shown"))
    )
    done = (-1, -1)
    while rows := op.get_bind().execute(left.where(place > done).limit(PIECE)).all():
        done = (rows[-1].issuer_id, rows[-1].serial)
        parts = [(row, *row.compact.rstrip("~").partition("~")) for row in rows]
        op.get_bind().execute(
            write,
            [
                {"of": row.issuer_id, "at": row.serial, "signed": jwt, "shown": b"\0" + shown.encode()}
                for row, jwt, _, shown in parts
            ],
        )
    with op.batch_alter_table("certificates") as batch:
        batch.alter_column("jwt", existing_type=sa.Text(), nullable=False)
        batch.alter_column("disclosures", existing_type=sa.LargeBinary(), nullable=False)
        batch.drop_column("compact")


def _finding() -> None:
    """How certificates are found."""
    op.create_table(
        "lookups",
        sa.Column("index", sa.LargeBinary(), nullable=False),
        sa.Column("issuer_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_lookups_issuer_id")),
        sa.PrimaryKeyConstraint("index", "issuer_id", "serial", name=op.f("pk_lookups")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_lookups_issuer_id_serial"), "lookups", ["issuer_id", "serial"], unique=False)
    op.create_table(
        "codes",
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("issuer_id", IDENTITY, nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("voided_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_codes_issuer_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_codes")),
    )
    op.create_index(
        "uq_codes_open",
        "codes",
        ["issuer_id", "serial"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "completeness",
        sa.Column("issuer_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("certificate_type", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("declared_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_completeness_issuer_id")),
        sa.PrimaryKeyConstraint("issuer_id", "certificate_type", name=op.f("pk_completeness")),
    )
    op.create_table(
        "key_uses",
        sa.Column("use", sa.String(length=8), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("former", sa.Integer(), nullable=True),
        sa.Column("sweeping", sa.Boolean(), nullable=False),
        sa.Column("swept_issuer", sa.BigInteger(), nullable=True),
        sa.Column("swept_serial", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("use", name=op.f("pk_key_uses")),
    )


def _relying() -> None:
    """What was verified, and who is told of changes."""
    op.create_table(
        "verifications",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=True),
        sa.Column("relying_party", sa.String(length=64), nullable=True),
        sa.Column("office", sa.String(length=64), nullable=True),
        sa.Column("operator", sa.String(length=64), nullable=True),
        sa.Column("matter", sa.String(length=64), nullable=True),
        sa.Column("case", sa.String(length=128), nullable=True),
        sa.Column("ground", sa.String(length=16), nullable=True),
        sa.Column("result", sa.String(length=8), nullable=False),
        sa.Column("segment", sa.String(length=80), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
    )
    op.create_index(op.f("ix_verifications_caller_time_id"), "verifications", ["caller", "time", "id"], unique=False)
    op.create_index(
        op.f("ix_verifications_relying_party_time_id"), "verifications", ["relying_party", "time", "id"], unique=False
    )
    op.create_index(op.f("ix_verifications_segment_position"), "verifications", ["segment", "position"], unique=True)
    op.create_index(op.f("ix_verifications_time_id"), "verifications", ["time", "id"], unique=False)
    op.create_table(
        "shipments",
        sa.Column("lineage", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("lineage", name=op.f("pk_shipments")),
    )
    op.create_table(
        "reliances",
        sa.Column("ledger_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("fresh", sa.Boolean(create_constraint=False), nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledgers.id"], name=op.f("fk_reliances_ledger_id")),
        sa.PrimaryKeyConstraint("ledger_id", "agency", "serial", "caller", name=op.f("pk_reliances")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_reliances_fresh",
        "reliances",
        ["ledger_id"],
        unique=False,
        sqlite_where=sa.text("fresh"),
        postgresql_where=sa.text("fresh"),
    )
    op.create_table(
        "changes",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("ledger_id", IDENTITY, nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("successors", sa.Text(), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledgers.id"], name=op.f("fk_changes_ledger_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    op.create_index(op.f("ix_changes_caller_id"), "changes", ["caller", "id"], unique=False)
    op.create_index(
        op.f("ix_changes_ledger_id_block_log_serial_caller"),
        "changes",
        ["ledger_id", "block", "log", "serial", "caller"],
        unique=True,
    )
    op.create_table(
        "change_cursors",
        sa.Column("ledger_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledgers.id"], name=op.f("fk_change_cursors_ledger_id")),
        sa.PrimaryKeyConstraint("ledger_id", name=op.f("pk_change_cursors")),
    )
    op.create_table(
        "watches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watches")),
    )
    op.create_index(op.f("ix_watches_caller"), "watches", ["caller"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("watch_id", sa.String(length=36), nullable=False),
        sa.Column("change_id", IDENTITY, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed', 'ended')", name=op.f("ck_deliveries_state")),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_deliveries_change_id")),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.id"], name=op.f("fk_deliveries_watch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_change_id"), "deliveries", ["change_id"], unique=False)
    op.create_index(
        op.f("ix_deliveries_state_next_at_watch_id"), "deliveries", ["state", "next_at", "watch_id"], unique=False
    )
    op.create_index(op.f("ix_deliveries_watch_id_change_id"), "deliveries", ["watch_id", "change_id"], unique=True)
    op.create_table(
        "status_tokens",
        sa.Column("ledger_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("list", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("basis", sa.LargeBinary(), nullable=False),
        sa.Column("iat", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledgers.id"], name=op.f("fk_status_tokens_ledger_id")),
        sa.PrimaryKeyConstraint("ledger_id", "agency", "list", name=op.f("pk_status_tokens")),
    )


def _replacing() -> None:
    """Which certificates replace which."""
    op.create_table(
        "supersessions",
        sa.Column("issuer_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("old", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("gave_up", sa.Boolean(), nullable=False),
        sa.Column("call_id", IDENTITY, nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_supersessions_call_id")),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_supersessions_issuer_id")),
        sa.PrimaryKeyConstraint("issuer_id", "old", name=op.f("pk_supersessions")),
    )
    op.create_index(op.f("ix_supersessions_issuer_id_serial"), "supersessions", ["issuer_id", "serial"], unique=False)


def _seeing() -> None:
    """What the indexer saw when it last looked."""
    op.create_table(
        "sightings",
        sa.Column("ledger", sa.String(length=80), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=True),
        sa.Column("head_time", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.String(length=8), nullable=True),
        sa.Column("trouble_since", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("trouble IN ('away', 'unfit')", name=op.f("ck_sightings_trouble")),
        sa.PrimaryKeyConstraint("ledger", name=op.f("pk_sightings")),
    )

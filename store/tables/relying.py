"""What was verified, searched here, and who is to be told of what happened since.

Trust: the record itself is the segments in files (`verifier.record`); `verifications` is their copy for search.
`secret` is sealed. No field value of any certificate stands here.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from store.states import DeliveryState
from store.tables.metadata import METADATA, Bytes, Identity, one_of

verifications = Table(
    "verifications",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("time", BigInteger, nullable=False),
    # A client's or an account's name; None: anybody, on the public page.
    Column("caller", String(64)),
    Column("relying_party", String(64)),
    Column("office", String(64)),
    Column("operator", String(64)),
    Column("matter", String(64)),
    Column("case", String(128)),
    Column("ground", String(16)),
    Column("result", String(8), nullable=False),
    Column("segment", String(80), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("hash", Bytes, nullable=False),
    # The line of the segment, JSON; and the receipt, a JWS.
    Column("record", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Index(None, "caller", "time", "id"),
    Index(None, "case", "time", "id"),
    Index(None, "time", "id"),
    Index(None, "segment", "position", unique=True),
    Index(None, "caller", "segment", "position"),
)

# How far each lineage of segments was copied: up to the line `position` of segment `number` (not with it), which begins
# at byte `offset` and follows the line of this hash. Up to segment `dropped`, some are gone.
shipments = Table(
    "shipments",
    METADATA,
    Column("lineage", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("hash", Bytes, nullable=False),
    Column("dropped", BigInteger, nullable=False, server_default="0"),
)

reliances = Table(
    "reliances",
    METADATA,
    Column("ledger_id", ForeignKey("ledgers.id"), primary_key=True, autoincrement=False),
    Column("agency", String(32), primary_key=True),
    Column("serial", BigInteger, primary_key=True, autoincrement=False),
    Column("caller", String(64), primary_key=True),
    # The block up to which all was settled in the ledger copy that was first judged from.
    Column("since", BigInteger, nullable=False),
    # Not yet looked at by whoever writes `changes`.
    Column("fresh", Boolean(create_constraint=False), nullable=False),
    Index("ix_reliances_fresh", "ledger_id", sqlite_where=text("fresh = 1"), postgresql_where=text("fresh")),
    sqlite_with_rowid=False,
)

changes = Table(
    "changes",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("caller", String(64), nullable=False),
    Column("ledger_id", ForeignKey("ledgers.id"), nullable=False),
    Column("agency", String(32), nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("status", String(12), nullable=False),
    # JSON list of serials; None but for superseded.
    Column("successors", Text),
    Column("block", BigInteger, nullable=False),
    Column("log", Integer, nullable=False),
    Column("time", BigInteger, nullable=False),
    Index(None, "caller", "id"),
    # Several of one place, where a fork below what was settled put another event in it.
    Index(None, "ledger_id", "block", "log", "serial", "caller"),
)

# The newest change of each caller that was deleted as too old.
forgotten_changes = Table(
    "forgotten_changes",
    METADATA,
    Column("caller", String(64), primary_key=True),
    Column("newest", BigInteger, nullable=False),
)

change_cursors = Table(
    "change_cursors",
    METADATA,
    Column("ledger_id", ForeignKey("ledgers.id"), primary_key=True, autoincrement=False),
    Column("block", BigInteger, nullable=False),
)

watches = Table(
    "watches",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("caller", String(64), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("secret", Bytes, nullable=False),
    # The last change that has a delivery, or that was there before the watch.
    Column("after", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("end_reason", String(10)),
)

deliveries = Table(
    "deliveries",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("watch_id", ForeignKey("watches.id"), nullable=False),
    Column("change_id", ForeignKey("changes.id"), nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("last_status", Integer),
    Column("last_error", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    CheckConstraint(one_of("state", DeliveryState), name="state"),
    Index(None, "watch_id", "change_id", unique=True),
    Index(None, "change_id"),
    Index(None, "state", "next_at", "watch_id"),
)

status_tokens = Table(
    "status_tokens",
    METADATA,
    Column("ledger_id", ForeignKey("ledgers.id"), primary_key=True, autoincrement=False),
    Column("agency", String(32), primary_key=True),
    Column("list", BigInteger, primary_key=True, autoincrement=False),
    Column("token", Text, nullable=False),
    # Names all that is in the token but its times: where it differs, the token has to be made again.
    Column("basis", Bytes, nullable=False),
    Column("iat", BigInteger, nullable=False),
)

"""What the chain said: ledgers, how they are pinned, their events, how far we read, and what was last seen.

Trust: these rows were checked (sequence, head, parent) before they were written. Whoever can write here can make a
forged certificate look anchored in this service; `ecert fsck` compares them with the chain.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from store.states import Contract, NodeTrouble
from store.tables.metadata import METADATA, Bytes, Identity, one_of

ledgers = Table(
    "ledgers",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
)

pins = Table(
    "pins",
    METADATA,
    Column("ledger_id", ForeignKey("ledgers.id"), primary_key=True, autoincrement=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("genesis", Bytes, nullable=False),
    Column("registry", Bytes, nullable=False),
    Column("registry_instance", Bytes, nullable=False),
    Column("ledger_instance", Bytes, nullable=False),
    Column("access_manager_code", Bytes, nullable=False),
    Column("registry_code", Bytes, nullable=False),
    Column("ledger_code", Bytes, nullable=False),
)

cursors = Table(
    "cursors",
    METADATA,
    Column("ledger_id", ForeignKey("ledgers.id"), primary_key=True, autoincrement=False),
    Column("block", BigInteger, nullable=False),
    Column("hash", Bytes, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("settled_block", BigInteger, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("registry_sequence", BigInteger, nullable=False),
    Column("registry_head", Bytes, nullable=False),
    Column("ledger_sequence", BigInteger, nullable=False),
    Column("ledger_head", Bytes, nullable=False),
    Column("contested", BigInteger),
    # Where reading began: what a roll-back to before the first event goes back to.
    Column("start_block", BigInteger, nullable=False),
    Column("start_hash", Bytes, nullable=False),
    Column("start_time", BigInteger, nullable=False),
    Column("start_registry_sequence", BigInteger, nullable=False),
    Column("start_registry_head", Bytes, nullable=False),
    Column("start_ledger_sequence", BigInteger, nullable=False),
    Column("start_ledger_head", Bytes, nullable=False),
)

sightings = Table(
    "sightings",
    METADATA,
    # By name: a chain that has never been reached has no row among the ledgers.
    Column("ledger", String(80), primary_key=True),
    Column("looked_at", BigInteger, nullable=False),
    Column("head", BigInteger),
    Column("head_time", BigInteger),
    Column("heard_at", BigInteger),
    Column("trouble", String(8)),
    Column("trouble_since", BigInteger),
    CheckConstraint(one_of("trouble", NodeTrouble), name="trouble"),
)

blocks = Table(
    "blocks",
    METADATA,
    Column("ledger_id", ForeignKey("ledgers.id"), primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Bytes, nullable=False),
    Column("parent", Bytes, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("header", Bytes),
    sqlite_with_rowid=False,
)

evidence = Table(
    "evidence",
    METADATA,
    Column("ledger_id", ForeignKey("ledgers.id"), primary_key=True, autoincrement=False),
    Column("hash", Bytes, primary_key=True),
    Column("height", BigInteger, nullable=False),
    Column("header", Bytes),
    Column("source", Text, nullable=False),
    Column("found_at", BigInteger, nullable=False),
)

events = Table(
    "events",
    METADATA,
    Column("ledger_id", ForeignKey("ledgers.id"), primary_key=True, autoincrement=False),
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("log", Integer, primary_key=True, autoincrement=False),
    Column("contract", String(8), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("name", String(40), nullable=False),
    Column("agency", String(32)),
    Column("serial", BigInteger),
    Column("transaction", Bytes, nullable=False),
    Column("head", Bytes, nullable=False),
    Column("body", Text, nullable=False),
    CheckConstraint(one_of("contract", Contract), name="contract"),
    Index(None, "ledger_id", "contract", "sequence", unique=True),
    Index(None, "ledger_id", "transaction"),
    Index(None, "ledger_id", "agency", "name", "serial"),
    sqlite_with_rowid=False,
)

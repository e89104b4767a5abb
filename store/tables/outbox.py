"""What waits to be written to the ledger: calls, every signed form that a call ever had, and who may send.

Trust: `raw` is signed but not secret. Whoever can write a call here makes the sender sign it, within what the sender's
key may do on the ledger.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from store.states import CallState, Purpose
from store.tables.metadata import METADATA, Bytes, Identity, one_of

calls = Table(
    "calls",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("key", String(200), unique=True),
    Column("chain", String(40), nullable=False),
    Column("issuer_id", ForeignKey("issuers.id"), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("purpose", String(8), nullable=False),
    Column("order", BigInteger, nullable=False),
    Column("args", Text, nullable=False),
    Column("sender", Bytes, nullable=False),
    Column("state", String(8), nullable=False),
    Column("waiting_reason", Text),
    Column("waiting_until", BigInteger),
    Column("nonce", BigInteger),
    Column("raw", Bytes),
    Column("tx_hash", Bytes),
    Column("block", BigInteger),
    Column("sent_at", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    CheckConstraint(one_of("state", CallState), name="state"),
    CheckConstraint(one_of("purpose", Purpose), name="purpose"),
    CheckConstraint(
        "state IN ('queued', 'settled', 'failed') OR (nonce IS NOT NULL AND raw IS NOT NULL AND tx_hash IS NOT NULL)",
        name="signed",
    ),
    Index("uq_calls_chain_sender_nonce", "chain", "sender", "nonce", unique=True),
    Index(None, "chain", "sender", "state"),
    Index(None, "issuer_id", "purpose", "state", "order"),
)

transactions = Table(
    "transactions",
    METADATA,
    Column("id", Identity, primary_key=True),
    Column("call_id", ForeignKey("calls.id"), nullable=False, index=True),
    Column("chain", String(40), nullable=False),
    Column("sender", Bytes, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("tx_hash", Bytes, nullable=False),
    Column("raw", Bytes, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "chain", "sender", "nonce"),
    Index(None, "chain", "tx_hash", unique=True),
)

leases = Table(
    "leases",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("holder", String(200)),
    Column("number", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

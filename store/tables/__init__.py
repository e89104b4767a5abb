"""The tables, by noun: `ledger` (what the chain said), `issuing`, `outbox`. Rows never leave the store."""

from store.tables.issuing import batches, certificates, issuers, jobs
from store.tables.ledger import blocks, cursors, events, evidence, ledgers, pins
from store.tables.metadata import METADATA, SCHEMA
from store.tables.outbox import calls, leases, transactions

__all__ = [
    "METADATA",
    "SCHEMA",
    "batches",
    "blocks",
    "calls",
    "certificates",
    "cursors",
    "events",
    "evidence",
    "issuers",
    "jobs",
    "leases",
    "ledgers",
    "pins",
    "transactions",
]

"""The tables, by noun: `ledger` (what the chain said), `issuing`, `outbox`, `finding`, `access`, `relying`.

Rows never leave the store.
"""

from store.tables.access import (
    accounts,
    caller_names,
    client_secrets,
    clients,
    idempotency,
    offices,
    organisations,
    sessions,
    usage,
)
from store.tables.finding import codes, completeness, key_uses, lookups
from store.tables.issuing import (
    batch_not_void,
    batches,
    certificates,
    issuers,
    job_not_void,
    jobs,
    subtrees,
    supersessions,
)
from store.tables.ledger import blocks, cursors, events, evidence, ledgers, pins, sightings
from store.tables.metadata import METADATA, SCHEMA
from store.tables.outbox import calls, leases, transactions
from store.tables.relying import (
    change_cursors,
    changes,
    deliveries,
    forgotten_changes,
    reliances,
    shipments,
    status_tokens,
    verifications,
    watches,
)

__all__ = [
    "METADATA",
    "SCHEMA",
    "accounts",
    "batch_not_void",
    "batches",
    "blocks",
    "caller_names",
    "calls",
    "certificates",
    "change_cursors",
    "changes",
    "client_secrets",
    "clients",
    "codes",
    "completeness",
    "cursors",
    "deliveries",
    "events",
    "evidence",
    "forgotten_changes",
    "idempotency",
    "issuers",
    "job_not_void",
    "jobs",
    "key_uses",
    "leases",
    "ledgers",
    "lookups",
    "offices",
    "organisations",
    "pins",
    "reliances",
    "sessions",
    "shipments",
    "sightings",
    "status_tokens",
    "subtrees",
    "supersessions",
    "transactions",
    "usage",
    "verifications",
    "watches",
]

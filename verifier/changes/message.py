"""What a change says, asked for or pushed, and how a push is signed (Standard Webhooks 1.0).

Nothing of a certificate's face: who has the serial in a case file knows which case it is.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from ecert.certificate import Value
from ecert.facts import Status
from store.changes import Change

TYPE = "certificate.status_changed"


def change_to_json(change: Change) -> dict[str, Value]:
    """Write a change; `successors` with superseded only."""
    said: dict[str, Value] = {
        "id": change.id,
        "ledger": change.ledger,
        "agency": change.agency,
        "serial": change.serial,
        "status": change.status.name.lower(),
        "block": change.block,
        "time": change.time,
    }
    return {**said, "successors": list(change.successors)} if change.status is Status.SUPERSEDED else said


def message(change: Change) -> str:
    """Give the body of a push: the same text at every attempt."""
    said = {
        "type": TYPE,
        "timestamp": datetime.fromtimestamp(change.time, UTC).isoformat().replace("+00:00", "Z"),
        "data": change_to_json(change),
    }
    return json.dumps(said, separators=(",", ":"))


def headers(delivery: str, body: str, secret: str, now: int) -> dict[str, str]:
    """Give the headers that name and sign an attempt made at `now`."""
    signature = Webhook(secret).sign(delivery, datetime.fromtimestamp(now, UTC), body)
    return {
        "content-type": "application/json",
        "user-agent": "ecert",
        "webhook-id": delivery,
        "webhook-timestamp": str(now),
        "webhook-signature": signature,
    }

"""A payload within our profile, for a stranger to sign: what must be known before, and the slots found by trying.

`slots` stands parallel to the sorted digests, which only who draws the salts can know; so a stranger issues twice
with the same salts, and the first time tells the order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from ecert import base64url
from ecert.suite import SigningKey
from ecert.types import bundled_types
from tests.ecert.making import BASE, ISSUER

STRANGER = SigningKey.from_secret(20)
HOLDER = SigningKey.from_secret(21)
HEALTH = bundled_types()["health-certificate"]
FIELDS: Mapping[str, Any] = {
    "holder_name": "李明",
    "holder_id": "420102199003071232",
    "certificate_number": "A-17",
    "work_category": "食品",
    "examined_by": 'said "so"\nin two lines',
    "identifier": None,
    "document": None,
}
SALTS = [base64url.encode(sha256(name.encode()).digest()[:16]) for name in FIELDS]
SERIAL = 77
NBF = 1_784_476_800


def private_jwk(key: SigningKey, secret: int) -> dict[str, Any]:
    """Give a private key as a JWK."""
    return {**key.jwk, "d": base64url.encode(secret.to_bytes(32, "big"))}


def payload() -> dict[str, Any]:
    """Give the claims without `slots`, `_sd_alg` and `cnf`."""
    ledger = ISSUER.ledger.split(":")[2]
    return {
        "ecert": 1,
        "iss": str(ISSUER),
        "vct": HEALTH.vct,
        "serial": SERIAL,
        "version": 1,
        "iat": NBF + 10,
        "nbf": NBF,
        "status": {
            "status_list": {"idx": SERIAL, "uri": f"{BASE}/status/31337/{ledger}/{ISSUER.agency}/0"},
        },
        "fields": dict(FIELDS),
    }


def within_profile(issue: Callable[[dict[str, Any]], str]) -> str:
    """Let a stranger issue twice, the second time with the slots in the order of its digests."""
    first = issue({**payload(), "slots": list(FIELDS)})
    digest_of = {
        base64url.encode(sha256(text.encode()).digest()): json.loads(base64url.decode(text))[1]
        for text in first.split("~")[1:-1]
    }
    signed = json.loads(base64url.decode(first.split(".")[1]))
    return issue({**payload(), "slots": [digest_of[digest] for digest in signed["fields"]["_sd"]]})

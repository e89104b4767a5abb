"""Examples of requests and answers for OpenAPI, by operation; the tests hold each against its schema.

They are of one story: the tax office of a city looks at a title of `REGISTRY-1`. People and numbers are made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_LEDGER = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
_TIME = 1_777_770_000
_HASH = "0x" + "9f" * 32
_DIGEST = "n5Ff2u4FZ2x8mUQ5M0q5nB1rXUuZ0d7kq3cI9d0o2lE"
_RECEIPT = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImVjZXJ0LXJlY2VpcHQrand0In0.eyJqdGkiOiI3YjU0Li4uIn0.3q2-7w"
_ID = "7b54c8a0-53a1-4f9e-9a55-0f1f2f6f8f11"
_AS_OF = {"chain": "eip155:31337", "block": 94_200, "hash": _HASH, "time": _TIME}
_PLACE = {"agency": "REGISTRY-1", "serial": 7, "type": "real-estate-title"}
_OCCASION = {"matter": "title-transfer", "case": "2026-4711", "ground": "duty", "operator": "window-3"}
_CALL = {
    "id": 12,
    "agency": "REGISTRY-1",
    "kind": "suspend",
    "state": "queued",
    "waiting": None,
    "error": None,
    "transaction": None,
    "block": None,
    "created": _TIME,
    "updated": _TIME,
}
_CHANGED = {"agency": "REGISTRY-1", "changed": [7], "already": [], "calls": [_CALL]}
_VERDICT: dict[str, Any] = {
    "result": "VALID",
    "reasons": [],
    "checks": [{"number": 1, "name": "form", "outcome": "pass", "reasons": [], "detail": {}}],
    "at": _TIME + 5,
    "as_of": _AS_OF,
    "notes": {},
    "status_now": "valid",
    "certificate": {
        "iss": f"{_LEDGER}/REGISTRY-1",
        "agency_name": "Real-estate registry",
        "vct": "urn:ecert:type:ecert:real-estate-title:1",
        "type": "real-estate-title",
        "serial": 7,
        "version": 1,
        "nbf": 1_700_000_000,
        "exp": None,
    },
}
_KEYS = {"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "kid": _DIGEST, "x": _DIGEST, "y": _DIGEST}]}
_RECORDED = {
    "id": _ID,
    "record": {"id": _ID, "time": _TIME + 5, "result": "VALID", "case": "2026-4711"},
    "receipt": _RECEIPT,
    "audit": {"segment": "api-3f2a9c1b-000001", "position": 41, "hash": _DIGEST},
}

_TYPE: dict[str, Any] = {
    "slug": "health-certificate",
    "vct": "urn:ecert:type:ecert:health-certificate:1",
    "code": None,
    "en": "Health certificate",
    "zh": "健康证明",
}
_CHANGE = {
    "id": 31,
    "ledger": _LEDGER,
    "agency": "REGISTRY-1",
    "serial": 7,
    "status": "suspended",
    "block": 94_100,
    "time": _TIME - 100,
}
_WATCH = {
    "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "url": "https://tax.example/changes",
    "created_at": _TIME,
    "ended_at": None,
    "end_reason": None,
}
_DELIVERY = {
    "id": "3d813cbb-47fb-42ba-91df-831e1593ac29",
    "change": _CHANGE,
    "state": "done",
    "attempts": 1,
    "last_status": 204,
    "last_error": None,
    "next_at": None,
    "created_at": _TIME - 98,
    "done_at": _TIME - 97,
}

REQUESTS: Mapping[str, Any] = MappingProxyType(
    {
        "verify_batch": {"verifications": [{"certificate": "eyJhbGciOi...~WyJ4...~"}], **_OCCASION},
        "issue": {
            "type": "health-certificate",
            "fields": {
                "holder_name": "王小明",
                "holder_id": "110101199003074514",
                "certificate_number": "JK-1",
                "work_category": "食品",
                "examined_by": "市中心医院",
            },
            "valid_from": "2026-05-03",
        },
        "add_watch": {"url": "https://tax.example/changes"},
        "change_status": {"action": "suspend", "reason": "a court order"},
        "get_token": {"grant_type": "client_credentials", "scope": "verify"},
    }
)
"""Operation -> a body, where the route itself gives no example."""

ANSWERS: Mapping[tuple[str, str], Any] = MappingProxyType(
    {
        ("verify", "200"): {**_VERDICT, "id": _ID, "receipt": _RECEIPT},
        ("verify_batch", "200"): {"id": _ID, "receipt": _RECEIPT, "as_of": _AS_OF, "results": [_VERDICT]},
        ("get_verification", "200"): _RECORDED,
        ("list_verifications", "200"): {"verifications": [_RECORDED], "next": None},
        ("list_changes", "200"): {"changes": [_CHANGE], "next": 31},
        ("add_watch", "201"): {**_WATCH, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        ("list_watches", "200"): {"watches": [_WATCH]},
        ("list_deliveries", "200"): {"deliveries": [_DELIVERY], "next": 31},
        ("list_types", "200"): {"types": [_TYPE]},
        ("get_type", "200"): {
            **_TYPE,
            "holder": {"en": "Holder", "zh": "持证人"},
            "issued_by": {"en": "Examining hospital", "zh": "体检机构"},
            "validity": {"en": "A year", "zh": "一年"},
            "number": "certificate_number",
            "says_nothing_about": None,
            "fields": [
                {
                    "name": "holder_name",
                    "kind": "text",
                    "required": True,
                    "en": "Name",
                    "zh": "姓名",
                    "form": None,
                    "of": None,
                    "essential": True,
                }
            ],
        },
        ("alive", "200"): {"status": "alive"},
        ("ready", "200"): {
            "status": "ready",
            "parts": dict.fromkeys(("database", "ledger", "indexer", "node", "chain", "record"), "ok"),
            "reasons": [],
            "ledger": {"name": _LEDGER, "block": 94_200, "settled_block": 94_200, "time": _TIME, "age": 2},
        },
        ("ready", "503"): {
            "status": "not_ready",
            "parts": {
                "database": "ok",
                "ledger": "ok",
                "indexer": "ok",
                "node": "ok",
                "chain": "stalled",
                "record": "ok",
            },
            "reasons": ["chain: the nodes answer, and there is no block after block 94200 for 301 s"],
            "ledger": {"name": _LEDGER, "block": 94_200, "settled_block": 94_200, "time": _TIME, "age": 301},
        },
        ("get_leaves", "200"): {
            "agency": "REGISTRY-1",
            "first_serial": 0,
            "count": 1,
            "root": _DIGEST,
            "leaves": [_DIGEST],
        },
        ("get_status", "200"): {
            "ledger": _LEDGER,
            "agency": "REGISTRY-1",
            "serial": 7,
            "status": "suspended",
            "settled": True,
            "as_of": {**_AS_OF, "contested": False},
            "batch": {"first_serial": 0, "count": 100, "block": 90_001, "time": _TIME - 9000},
            "changes": [{"status": "suspended", "block": 94_100, "time": _TIME - 100, "settled": True}],
        },
        ("get_receipt_keys", "200"): _KEYS,
        ("get_status_keys", "200"): _KEYS,
        ("get_trust_file", "200"): {
            "payload": "eyJleHAiOjE3...",
            "signatures": [{"protected": "eyJhbGciOiJFUzI1NiIs...", "signature": "MEUCIQ..."}],
        },
        ("get_token", "200"): {
            "access_token": "eyJhbGciOi...",
            "token_type": "Bearer",
            "expires_in": 600,
            "scope": "verify",
        },
        ("get_token", "400"): {"error": "unsupported_grant_type"},
        ("get_token", "401"): {"error": "invalid_client"},
        ("me", "200"): {
            "name": "tax-city",
            "person": False,
            "organisation": "TAX",
            "office": None,
            "agency": None,
            "scopes": ["verify"],
            "defaults": {"matter": "deed-tax-home"},
            "csrf": None,
        },
        ("issue", "201"): {**_PLACE, "state": "gathering", "certificate": "/v1/certificates/REGISTRY-1/7"},
        ("list_certificates", "200"): {
            "certificates": [
                {
                    **_PLACE,
                    "state": "settled",
                    "status": "valid",
                    "stored": _TIME,
                    "certificate": "/v1/certificates/REGISTRY-1/7",
                }
            ],
            "after": None,
        },
        ("get_certificate", "200"): {
            "protected": "eyJhbGciOiJFUzI1NiIs...",
            "payload": "eyJlY2VydCI6MSwi...",
            "signature": "3q2-7w...",
            "header": {"disclosures": ["WyJ4..."], "ecert": {"path": []}},
        },
        ("get_certificate", "202"): {**_PLACE, "state": "anchoring", "status": None, "waiting": None},
        ("make_code", "201"): {
            "agency": "REGISTRY-1",
            "serial": 7,
            "code": "1234 5678 9012 3456 7890 1234 5678 9012",
        },
        ("change_status", "200"): {"agency": "REGISTRY-1", "changed": [], "already": [7], "calls": []},
        ("change_status", "202"): _CHANGED,
        ("change_statuses", "200"): {"agency": "REGISTRY-1", "changed": [], "already": [7, 9], "calls": []},
        ("change_statuses", "202"): _CHANGED,
        ("get_call", "200"): {**_CALL, "state": "settled", "transaction": _HASH, "block": 94_201},
    }
)
"""Operation and status -> a JSON answer."""

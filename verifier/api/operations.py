"""The operations of both applications by name, and what each needs of its caller; OpenAPI is made of it.

The routes themselves see to it that a caller may do what it asks; this says so to whoever reads the description, and
the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from verifier.callers import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `name`: what a generated client calls it. `scopes`: any one of them will do.

    `known`: the caller must say who it is; where it need not, it still may if there are scopes.
    """

    name: str
    scopes: tuple[Scope, ...] = ()
    known: bool = True


def _open(name: str, *scopes: Scope) -> Operation:
    return Operation(name=name, scopes=scopes, known=False)


OPERATIONS: Mapping[tuple[str, str], Operation] = MappingProxyType(
    {
        ("post", "/v1/verifications"): _open("verify", Scope.VERIFY),
        ("post", "/v1/verifications/batch"): Operation(name="verify_batch", scopes=(Scope.VERIFY,)),
        ("get", "/v1/verifications"): Operation(name="list_verifications", scopes=(Scope.VERIFY, Scope.AUDIT)),
        ("get", "/v1/verifications/{id}"): Operation(name="get_verification", scopes=(Scope.VERIFY, Scope.AUDIT)),
        ("get", "/v1/changes"): Operation(name="list_changes", scopes=(Scope.VERIFY,)),
        ("post", "/v1/watches"): Operation(name="add_watch", scopes=(Scope.VERIFY,)),
        ("get", "/v1/watches"): Operation(name="list_watches", scopes=(Scope.VERIFY,)),
        ("delete", "/v1/watches/{watch}"): Operation(name="end_watch", scopes=(Scope.VERIFY,)),
        ("get", "/v1/watches/{watch}/deliveries"): Operation(name="list_deliveries", scopes=(Scope.VERIFY,)),
        ("post", "/v1/watches/{watch}/deliveries/{delivery}/retry"): Operation(
            name="retry_delivery", scopes=(Scope.VERIFY,)
        ),
        ("get", "/v1/types"): _open("list_types"),
        ("get", "/v1/types/{slug}"): _open("get_type"),
        ("get", "/healthz"): _open("alive"),
        ("get", "/readyz"): _open("ready"),
        ("get", "/metrics"): _open("metrics"),
        ("get", "/status/{chain_id}/{ledger}/{agency}/{number}"): _open("get_status_list"),
        ("get", "/v1/batches/{agency}/{first_serial}/leaves"): _open("get_leaves"),
        ("get", "/v1/certificates/{agency}/{serial}/status"): _open("get_status"),
        ("get", "/.well-known/jwks.json"): _open("get_receipt_keys"),
        ("get", "/.well-known/status-jwks.json"): _open("get_status_keys"),
        ("get", "/.well-known/ecert-trust.json"): _open("get_trust_file"),
        ("get", "/.well-known/ecert-facts.bin"): _open("get_facts_file"),
        ("post", "/oauth/token"): _open("get_token"),
        ("get", "/v1/me"): Operation(name="me"),
        ("post", "/v1/issuances"): Operation(name="issue", scopes=(Scope.ISSUE,)),
        ("get", "/v1/certificates"): Operation(name="list_certificates", scopes=(Scope.ISSUE,)),
        ("get", "/v1/certificates/{agency}/{serial}"): Operation(name="get_certificate", scopes=(Scope.ISSUE,)),
        ("post", "/v1/certificates/{agency}/{serial}/code"): Operation(name="make_code", scopes=(Scope.ISSUE,)),
        ("post", "/v1/certificates/{agency}/{name}/status"): Operation(name="change_status", scopes=(Scope.STATUS,)),
        ("post", "/v1/certificates/{agency}/status"): Operation(name="change_statuses", scopes=(Scope.STATUS,)),
        ("get", "/v1/calls/{number}"): Operation(name="get_call", scopes=(Scope.STATUS,)),
    }
)
"""Method and path -> operation."""

"""Vectors of what is not a certificate: receipts, status lists, Merkle trees."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ecert import base64url, status_list
from ecert.agency import status_uri
from ecert.certificate import Value
from ecert.demands import Demands, Holder
from ecert.errors import EcertError, MalformedError
from ecert.facts import Status
from ecert.judging import judge
from ecert.jwks import KeySet, PublishedKey
from ecert.key_binding import sd_hash
from ecert.merkle import Tree, leaf_hash, verify_inclusion
from ecert.parsing import parse
from ecert.receipt import Judged, Receipt, certificate_name, check_receipt, sign_receipt, stated_hash, told
from ecert.status_list import StatusList
from ecert.status_token import StatusToken, check_status_token, sign_status_token
from ecert.suite import sign_jws
from vectors.world import (
    BASE,
    FACTS_TIME,
    HEALTH,
    HOLDER_ID,
    ISSUER,
    KEY,
    LIST_KEY,
    NOW,
    RECEIPT_KEY,
    facts_of,
    file_of,
    issue,
)

SERVICE = "https://verify.example"
STATED_SALT = bytes(range(16))
_RETIRED = NOW + 1_000


def receipt_keys() -> KeySet:
    """Give the service's receipt keys: a retired one, and the one in use."""
    now = PublishedKey(public_key=RECEIPT_KEY.public_key, since=NOW - 10_000, retired=_RETIRED)
    return KeySet(keys=(now, PublishedKey(public_key=KEY.public_key, since=_RETIRED)))


def good_receipt() -> Receipt:
    """Give the receipt of one verification at a counter."""
    signed = issue()
    certificate = parse(file_of(signed))
    demands = Demands(expect={"holder_name": "李明"}, holder=Holder(id=HOLDER_ID))
    verdict = judge(certificate, facts_of(signed.leaf), demands=demands, now=NOW, certificate_type=HEALTH)
    entry = Judged(
        certificate=certificate_name(certificate),
        sd_hash=sd_hash(certificate),
        verdict=told(verdict),
        compared=("holder", "holder_name"),
        stated=stated_hash(demands, STATED_SALT),
    )
    return Receipt(
        iss=SERVICE,
        jti="r-000001",
        iat=NOW,
        judged=(entry,),
        relying_party="example-market-office",
        office="counter 3",
        operator="op-17",
        matter="food-business-permit",
        case="2026-000042",
        ground="application",
        nonce="0f1e2d3c",
        audit={"sequence": 7},
    )


def receipts() -> Iterator[dict[str, Any]]:
    """Give receipts that can be relied on, and ones that cannot, with whether they are malformed or untrusted."""
    good = good_receipt()
    batch = replace(good, batch=True, judged=(good.judged[0], replace(good.judged[0], certificate=None, stated=None)))
    plain = Receipt(iss=SERVICE, jti="r-000002", iat=NOW, judged=good.judged)
    yield _receipt("single", "all that a receipt can say", sign_receipt(good, RECEIPT_KEY))
    yield _receipt("batch", "a receipt for two; the second was no certificate", sign_receipt(batch, RECEIPT_KEY))
    yield _receipt("plain", "one of the public page: no matter, no office", sign_receipt(plain, RECEIPT_KEY))
    last = replace(good, iat=_RETIRED - 1)
    yield _receipt("last-second-of-the-key", "its key retires in the next second", sign_receipt(last, RECEIPT_KEY))
    late = sign_receipt(replace(good, iat=_RETIRED), RECEIPT_KEY)
    yield _receipt("key-retired", "its key was retired when it signed", late, "untrusted")
    early = sign_receipt(replace(good, iat=NOW - 10_001), RECEIPT_KEY)
    yield _receipt("key-not-yet", "its key was not in use yet", early, "untrusted")
    unknown = sign_receipt(good, LIST_KEY)
    yield _receipt("key-unknown", "no published key", unknown, "untrusted")
    elsewhere = sign_receipt(replace(good, iss="https://other.example"), RECEIPT_KEY)
    yield _receipt("another-service", "of another service", elsewhere, "untrusted")
    token = sign_receipt(good, RECEIPT_KEY)
    message, _, signature = token.rpartition(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    yield _receipt("signature-flipped", "another signature", f"{message}.{flipped}", "untrusted")
    yield _receipt("wrong-typ", "a JWT", _resigned({"typ": "JWT"}, {}), "malformed")
    for name in ("iss", "jti", "iat", "sd_hash", "result", "reasons", "checks", "at", "as_of", "compared"):
        text = _resigned({"typ": "ecert-receipt+jwt"}, {name: None})
        yield _receipt(f"without-{name}", "a member that every receipt has is missing", text, "malformed")
    text = _resigned({"typ": "ecert-receipt+jwt"}, {"result": "MAYBE"})
    yield _receipt("unknown-result", "a result that is none", text, "malformed")
    yield _receipt("two-parts", "no JWS", message, "malformed")


def _resigned(header: Mapping[str, Value], changes: Mapping[str, Value]) -> str:
    """Sign the good receipt's payload with changes; None takes a member away."""
    payload = _payload(sign_receipt(good_receipt(), RECEIPT_KEY))
    changed = {
        name: value for name, value in {**payload, **changes}.items() if value is not None or name not in changes
    }
    return sign_jws(RECEIPT_KEY, header, changed)


def _payload(token: str) -> dict[str, Value]:
    read: dict[str, Value] = json.loads(base64url.decode(token.split(".")[1]))
    return read


def _receipt(name: str, about: str, token: str, refused: str | None = None) -> dict[str, Any]:
    keys = receipt_keys()
    if _refusal(lambda: check_receipt(token, keys, iss=SERVICE)) != refused:
        raise AssertionError(name)
    told_to = {"payload": _payload(token)} if refused is None else {}
    return {
        "name": name,
        "about": about,
        "token": token,
        "keys": keys.to_json(),
        "iss": SERVICE,
        "refused": refused,
        **told_to,
    }


def _refusal(check: Callable[[], object]) -> str | None:
    try:
        check()
    except MalformedError:
        return "malformed"
    except EcertError:
        return "untrusted"
    return None


def list_keys() -> KeySet:
    """Give the key that status lists are signed with."""
    return KeySet(keys=(PublishedKey(public_key=LIST_KEY.public_key, since=0),))


def list_token(statuses: Mapping[int, Status], serial: int, **parts: Any) -> str:  # noqa: ANN401
    """Sign the status list that a serial is in, made from the block that the facts are of."""
    token = StatusToken(
        uri=status_uri(BASE, ISSUER, serial),
        status_list=status_list.encode(statuses),
        iat=FACTS_TIME,
        exp=FACTS_TIME + 3_600,
        ttl=300,
    )
    return sign_status_token(replace(token, **parts), LIST_KEY)


def status_lists() -> Iterator[dict[str, Any]]:
    """Give lists packed and compressed, and tokens that can and cannot be relied on."""
    for name, statuses in {
        "empty": {},
        "first-and-last": {0: Status.REVOKED, 131_071: Status.SUSPENDED},
        "all-four-in-a-byte": {4: Status.REVOKED, 5: Status.SUSPENDED, 6: Status.SUPERSEDED, 7: Status.VALID},
        "second-list": {131_072: Status.SUSPENDED, 131_075: Status.SUPERSEDED, 262_143: Status.REVOKED},
    }.items():
        yield _list(name, statuses)
    statuses = {1_002: Status.REVOKED}
    yield _token("token", list_token(statuses, 1_002), NOW)
    yield _token("token-last-second", list_token(statuses, 1_002), FACTS_TIME + 3_599)
    yield _token("token-expired", list_token(statuses, 1_002), FACTS_TIME + 3_600, "untrusted")
    yield _token("token-60-seconds-ahead", list_token(statuses, 1_002), FACTS_TIME - 60)
    yield _token("token-61-seconds-ahead", list_token(statuses, 1_002), FACTS_TIME - 61, "untrusted")
    yield _token("token-of-another-list", list_token(statuses, 131_072), NOW, "untrusted")
    short = StatusList(bits=2, packed=bytes(16))
    yield _token("token-short-list", list_token(statuses, 1_002, status_list=short), NOW, "malformed")
    eight = StatusList(bits=8, packed=bytes(131_072))
    yield _token("token-of-8-bits", list_token(statuses, 1_002, status_list=eight), NOW, "malformed")


def _list(name: str, statuses: Mapping[int, Status]) -> dict[str, Any]:
    made = status_list.encode(statuses)
    return {
        "name": name,
        "kind": "list",
        "statuses": {str(serial): status.name.lower() for serial, status in statuses.items()},
        "entries": {str(serial % 131_072): made.status(serial % 131_072) for serial in statuses},
        "status_list": made.to_json(),
    }


def _token(name: str, token: str, now: int, refused: str | None = None) -> dict[str, Any]:
    uri, keys = status_uri(BASE, ISSUER, 1_002), list_keys()
    if _refusal(lambda: check_status_token(token, keys, uri=uri, now=now)) != refused:
        raise AssertionError(name)
    return {
        "name": name,
        "kind": "token",
        "token": token,
        "keys": keys.to_json(),
        "uri": uri,
        "now": now,
        "refused": refused,
    }


def trees() -> Iterator[dict[str, Any]]:
    """Give trees of many sizes with every path of the small ones, and proofs that must be refused."""
    for count in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 33):
        tree = Tree(leaves_of(count))
        shown = range(count) if count < 10 else sorted({0, 1, count // 2, count - 2, count - 1})  # noqa: PLR2004
        yield {
            "count": count,
            "root": base64url.encode(tree.root),
            "paths": {str(index): [base64url.encode(node) for node in tree.path(index)] for index in shown},
            "refused": list(_refused_proofs(tree, count)),
        }


def leaves_of(count: int) -> list[bytes]:
    """Give leaves: leaf i is that of the ASCII text "leaf i"."""
    return [leaf_hash(f"leaf {index}".encode()) for index in range(count)]


def _refused_proofs(tree: Tree, count: int) -> Iterator[dict[str, Any]]:
    leaves = leaves_of(count)
    last = count - 1
    path = tree.path(last)
    tried = [
        (last, last, count, (*path, bytes(32))),
        (last, last, count + 1, path) if count & last or count == 1 else (last, last, count * 2, path),
        (last, count, count, path),
    ]
    if path:
        tried += [(last, last, count, path[:-1]), (last, 0, count, path), (0, last, count, path)]
    for leaf, index, size, nodes in tried:
        if verify_inclusion(leaves[leaf], index, size, nodes, tree.root):
            raise AssertionError(f"a proof of leaf {leaf} as {index} of {size}")
        proof = [base64url.encode(node) for node in nodes]
        yield {"leaf": leaf, "index": index, "count": size, "path": proof}

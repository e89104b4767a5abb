"""Vectors of certificates that hold: both forms, and every optional part of the format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ecert import base64url
from ecert.certificate import Issuer
from ecert.demands import Challenge, Demands
from ecert.documents import Document
from ecert.issuing import SignedCertificate
from ecert.key_binding import create
from ecert.merkle import leaf_hash
from ecert.presenting import present
from ecert.verdict import Reason
from vectors.world import (
    ANCHORED,
    DOCUMENT,
    FIRST,
    HOLDER_KEY,
    KEY,
    LEDGER,
    MARRIAGE,
    SERIAL,
    SIGNED,
    TITLE,
    claims_of,
    facts_of,
    file_of,
    forged,
    issue,
    node_hash,
    reclaimed,
    sign_parts,
    with_batch,
    with_key,
    x5c_of,
)
from vectors.writing import vector

CHALLENGE = Challenge(nonce="n-0S6_WzA2Mj", audience="https://counter.example")
IDENTIFIER = "1.2.156.3005.2.11100000MB03271699001.11420100MB9A000148.2026110000001.001.P"


def good() -> Iterator[dict[str, Any]]:
    """Give all of them; those about one reason's other side stand with that reason."""
    yield from _forms()
    yield from _claims()
    yield from _types()
    yield from _batches()


def _forms() -> Iterator[dict[str, Any]]:
    signed = issue()
    facts = facts_of(signed.leaf)
    file = file_of(signed)
    yield vector("file", "the file form", file, facts, "VALID")
    spaced = json.dumps(dict(reversed(json.loads(file).items())), indent=2, ensure_ascii=True)
    yield vector("file-reordered", "white space and the order of members mean nothing", f"\n{spaced}\n", facts, "VALID")
    yield vector(
        "compact",
        "the compact form has no path; whoever has the batch's leaves can make it",
        signed.compact(),
        facts,
        "UNKNOWN proof_missing",
    )
    evidence = file_of(signed, evidence={"header": "0xf9", "receipt": {"index": 0}})
    yield vector("evidence", "evidence that this judge does not need is passed over", evidence, facts, "VALID")
    header, payload = claims_of(signed)
    chained = forged(signed, sign_parts({**header, "x5c": [x5c_of(), "anything"]}, payload))
    yield vector("x5c", "x5c begins with the key of kid", file_of(chained), facts_of(chained.leaf), "VALID")
    shown = present(file, {"holder_id", "certificate_number"})
    yield vector("few-fields", "a copy that shows the essential fields alone", shown, facts, "VALID")
    spoken = [f'["{"AAAAAAAAAAAAAAAAAAAAAA"}", "work_category",\n "\\u98df\\u54c1"]']
    loose = _redisclosed(spoken)
    yield vector(
        "disclosure-spaced",
        "a disclosure is read however its JSON is written; the digest is over its text",
        file_of(loose),
        facts_of(loose.leaf),
        "VALID",
    )


def _redisclosed(texts: list[str]) -> SignedCertificate:
    """Put other texts in the place of the disclosures of their names and sign anew."""
    signed = issue()
    shown = [json.loads(base64url.decode(each)) for each in signed.disclosures]
    by_name = dict(zip([each[1] for each in shown], signed.disclosures, strict=True))
    by_name |= {json.loads(text)[1]: base64url.encode(text.encode()) for text in texts}
    pairs = sorted((base64url.encode(sha256(text.encode()).digest()), name) for name, text in by_name.items())

    def change(payload: dict[str, Any]) -> None:
        payload["slots"] = [name for _, name in pairs]
        payload["fields"] = {"_sd": [digest for digest, _ in pairs]}

    changed = reclaimed(signed, change)
    return forged(changed, changed.jwt, tuple(by_name.values()))


def _claims() -> Iterator[dict[str, Any]]:
    open_ended = issue(drafted={"valid_until": None})
    yield vector("no-end", "without exp there is no end", file_of(open_ended), facts_of(open_ended.leaf), "VALID")
    newest = issue(version=2, supersedes=(7,))
    facts = replace(facts_of(newest.leaf), superseded={7: (SERIAL,)})
    yield vector("second-version", "it replaces serial 7, and the ledger says so", file_of(newest), facts, "VALID")
    merged = issue(version=3, supersedes=(7, 9, 11))
    facts = replace(facts_of(merged.leaf), superseded={7: (SERIAL,), 9: (SERIAL,), 11: (SERIAL,)})
    yield vector("merger", "it replaces three certificates", file_of(merged), facts, "VALID")
    split = issue(supersedes=(7,))
    facts = replace(facts_of(split.leaf), superseded={7: (SERIAL - 1, SERIAL, SERIAL + 1)})
    yield vector("split", "serial 7 was split into three, this is one of them", file_of(split), facts, "VALID")
    bound = issue(cnf={"jwk": HOLDER_KEY.jwk})
    facts = facts_of(bound.leaf)
    yield vector("cnf", "nobody demands the holder's proof", file_of(bound), facts, "VALID")
    demands = Demands(key_binding=CHALLENGE)
    proof = create(bound.compact(), CHALLENGE, iat=SIGNED + 1_000_000, key=HOLDER_KEY)
    for form, text in _both_forms_bound(bound, proof):
        expected = "VALID" if form == "file" else "UNKNOWN proof_missing"
        yield vector(f"key-binding-{form}", "the holder proves possession", text, facts, expected, demands=demands)
    stray = _both_forms_bound(bound, create(bound.compact(), CHALLENGE, iat=1, key=KEY))[0][1]
    yield vector("key-binding-not-demanded", "one that nobody demanded is not judged", stray, facts, "VALID")
    for serial in (0, 131_071, 131_072, 2**53 - 1):
        first = max(0, serial - 2)
        numbered = issue(serial=serial)
        node = leaf_hash(b"filler")
        leaves = [node] * (serial - first) + [numbered.leaf]
        root, path = _small_tree(leaves)
        facts = with_batch(facts_of(numbered.leaf), root=root, first_serial=first, count=len(leaves))
        about = "a serial at an edge of its range or of a status list"
        yield vector(f"serial-{serial}", about, file_of(numbered, path=path), facts, "VALID")


def _both_forms_bound(bound: SignedCertificate, proof: str) -> list[tuple[str, str]]:
    whole = json.loads(file_of(bound))
    whole["header"]["kb_jwt"] = proof
    return [("file", json.dumps(whole, separators=(",", ":"))), ("compact", bound.compact() + proof)]


def _small_tree(leaves: list[bytes]) -> tuple[bytes, list[bytes]]:
    """Give root and path of the last of up to three leaves."""
    if len(leaves) == 1:
        return leaves[0], []
    if len(leaves) == 2:  # noqa: PLR2004
        return node_hash(*leaves), [leaves[0]]
    below = node_hash(leaves[0], leaves[1])
    return node_hash(below, leaves[2]), [below]


def _types() -> Iterator[dict[str, Any]]:
    title = issue(TITLE)
    facts = facts_of(title.leaf, TITLE)
    yield vector(
        "title", "a title says nothing about mortgages: a note", file_of(title), facts, "VALID", certificate_type=TITLE
    )
    old = issue(MARRIAGE)
    facts = facts_of(old.leaf, MARRIAGE)
    yield vector(
        "legacy",
        "an old record without ids, issued under its type's legacy profile: a note",
        file_of(old),
        facts,
        "VALID",
        certificate_type=MARRIAGE,
    )
    for name, identifier in (("right", IDENTIFIER), ("wrong", f"{IDENTIFIER[:-1]}Q")):
        marked = issue(TITLE, drafted={"identifier": identifier})
        yield vector(
            f"identifier-{name}",
            "a wrong check character of a GB/T 36904 identifier is a note, never a failure",
            file_of(marked),
            facts_of(marked.leaf, TITLE),
            "VALID",
            certificate_type=TITLE,
        )
    digest = sha256(DOCUMENT).digest()
    kept = issue(drafted={"document": Document(sha256=digest, media_type="application/pdf", size=len(DOCUMENT))})
    yield vector(
        "document",
        "the original that came along is the one that the certificate names",
        file_of(kept),
        facts_of(kept.leaf),
        "VALID",
        documents=(digest,),
        nearly=Reason.DOCUMENT_MISMATCH,
    )


def _batches() -> Iterator[dict[str, Any]]:
    alone = issue()
    facts = with_batch(facts_of(alone.leaf), root=alone.leaf, first_serial=SERIAL, count=1)
    yield vector("batch-of-one", "the leaf is the root, the path is empty", file_of(alone, path=()), facts, "VALID")
    path = [leaf_hash(f"node {height}".encode()) for height in range(20)]
    root, index = alone.leaf, SERIAL - 2
    for height, node in enumerate(path):
        root = node_hash(node, root) if index >> height & 1 else node_hash(root, node)
    facts = with_batch(facts_of(alone.leaf), root=root, first_serial=2, count=2**20)
    text = file_of(alone, path=path)
    yield vector(
        "batch-of-2^20", "the largest batch: a path of 20 nodes", text, facts, "VALID", nearly=Reason.MALFORMED
    )
    for place in (0, 4):
        serial = FIRST + place
        edge = issue(serial=serial)
        facts = facts_of(edge.leaf, serial=serial)
        about = "the batch's first serial" if place == 0 else "the batch's last serial, which stands alone on its level"
        yield vector(f"batch-place-{place}", about, file_of(edge), facts, "VALID", nearly=Reason.NOT_ANCHORED)
    other = issue(key=HOLDER_KEY, issuer=Issuer(ledger=LEDGER, agency="BUREAU-7"))
    facts = with_key(facts_of(other.leaf), kid=HOLDER_KEY.kid, public_key=HOLDER_KEY.public_key)
    yield vector("agency-code", "an agency code that is no social credit code", file_of(other), facts, "VALID")
    signed = issue()
    late = with_key(facts_of(signed.leaf), added=ANCHORED)
    yield vector(
        "key-added-with-the-block",
        "the key counts from that second on",
        file_of(signed),
        late,
        "VALID",
        nearly=Reason.UNKNOWN_KEY,
    )

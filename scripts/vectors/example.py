"""The worked example of docs/format.md: one certificate from its row to its verdict, every byte shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ecert import base64url, strict_json
from ecert.certificate import Value
from ecert.facts import Facts, Status
from ecert.facts_json import facts_to_json
from ecert.issuing import SignedCertificate
from ecert.judging import judge
from ecert.merkle import Tree, leaf_hash
from ecert.parsing import parse
from ecert.receipt import sign_receipt
from ecert.verdict import verdict_to_json
from vectors.others import STATED_SALT, good_receipt, list_token
from vectors.world import (
    HEALTH,
    KEY,
    NOW,
    RECEIPT_KEY,
    ROWS,
    SECRETS,
    SERIAL,
    SIGNED,
    facts_of,
    issue,
    node_hash,
    with_batch,
)

EXAMPLE_FIRST = SERIAL - 1
FILLERS = ("filler 1001", "filler 1003")
ROW = {**ROWS[HEALTH.slug], "holder_id": "420102900307123", "certificate_number": "鄂Ａ-2026- 000017"}
"""The row as an agency's table may have it: an id of 15 digits, a number with a wide letter and a space."""


def example_text() -> str:
    """Write the example: paragraphs, and blocks of code that each have a name in bold before them."""
    return "\n\n".join(_parts())


def _parts() -> Iterator[str]:
    signed = issue(row=ROW)
    yield from _key_and_values(signed)
    yield from _disclosures(signed)
    yield from _jwt(signed)
    yield from _tree(signed)
    yield from _forms(signed)
    yield from _judging(signed)
    yield from _services()


def _key_and_values(signed: SignedCertificate) -> Iterator[str]:
    yield "### Key"
    yield (
        f"The agency's private number is {SECRETS['agency']}, the key of receipts {SECRETS['receipts']}, that of\n"
        f"status lists {SECRETS['status lists']}: test keys that everybody knows. Signatures are deterministic (RFC\n"
        "6979 with SHA-256)."
    )
    yield _block("public key", KEY.public_key.hex())
    yield _block("JWK, as its thumbprint is taken", strict_json.canonical(KEY.jwk), "json")
    yield _block("kid", base64url.encode(KEY.kid))
    yield "### Row and values"
    yield "Valid from 2026-07-20 to 2027-07-19 at +08:00, both days inclusive: `nbf` 1784476800, `exp` 1816012800."
    yield _block("row", json.dumps(ROW, ensure_ascii=False, indent=1), "json")
    yield "The values that are signed: the id has 18 digits, the number is NFKC without spaces."
    values = {each.name: each.value for each in parse(signed.compact().encode()).disclosures}
    yield _block("values", json.dumps(values, ensure_ascii=False, indent=1), "json")


def _disclosures(signed: SignedCertificate) -> Iterator[str]:
    yield "### Disclosures and digests"
    yield (
        "The salt of a slot is here the first 16 bytes of SHA-256 of the ASCII text `salt <slot>`; in life it is\n"
        "random. Each disclosure is UTF-8 JSON without spaces, in base64url; its digest is SHA-256 of that base64url\n"
        "text."
    )
    contents = [base64url.decode(each).decode() for each in signed.disclosures]
    yield _block("contents", "\n".join(contents))
    yield _block("disclosures", "\n".join(signed.disclosures))
    digest_of = {each.name: base64url.encode(each.digest) for each in parse(signed.compact().encode()).disclosures}
    yield _block("digests, in the order of the disclosures", "\n".join(digest_of[slot] for slot in HEALTH.slots))


def _jwt(signed: SignedCertificate) -> Iterator[str]:
    header, payload, signature = signed.jwt.split(".")
    yield "### JWT"
    yield f"Serial {SERIAL}, signed at {SIGNED}. Header and payload are written as RFC 8785 does:"
    yield _block("header", base64url.decode(header).decode(), "json")
    yield _block("payload", base64url.decode(payload).decode(), "json")
    yield _block("signature, r and s", base64url.decode(signature).hex())
    yield _block("JWT", signed.jwt)


def _tree(signed: SignedCertificate) -> Iterator[str]:
    leaves = _leaves(signed)
    yield "### Leaf, tree, path"
    yield (
        f"A batch of three: first serial {EXAMPLE_FIRST}, and our certificate second. The other two leaves stand for\n"
        f"certificates: SHA-256 of 0x00 and the ASCII texts `{FILLERS[0]}` and `{FILLERS[1]}`."
    )
    yield _block("leaves", "\n".join(leaf.hex() for leaf in leaves))
    yield _block("node over leaves 0 and 1", node_hash(leaves[0], leaves[1]).hex())
    yield _block("root", Tree(leaves).root.hex())
    yield "The path of leaf 1 is leaf 0, then leaf 2, which stands alone on its level and goes up as it is."


def _forms(signed: SignedCertificate) -> Iterator[str]:
    yield "### The two forms"
    yield _block("file form", _file(signed).decode(), "json")
    yield _block("compact form", signed.compact())


def _judging(signed: SignedCertificate) -> Iterator[str]:
    facts = _facts(signed)
    verdict = judge(parse(_file(signed)), facts, now=NOW, certificate_type=HEALTH)
    yield "### Facts and verdict"
    yield (
        f"Facts in the form of the vectors (`tests/vectors/README.md`); asked at {NOW}, with nothing stated or\n"
        "demanded."
    )
    yield _block("facts", _lines(facts_to_json(facts)), "json")
    yield _block("verdict", _lines(verdict_to_json(verdict)), "json")


def _services() -> Iterator[str]:
    token = sign_receipt(good_receipt(), RECEIPT_KEY)
    yield "### Receipt"
    yield (
        "For the same certificate, when a counter had stated\n"
        '`{"expect":{"holder_name":"李明"},"holder":{"id":"420102199003071232","name":null}}`. `stated` is SHA-256 of\n'
        f"the salt (here the 16 bytes {STATED_SALT.hex()}) and that JSON; `sd_hash` is\n"
        "SHA-256 of the compact form."
    )
    yield _block("receipt's payload", base64url.decode(token.split(".")[1]).decode(), "json")
    yield _block("receipt", token)
    listed = list_token({SERIAL: Status.REVOKED}, SERIAL)
    yield "### Status list token"
    yield (
        f"As it would be if serial {SERIAL} were revoked and all others valid: entry {SERIAL} is 1, in byte\n"
        f"{SERIAL // 4}."
    )
    yield _block("status list token's payload", base64url.decode(listed.split(".")[1]).decode(), "json")
    yield _block("status list token", listed)


def _leaves(signed: SignedCertificate) -> list[bytes]:
    return [leaf_hash(FILLERS[0].encode()), signed.leaf, leaf_hash(FILLERS[1].encode())]


def _file(signed: SignedCertificate) -> bytes:
    return signed.file(Tree(_leaves(signed)).path(SERIAL - EXAMPLE_FIRST))


def _facts(signed: SignedCertificate) -> Facts:
    return with_batch(
        facts_of(signed.leaf), root=Tree(_leaves(signed)).root, first_serial=EXAMPLE_FIRST, count=len(_leaves(signed))
    )


def _block(name: str, text: str, language: str = "") -> str:
    return f"**{name}**\n\n```{language}\n{text}\n```"


def _lines(whole: dict[str, Value]) -> str:
    """Write an object with a line for each member, and for each item of its lists."""
    members = [f' "{name}": {_value(value)}' for name, value in whole.items()]
    return "{\n" + ",\n".join(members) + "\n}"


def _value(value: Any) -> str:  # noqa: ANN401 - any JSON
    if isinstance(value, list) and value:
        items = ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in value)
        return f"[\n{items}\n ]"
    return json.dumps(value, ensure_ascii=False)

"""Vectors of checks 6 and 12: fields and documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from ecert import base64url
from ecert.documents import Document
from ecert.presenting import present
from ecert.verdict import Reason
from vectors.world import DOCUMENT, HEALTH, OTHER_ID, SERIAL, facts_of, file_of, forged, issue
from vectors.writing import vector

_PLACE = {name: place for place, name in enumerate(HEALTH.slots)}


def content() -> Iterator[dict[str, Any]]:
    """Give all of them."""
    yield from _fields()
    yield from _documents()


def _fields() -> Iterator[dict[str, Any]]:
    signed = issue()
    facts = facts_of(signed.leaf)
    table = {
        "value": ("another id under the same salt", _with(holder_id=OTHER_ID)),
        "salt": ("the same value under another salt", _resalted()),
        "name": ("one field's value under another slot's name", _renamed()),
        "unknown-slot": ("a disclosure for which there is no slot", _strange()),
        "spacing": ("the same content, its JSON written otherwise", _spaced()),
    }
    for name, (about, disclosures) in table.items():
        text = file_of(forged(signed, signed.jwt, disclosures))
        yield vector(f"altered-{name}", about, text, facts, "INVALID altered_field")
    other = issue(serial=SERIAL + 1, row={"holder_id": OTHER_ID, "holder_name": "陈静"})
    mixed = [*signed.disclosures]
    mixed[_PLACE["holder_name"]] = _named(other.disclosures, "holder_name")
    text = file_of(forged(signed, signed.jwt, mixed))
    yield vector("altered-from-another", "a disclosure of another certificate", text, facts, "INVALID altered_field")
    turned = file_of(forged(signed, signed.jwt, tuple(reversed(signed.disclosures))))
    about = "the order of disclosures means nothing"
    yield vector("disclosures-reversed", about, turned, facts, "VALID", nearly=Reason.ALTERED_FIELD)


def _documents() -> Iterator[dict[str, Any]]:
    digest, wrong = sha256(DOCUMENT).digest(), sha256(DOCUMENT + b" ").digest()
    named = Document(sha256=digest, media_type="application/pdf", size=len(DOCUMENT))
    signed = issue(drafted={"document": named})
    text, facts = file_of(signed), facts_of(signed.leaf)
    mismatch, unknown = "INVALID document_mismatch", "UNKNOWN document_unknown"
    yield vector("document-other", "another file came along", text, facts, mismatch, documents=(wrong,))
    about = "one of two files is another one"
    yield vector("document-one-of-two", about, text, facts, mismatch, documents=(digest, wrong))
    about = "the same file twice"
    yield vector(
        "document-twice", about, text, facts, "VALID", documents=(digest, digest), nearly=Reason.DOCUMENT_MISMATCH
    )
    shown = present(text, set(HEALTH.slots) - {"document"})
    about = "the certificate withholds which file it has"
    yield vector("document-withheld", about, shown, facts, unknown, documents=(digest,))
    none = issue()
    about = "the certificate has no file"
    yield vector("document-none", about, file_of(none), facts_of(none.leaf), unknown, documents=(digest,))
    about = "no file came along: nothing is asked"
    yield vector("document-not-asked", about, shown, facts, "VALID", nearly=Reason.DOCUMENT_UNKNOWN)


def _read(disclosure: str) -> list[Any]:
    read: list[Any] = json.loads(base64url.decode(disclosure))
    return read


def _written(salt: str, name: str, value: object) -> str:
    whole = json.dumps([salt, name, value], ensure_ascii=False, separators=(",", ":"))
    return base64url.encode(whole.encode())


def _named(disclosures: tuple[str, ...], name: str) -> str:
    return next(each for each in disclosures if _read(each)[1] == name)


def _with(**values: object) -> list[str]:
    """Give the disclosures with other values under the same salts."""
    return [_written(salt, name, values.get(name, value)) for salt, name, value in map(_read, issue().disclosures)]


def _resalted() -> list[str]:
    return [_written("A" * 22, name, value) for _, name, value in map(_read, issue().disclosures)][:1] + list(
        issue().disclosures[1:]
    )


def _renamed() -> list[str]:
    kept = list(issue().disclosures)
    salt, _, value = _read(kept[_PLACE["examined_by"]])
    del kept[_PLACE["examined_by"]]
    kept[_PLACE["work_category"]] = _written(salt, "work_category", value)
    return kept


def _strange() -> list[str]:
    return [*issue().disclosures, _written("A" * 22, "colour", "red")]


def _spaced() -> list[str]:
    kept = list(issue().disclosures)
    kept[0] = base64url.encode(json.dumps(_read(kept[0]), ensure_ascii=False).encode())
    return kept

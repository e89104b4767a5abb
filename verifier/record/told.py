"""Told: what stands around a receipt, in an answer or a line of an export, against what the receipt says.

The receipt alone is signed. Whatever is around it is good only as far as it says the same, so whoever relies on it must
know which members say otherwise and of which the receipt says nothing (what a look-up read, what a certificate's type
is called).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ecert.receipt import TOLD, Judged, Receipt
from verifier.record.lines import decoded, verification_line

_SAID = ("relying_party", "office", "operator", "matter", "case", "ground", "nonce", "audit")
_NAMED = ("iss", "vct", "serial", "leaf")
_RECORD_ALONE = ("caller", "settled_block")
"""What a line of the record has and its receipt has not."""


def said_otherwise(answer: Mapping[str, Any], receipt: Receipt) -> str | None:
    """Name the first member of an answer that is not as its receipt has it; what the answer has not is not compared."""
    return next(_differences(answer, receipt), None)


def unproved(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the members of an answer of which a receipt says nothing."""
    known = {"id", "receipt", "record", "results", *_SAID}
    found = [name for name in entry_unproved(answer) if name not in known]
    for number, each in enumerate(answer.get("results") or ()):
        found += [f"results[{number}].{name}" for name in entry_unproved(each)]
    record = answer.get("record")
    if isinstance(record, dict):
        whole = json.dumps(record)
        found += [f"record: {name}" for name in _RECORD_ALONE if f'"{name}"' in whole]
    return tuple(found)


def entry_otherwise(said: Mapping[str, Any], judged: Judged) -> str | None:
    """Name the first member of one verdict among several that is not as the receipt has it."""
    return next(_of_one(said, judged, ""), None)


def entry_unproved(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the members of one verdict of which a receipt says nothing."""
    found = [name for name in said if name not in {"certificate", "compared", *TOLD}]
    certificate = said.get("certificate")
    if isinstance(certificate, dict):
        found += [f"certificate.{name}" for name in certificate if name not in _NAMED]
    return tuple(found)


def _differences(answer: Mapping[str, Any], receipt: Receipt) -> Iterator[str]:
    if answer.get("id", receipt.jti) != receipt.jti:
        yield "id"
    yield from (name for name in _SAID if name in answer and not _same(answer[name], getattr(receipt, name)))
    if "record" in answer and not _same(answer["record"], _recorded(answer["record"], receipt)):
        yield "record"
    if not receipt.batch:
        if "results" in answer:
            yield "results"
        yield from _of_one(answer, receipt.judged[0], "")
        return
    as_of = receipt.judged[0].verdict["as_of"] if receipt.judged else None
    if "as_of" in answer and not _same(answer["as_of"], as_of):
        yield "as_of"
    yield from (name for name in (*TOLD, "certificate", "compared") if name in answer and name != "as_of")
    if "results" not in answer:
        return
    results = answer["results"]
    if not isinstance(results, list) or len(results) != len(receipt.judged):
        yield "results"
        return
    for number, (said, judged) in enumerate(zip(results, receipt.judged, strict=True)):
        yield from _of_one(said, judged, f"results[{number}].")


def _of_one(said: object, judged: Judged, place: str) -> Iterator[str]:
    if not isinstance(said, dict):
        yield place.removesuffix(".")
        return
    has = {**judged.verdict, "compared": list(judged.compared)}
    yield from (f"{place}{name}" for name, value in has.items() if name in said and not _same(said[name], value))
    if "certificate" not in said:
        return
    shown, named = said["certificate"], judged.certificate
    if not isinstance(shown, dict) or named is None:
        if not _same(shown, named):
            yield f"{place}certificate"
        return
    wrong = (name for name in _NAMED if name in shown and not _same(shown[name], named.get(name)))
    yield from (f"{place}certificate.{name}" for name in wrong)


def _recorded(record: object, receipt: Receipt) -> dict[str, Any] | None:
    """Write the line of the record again, from the receipt and from what the receipt does not say."""
    if not isinstance(record, dict) or not isinstance(certificates := record.get("certificates"), list):
        return None
    blocks = [each.get("settled_block") if isinstance(each, dict) else None for each in certificates]
    if len(blocks) != len(receipt.judged):
        return None
    try:
        return decoded(verification_line(receipt, record.get("caller"), blocks))
    except TypeError:  # what no line can hold
        return None


def _same(one: object, other: object) -> bool:
    """Compare as JSON, in which 1, 1.0 and true are three values."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

"""The lines of a segment: compact JSON, one object a line, chained by hash; no value of any field in any of them.

The hash of a line is SHA-256 of the hash before it (32 zero bytes before the first) and the line's bytes without its
line feed. Kinds: `segment`, the first line of each; `verification`; and right after it `receipt`, its signed receipt,
which names segment, position (the first line is 0) and hash of the verification's line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from ecert import base64url
from ecert.certificate import Value
from ecert.receipt import Receipt
from ecert.verdict import Result
from verifier.record.segments import Segment

VERSION = 1
START = bytes(32)
_SAID = ("relying_party", "office", "operator", "matter", "case", "ground")
_GRAVEST = (Result.INVALID, Result.UNKNOWN, Result.VALID)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands: its segment, its position there, and its hash."""

    segment: Segment
    position: int
    hash: bytes

    def to_json(self) -> dict[str, Value]:
        """Write it as a receipt's `audit`."""
        return {"segment": str(self.segment), "position": self.position, "hash": base64url.encode(self.hash)}


def chained(before: bytes, line: bytes) -> bytes:
    """Give the hash of a line after another."""
    return sha256(before + line).digest()


def segment_line(segment: Segment, *, now: int, before: Place | None) -> bytes:
    """Write the first line of a segment; `before` is the last line of the segment before it."""
    previous = None if before is None else {"segment": str(before.segment), "hash": base64url.encode(before.hash)}
    return encoded(
        {
            "kind": "segment",
            "version": VERSION,
            "process": segment.process,
            "segment": str(segment),
            "number": segment.number,
            "time": now,
            "previous": previous,
        }
    )


def verification_line(receipt: Receipt, caller: str | None, settled: Sequence[int | None]) -> bytes:
    """Write what a receipt says, as the record keeps it: no check's detail, no nonce; who called it besides.

    `settled`: for each certificate, up to which block all was settled in the ledger copy that it was judged from.
    """
    said: dict[str, Any] = {"kind": "verification", "id": receipt.jti, "time": receipt.iat}
    if caller is not None:
        said["caller"] = caller
    for name in _SAID:
        if (value := getattr(receipt, name)) is not None:
            said[name] = value
    if receipt.batch:
        said["batch"] = True
    verdicts = [each.verdict for each in receipt.judged]
    said["result"] = overall([str(verdict["result"]) for verdict in verdicts])
    said["as_of"] = next((verdict["as_of"] for verdict in verdicts if verdict["as_of"] is not None), None)
    said["certificates"] = [
        {
            "certificate": None if each.certificate is None else _named(each.certificate),
            "result": each.verdict["result"],
            "reasons": each.verdict["reasons"],
            "compared": each.compared,
            "settled_block": block,
        }
        for each, block in zip(receipt.judged, settled, strict=True)
    ]
    return encoded(said)


def receipt_line(jti: str, receipt: str) -> bytes:
    """Write the line of a signed receipt."""
    return f'{{"kind":"receipt","id":"{jti}","receipt":"{receipt}"}}'.encode("ascii")


def overall(results: Sequence[str]) -> str:
    """Give the gravest of several results: INVALID, then UNKNOWN."""
    return next((result.value for result in _GRAVEST if result in results), Result.UNKNOWN.value)


def encoded(value: dict[str, Any]) -> bytes:
    """Write one line, without its line feed."""
    return orjson.dumps(value)


def decoded(line: bytes) -> dict[str, Any] | None:
    """Read one line; None where it is no JSON object."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _named(certificate: Any) -> dict[str, Value]:  # noqa: ANN401 - a mapping of JSON
    return {name: certificate[name] for name in ("iss", "vct", "serial")}

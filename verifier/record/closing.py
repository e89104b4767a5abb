"""How segments end: a signed closing beside each, and a signed tombstone where retention has taken one away.

Closing: a JWS, `typ` `ecert-segment+jwt`, `{segment, lines, hash, torn, time}`: how many lines there are, the hash of
the last, how many bytes of a torn line follow it. Tombstone: `typ` `ecert-dropped+jwt`, the same with the time of the
dropping and the closing inside. Both are signed with the receipt key of the process's kind: who has it can make a
record up, and nobody else can.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ecert import base64url
from ecert.certificate import Value
from ecert.errors import MalformedToken, UntrustedToken
from ecert.jwks import KeySet
from ecert.jws import read_jws
from ecert.suite import SigningKey, sign_jws
from verifier.errors import Refused
from verifier.record.lines import START, Place, chained, decoded
from verifier.record.segments import RecordFolder, Segment
from verifier.written_files import writing

CLOSED = "ecert-segment+jwt"
DROPPED = "ecert-dropped+jwt"
_MAX_SIZE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a segment holds: its whole lines, the hash of the last, and the bytes of a torn line after it."""

    lines: int
    hash: bytes
    torn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What a closing or a tombstone says; `time` is when it was signed."""

    segment: str
    extent: Extent
    time: int
    closing: str | None = None

    def last(self, segment: Segment) -> Place:
        """Give the place of the last line."""
        return Place(segment, self.extent.lines - 1, self.extent.hash)


def extent_of(content: bytes) -> Extent:
    """Measure the bytes of a segment; what does not read as a line at its very end is torn."""
    *lines, tail = content.split(b"\n")
    torn = len(tail)
    while lines and decoded(lines[-1]) is None:
        torn += len(lines.pop()) + 1
    last = START
    for line in lines:
        last = chained(last, line)
    return Extent(lines=len(lines), hash=last, torn=torn)


def close_segment(folder: RecordFolder, segment: Segment, key: SigningKey, now: int) -> Closing:
    """Close a segment that nobody writes any more; one that is closed already stays as it is.

    What a dead process wrote and did not sync is made durable first.
    """
    path = folder.closing(segment)
    if path.exists():
        return read_closing(path)
    with folder.lines(segment).open("rb") as file:
        os.fsync(file.fileno())
        closing = Closing(segment=str(segment), extent=extent_of(file.read()), time=now)
    write_signed(path, CLOSED, closing, key)
    return closing


def write_signed(path: Path, typ: str, closing: Closing, key: SigningKey) -> None:
    """Sign and write a closing or a tombstone, whole or not at all."""
    extent = closing.extent
    payload: dict[str, Value] = {
        "segment": closing.segment,
        "lines": extent.lines,
        "hash": base64url.encode(extent.hash),
        "torn": extent.torn,
        "time": closing.time,
    }
    if closing.closing is not None:
        payload["closing"] = closing.closing
    with writing(path) as file:
        file.write(sign_jws(key, {"typ": typ}, payload) + "\n")


def read_closing(path: Path, typ: str = CLOSED) -> Closing:
    """Read what a file of our own says, unchecked.

    Raises:
        Refused: it is no such file.
    """
    try:
        return _read(path.read_text("ascii").strip(), typ, None)
    except (MalformedToken, UnicodeDecodeError) as error:
        raise Refused(f"{path} is not right: {error}; run `ecert audit verify`") from error


def check_closing(token: str, typ: str, keys: KeySet, segment: Segment) -> Closing:
    """Read the closing or tombstone of a segment and rely on it; of a tombstone, the closing inside as well.

    Raises:
        MalformedToken: it is none.
        UntrustedToken: no key that signed at its time has signed it, or it is of something else.
    """
    closing = _read(token, typ, keys)
    if closing.segment != str(segment):
        raise UntrustedToken(f"is of another segment, {closing.segment}")
    if typ == DROPPED and check_closing(closing.closing or "", CLOSED, keys, segment).extent != closing.extent:
        raise UntrustedToken("it does not say what the closing inside it says")
    return closing


def _read(token: str, typ: str, keys: KeySet | None) -> Closing:
    read = read_jws(token, typ=typ, place="closing", max_size=_MAX_SIZE)
    claims = read.payload
    time = claims.number("time")
    if keys is not None and not read.is_signed_by(keys.signer(read.kid, time).public_key):
        raise UntrustedToken("the signature is not that of its key")
    extent = Extent(lines=claims.number("lines"), hash=claims.octets("hash"), torn=claims.number("torn"))
    closing = claims.maybe("closing", claims.text)
    return Closing(segment=claims.text("segment"), extent=extent, time=time, closing=closing)

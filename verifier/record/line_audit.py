"""What is wrong with the lines of one segment, read in order against what its signed receipts say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ecert import base64url
from ecert.certificate import Value
from ecert.errors import MalformedError, UntrustedToken
from ecert.jwks import KeySet
from ecert.jws import read_jws
from ecert.receipt import TYP
from verifier.record.lines import START, Place, chained, decoded, receipt_line
from verifier.record.segments import Segment

_MAX_RECEIPT = 64 << 20
_KINDS = frozenset({"segment", "verification", "receipt"})
Before = Place | None
"""The last line of the segment before; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something that is not as it was written: the file's name, the line (1 is the first; None: the whole), and why."""

    file: str
    line: int | None
    why: str

    def __str__(self) -> str:
        """Give `file:line: why`."""
        return f"{self.file}: {self.why}" if self.line is None else f"{self.file}:{self.line}: {self.why}"


UNKNOWN = Place(Segment("unknown", 0), -1, START)
"""The segment before is missing or not to be believed: nothing can be compared with it."""


class SegmentLines:
    """The lines of one segment, read in order against what receipts say of them."""

    def __init__(self, segment: Segment, keys: KeySet, before: Before) -> None:
        self._segment = segment
        self._file = f"{segment}.jsonl"
        self._keys = keys
        self._before = before
        self._place = Place(segment, -1, START)
        self._verified = self._place
        self._waiting: tuple[int, str] | None = None
        self.verifications = 0

    def flaws(self, lines: Sequence[bytes]) -> Iterator[Flaw]:
        """Find what is not right; after a line that is not, what the next receipt says is gone on from."""
        for number, line in enumerate(lines, start=1):
            self._place = Place(self._segment, self._place.position + 1, chained(self._place.hash, line))
            why = self._why(number, line)
            if why is not None:
                yield Flaw(file=self._file, line=number, why=why)

    def _why(self, number: int, line: bytes) -> str | None:
        said = decoded(line)
        kind = None if said is None else said.get("kind")
        waiting, self._waiting = self._waiting, None
        if said is None or kind not in _KINDS:
            return "is no line of the record"
        if (kind == "segment") != (number == 1):
            return "the first line does not name the segment" if number == 1 else "a segment begins in the middle"
        if kind == "receipt":
            return self._receipt(said, line, waiting)
        if waiting is not None:
            self._waiting = (number, str(said.get("id"))) if kind == "verification" else None
            return f"the receipt of line {waiting[0]} is missing before it"
        if kind == "segment":
            return self._header(said)
        self._waiting = (number, str(said.get("id")))
        self._verified = self._place
        return None

    def _header(self, said: Mapping[str, Value]) -> str | None:
        if (said.get("segment"), said.get("number")) != (str(self._segment), self._segment.number):
            return "names another segment"
        before = self._before
        if before == UNKNOWN:
            return None
        link = None if before is None else {"segment": str(before.segment), "hash": base64url.encode(before.hash)}
        return None if said.get("previous") == link else "does not follow the segment before it"

    def _receipt(self, said: Mapping[str, Value], line: bytes, waiting: tuple[int, str] | None) -> str | None:
        token = said.get("receipt")
        if waiting is None or not isinstance(token, str):
            return "is a receipt without its verification"
        try:
            named = self._signed(token)
        except (MalformedError, UntrustedToken) as error:
            return f"the receipt is not right: {error}"
        if line != receipt_line(named.jti, token):
            return "the line is not as it was written"
        place = self._place
        verified = self._verified
        self.verifications += 1
        self._place = Place(place.segment, named.position + 1, chained(named.hash, line))
        return _differs(named, verified, *waiting)

    def _signed(self, token: str) -> _Named:
        """Read what a receipt names, once its signature was checked."""
        read = read_jws(token, typ=TYP, place="receipt", max_size=_MAX_RECEIPT)
        claims = read.payload
        if not read.is_signed_by(self._keys.signer(read.kid, claims.number("iat")).public_key):
            raise UntrustedToken("its signature is not that of its key")
        audit = claims.members("audit")
        return _Named(
            jti=claims.text("jti"),
            segment=audit.text("segment"),
            position=audit.number("position"),
            hash=audit.octets("hash"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What a receipt says of the line before it."""

    jti: str
    segment: str
    position: int
    hash: bytes


def _differs(named: _Named, found: Place, line: int, verification: str) -> str | None:
    if named.jti != verification:
        return f"is the receipt of another verification than line {line}"
    if named.segment != str(found.segment):
        return f"is a receipt of another segment, {named.segment}"
    if named.position != found.position:
        return f"line {line} was line {named.position + 1}: lines before it were taken away, added or moved"
    return None if named.hash == found.hash else f"line {line}, or the one before it, is not as it was written"

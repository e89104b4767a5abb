"""What crosses the wire of `POST /v1/verifications`; anything that is not described here is refused."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ecert import base64url
from ecert.demands import Demands, Holder
from ecert.strict_json import MAX_INTEGER
from verifier.services.verifying import Asked

MAX_EXPECTED = 256
MAX_DOCUMENTS = 16
MAX_AGE_LIMIT = 86_400
LONGEST_TEXT = 4_000
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
DIGEST = r"^[A-Za-z0-9_-]{43}$"


def read_time(text: str) -> int:
    """Read RFC 3339 with an offset, a day (its first second at +08:00) or seconds; `ValueError` otherwise."""
    try:
        seconds = int(text) if text.isascii() and text.isdigit() else _moment(text)
    except OverflowError as error:
        raise ValueError("beyond every calendar") from error
    if not 0 <= seconds <= MAX_INTEGER:
        raise ValueError("before 1970, or beyond 2^53-1 seconds")
    return seconds


def _moment(text: str) -> int:
    found = datetime.fromisoformat(f"{text}T00:00:00+08:00" if _DAY.fullmatch(text) else text)
    if found.tzinfo is None:
        raise ValueError("a time needs its offset, such as 2026-05-03T09:00:00+08:00")
    return int(found.timestamp())


def _seconds(at: int | str | None) -> int | None:
    return read_time(at) if isinstance(at, str) else at


def _digest(text: str) -> str:
    base64url.decode(text)
    return text


class Stated(BaseModel):
    """Only members that are described; values are taken as they are, never converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StatedHolder(Stated):
    """Who the certificate must be of."""

    id: Annotated[str, Field(min_length=1, max_length=64, description="Number of an id document.")]
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class Demanded(Stated):
    """What is asked about a certificate."""

    expect: Annotated[
        dict[str, Any],
        Field(max_length=MAX_EXPECTED, description='Stated values by field name. Decimals are text: `"98.44"`.'),
    ] = Field(default_factory=dict)
    holder: StatedHolder | None = None
    at: Annotated[
        Annotated[int, Field(ge=0, le=MAX_INTEGER)] | Annotated[str, Field(max_length=40)] | None,
        AfterValidator(_seconds),
    ] = Field(
        default=None,
        description=(
            "The time asked about: seconds since 1970; a day, which stands for its first second at +08:00; or RFC 3339"
            " with an offset. Default: now."
        ),
        examples=["2026-05-03", "2026-05-03T09:00:00+08:00", 1777770000],
    )
    max_age: Annotated[int, Field(ge=1, le=MAX_AGE_LIMIT)] | None = Field(
        default=None, description="How old the facts may be, in seconds of block time."
    )
    documents: Annotated[
        list[Annotated[str, Field(pattern=DIGEST), AfterValidator(_digest)]], Field(max_length=MAX_DOCUMENTS)
    ] = Field(default_factory=list, description="SHA-256 of documents that came with the certificate, base64url.")

    def asked(self, default_max_age: int) -> Asked:
        """Give it as the service takes it."""
        holder = None if self.holder is None else Holder(id=self.holder.id, name=self.holder.name)
        max_age = default_max_age if self.max_age is None else self.max_age
        return Asked(
            demands=Demands(expect=self.expect, holder=holder, max_age=max_age),
            documents=tuple(map(base64url.decode, self.documents)),
            at=_seconds(self.at),
        )


class VerificationRequest(Demanded):
    """A certificate and what is asked about it."""

    certificate: dict[str, Any] | Annotated[str, Field(min_length=1)] = Field(
        description="The content of an `*.ecert.json` file as an object, or the compact form as text."
    )


class AsOfBlock(BaseModel):
    """The block that the facts were read at."""

    chain: str = Field(examples=["eip155:31337"])
    block: int
    hash: str = Field(pattern="^0x[0-9a-f]{64}$")
    time: int


class CheckAnswer(BaseModel):
    """What one of the 14 checks found."""

    number: int
    name: str
    outcome: Literal["pass", "fail", "unknown", "not_asked", "skipped"]
    reasons: list[str]
    detail: dict[str, Any]


class NamedCertificate(BaseModel):
    """Which certificate was judged. Nothing of its face."""

    iss: str
    agency_name: str | None
    vct: str
    type: str | None
    serial: int
    version: int
    nbf: int
    exp: int | None


class VerificationAnswer(BaseModel):
    """The verdict."""

    id: str
    result: Literal["VALID", "INVALID", "UNKNOWN"]
    reasons: list[str] = Field(description="Gravest first.")
    checks: list[CheckAnswer]
    at: int
    as_of: AsOfBlock | None
    notes: dict[str, Any]
    status_now: Literal["valid", "revoked", "suspended", "superseded"] | None
    certificate: NamedCertificate | None


class ProblemAnswer(BaseModel):
    """RFC 9457."""

    type: str = Field(examples=["urn:ecert:problem:too_large"])
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None
    instance: str | None = None

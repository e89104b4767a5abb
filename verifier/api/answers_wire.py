"""What `POST /v1/verifications` answers: verdicts with their receipts, or a problem."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

StatusWord = Literal["valid", "revoked", "suspended", "superseded"]


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


class ChoiceAnswer(BaseModel):
    """One of several certificates that a look-up led to."""

    agency: str
    agency_name: str | None
    serial: int
    type: str
    status: StatusWord
    values: dict[str, Any] = Field(
        description="Its number, where the matter may read that, and all that must be compared was stated and is equal."
    )


class VerdictAnswer(BaseModel):
    """The verdict."""

    result: Literal["VALID", "INVALID", "UNKNOWN"]
    reasons: list[str] = Field(description="Gravest first.")
    checks: list[CheckAnswer]
    at: int
    as_of: AsOfBlock | None
    notes: dict[str, Any]
    status_now: StatusWord | None
    certificate: NamedCertificate | None
    values: dict[str, Any] | None = Field(
        default=None, description="After a look-up or a code: what the matter may read, if all was compared and equal."
    )
    choices: list[ChoiceAnswer] | None = Field(
        default=None, description="With `several_found`: the newest, 100 at most."
    )
    more_choices: bool | None = Field(
        default=None, description="With `choices`: older ones were found, too, and are not listed."
    )
    complete_since: dict[str, int] | None = Field(
        default=None,
        description="With `not_found`, where neither agency nor serial was named: agency -> since when its records of"
        " the type are complete.",
    )


class ReceiptAnswer(BaseModel):
    """What is told of the record."""

    id: str = Field(description="Finds the record: `GET /v1/verifications/{id}`.")
    receipt: str | None = Field(default=None, description="A JWS: what was answered, signed.")
    stated_salt: str | None = Field(
        default=None, description="The salt of the receipt's `stated`: keep it to prove what you stated."
    )


class VerificationAnswer(ReceiptAnswer, VerdictAnswer):
    """The verdict with its receipt."""


class BatchAnswer(ReceiptAnswer):
    """All verdicts, in the order of the request, with one receipt."""

    as_of: AsOfBlock
    results: list[VerdictAnswer]


class ProblemAnswer(BaseModel):
    """RFC 9457. What a program does about each `type` is in docs/api.md."""

    type: str = Field(examples=["urn:ecert:problem:too_large"])
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None
    instance: str | None = None

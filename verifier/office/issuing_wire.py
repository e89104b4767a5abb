"""What crosses the wire of issuing and of what agencies ask about their certificates; nothing else is taken."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ecert.issuing import MAX_SUPERSEDES
from ecert.strict_json import MAX_INTEGER
from verifier.api.answers_wire import StatusWord
from verifier.api.queries import Query, WholeNumber
from verifier.api.wire import DIGEST, MAX_EXPECTED, Line, Stated

LONGEST_REASON = 500
_Day = Annotated[str, Field(max_length=40, examples=["2026-05-03"])]
_Serial = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Time = Annotated[str, Field(max_length=40)]
MOST_LISTED = 1000
StateWord = Literal["gathering", "anchoring", "supersession_pending", "settled", "refused", "withdrawn", "withheld"]


class StatedDocument(Stated):
    """A file that belongs to the certificate; it stays where it is."""

    sha256: Annotated[str, Field(pattern=DIGEST, description="SHA-256, base64url.")]
    media_type: Annotated[str, Field(min_length=3, max_length=127, examples=["application/pdf"])]
    size: Annotated[int, Field(ge=0, le=MAX_INTEGER, description="Bytes.")]


class IssuanceRequest(Stated):
    """One certificate to issue."""

    type: Annotated[
        str, Field(min_length=1, max_length=200, description="Slug or `vct`.", examples=["deed-tax-payment"])
    ]
    fields: Annotated[
        dict[str, Any],
        Field(max_length=MAX_EXPECTED, description='Values by field name. Decimals are text: `"98.44"`.'),
    ]
    valid_from: _Day | None = Field(default=None, description="First valid day. Default: today.")
    valid_until: _Day | None = Field(default=None, description="Last valid day, inclusive. Default: no end.")
    document: StatedDocument | None = None
    legacy: bool | None = Field(
        default=None, description="As an old record, which may lack fields; default: if need be."
    )
    supersedes: Annotated[list[_Serial], Field(max_length=MAX_SUPERSEDES)] = Field(
        default_factory=list,
        description="Serials of the agency's own certificates that this one replaces: valid ones, which nothing else"
        " replaces. One certificate cannot be split into several by this call, since the ledger takes all successors of"
        " a certificate at once.",
    )
    version: Annotated[int, Field(ge=1, le=MAX_INTEGER)] = Field(
        default=1, description="Of the same paper certificate; above 1 only with `supersedes`."
    )


class IssuanceAnswer(BaseModel):
    """A certificate is stored and will be anchored; it can be fetched once it is settled."""

    agency: str
    serial: int
    type: str
    state: StateWord
    certificate: str = Field(description="Where to fetch it.", examples=["/v1/certificates/REGISTRY-1/7"])


class StandingAnswer(BaseModel):
    """Where a certificate is. `waiting`: what it waits for, or what stands against it."""

    agency: str
    serial: int
    type: str | None
    state: StateWord
    status: StatusWord | None
    waiting: str | None


class TypeQuery(Query):
    """The type whose numbers are given; none: serials are."""

    type: _Text | None = Field(default=None, description="What the number is a number of.")


class CertificatesQuery(Query):
    """What is looked for. `from`, `to`: when it was stored, to within its batch; `to` is the first moment after."""

    type: _Text | None = Field(default=None, description="Slug or `vct`.")
    number: _Text | None = Field(default=None, description="The number on the certificate; with `type`.")
    holder: _Text | None = Field(default=None, description="The holder's id number; with `type`.")
    status: StatusWord | None = None
    since: _Time | None = Field(default=None, alias="from", description="A day, or RFC 3339 with an offset.")
    until: _Time | None = Field(default=None, alias="to", description="A day, or RFC 3339 with an offset.")
    after: Annotated[WholeNumber, Field(ge=0, le=MAX_INTEGER)] | None = Field(
        default=None, description="`after` of the page before."
    )
    limit: Annotated[WholeNumber, Field(ge=1, le=MOST_LISTED)] = 100


class ListedCertificate(BaseModel):
    """One certificate of a list; nothing of its face."""

    agency: str
    serial: int
    type: str | None
    state: StateWord
    status: StatusWord | None
    stored: int = Field(description="When its batch was begun, in seconds.")
    certificate: str


class CertificatesAnswer(BaseModel):
    """A page. `after`: what to ask the next page with; null: there is none."""

    certificates: list[ListedCertificate]
    after: int | None


class StatusRequest(Stated):
    """A change of status."""

    action: Literal["suspend", "reinstate", "revoke"]
    reason: Annotated[Line, Field(max_length=LONGEST_REASON, description="Is kept here, and never put on the ledger.")]


class CallAnswer(BaseModel):
    """A write to the ledger. `waiting`: what holds it up; `error`: why the ledger refused it for good."""

    id: int
    agency: str
    kind: Literal["anchor", "suspend", "reinstate", "revoke", "supersede"]
    state: Literal["queued", "signed", "sent", "mined", "settled", "failed"]
    waiting: str | None
    error: str | None
    transaction: str | None = Field(pattern="^0x[0-9a-f]{64}$")
    block: int | None
    created: int
    updated: int


class StatusAnswer(BaseModel):
    """What was asked for: the serials that `calls` change, and those that are so `already`."""

    agency: str
    changed: list[int]
    already: list[int]
    calls: list[CallAnswer]


class CodeAnswer(BaseModel):
    """A code, which is shown this once; the one before opens nothing any more."""

    agency: str
    serial: int
    code: str = Field(description="32 digits, in groups of four.")

"""What is asked of `POST /v1/verifications`; anything that is not described here is refused."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ecert import base64url
from ecert.demands import Challenge, Demands, Holder
from ecert.parsing import MAX_SIZE
from ecert.strict_json import MAX_INTEGER
from verifier.api.flaws import NOT_PLAIN
from verifier.callers import Ground, Occasion
from verifier.plain_text import is_plain
from verifier.services.submitted import DocumentAlone, LookUp, Submitted
from verifier.services.verification import Asked, Presented
from verifier.times import read_time

MAX_EXPECTED = 256
MAX_DOCUMENTS = 16
MAX_AGE_LIMIT = 86_400
MAX_BATCH = 1_000
_FILE = frozenset({"protected", "payload", "signature", "header"})
_HEADER = frozenset({"disclosures", "ecert"})
DIGEST = r"^[A-Za-z0-9_-]{43}$"
Agency = Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,32}$", examples=["HOUSING-3"])]
"""An agency's code (docs/format.md, section 1); nothing else is asked of a database."""


def _seconds(at: int | str | None) -> int | None:
    return None if at is None else read_time(at)


def _digest(text: str) -> str:
    base64url.decode(text)
    return text


def _plain(text: str) -> str:
    if not is_plain(text):
        raise PydanticCustomError(NOT_PLAIN, "not one line of plain text")
    return text


Line = Annotated[str, Field(min_length=1), AfterValidator(_plain)]
"""What a caller calls something, and what lists, tables and terminals show: one line in which nothing is hidden."""


class Stated(BaseModel):
    """Only members that are described; values are taken as they are, never converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StatedHolder(Stated):
    """Who the certificate must be of."""

    id: Annotated[str, Field(min_length=1, max_length=64, description="Number of an id document.")]
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class StatedChallenge(Stated):
    """What the holder must have signed with its key: the caller's nonce, and who the caller is."""

    nonce: Annotated[str, Field(min_length=1, max_length=200)]
    audience: Annotated[str, Field(min_length=1, max_length=400)]


class Questions(Stated):
    """What is asked about a certificate."""

    expect: Annotated[
        dict[str, Any],
        Field(max_length=MAX_EXPECTED, description='Stated values by field name. Decimals are text: `"98.44"`.'),
    ] = Field(default_factory=dict)
    holder: StatedHolder | None = None
    challenge: StatedChallenge | None = Field(
        default=None, description="The holder must prove possession: with this nonce, for this audience."
    )
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
        default=None, description="How old the facts may be, in seconds of block time; a matter may allow less."
    )
    documents: Annotated[
        list[Annotated[str, Field(pattern=DIGEST), AfterValidator(_digest)]], Field(max_length=MAX_DOCUMENTS)
    ] = Field(default_factory=list, description="SHA-256 of documents that came with the certificate, base64url.")

    def asked(self, default_max_age: int) -> Asked:
        """Give it as the service takes it."""
        holder = None if self.holder is None else Holder(id=self.holder.id, name=self.holder.name)
        challenge = self.challenge
        proof = None if challenge is None else Challenge(nonce=challenge.nonce, audience=challenge.audience)
        max_age = default_max_age if self.max_age is None else self.max_age
        return Asked(
            demands=Demands(expect=self.expect, holder=holder, key_binding=proof, max_age=max_age),
            documents=tuple(map(base64url.decode, self.documents)),
            at=_seconds(self.at),
        )


class Occasioned(Stated):
    """What a verification is for. Who says who it is must say all of it, or have it among its defaults."""

    matter: Annotated[Line, Field(max_length=64)] | None = Field(
        default=None, description="Code of the matter.", examples=["deed-tax-home"]
    )
    case: Annotated[Line, Field(max_length=128)] | None = Field(
        default=None, description="The caller's own file number.", examples=["2026-契-004711"]
    )
    ground: Ground | None = Field(default=None, strict=False, description="What entitles the caller.")
    operator: Annotated[Line, Field(max_length=64)] | None = Field(
        default=None, description="Who acts; needed with the ground `duty`, and never believed of a person."
    )
    nonce: Annotated[Line, Field(max_length=200)] | None = Field(default=None, description="Repeated in the receipt.")

    def occasion(self) -> Occasion:
        """Give it as the service takes it."""
        return Occasion(
            matter=self.matter, case=self.case, ground=self.ground, operator=self.operator, nonce=self.nonce
        )


class StatedLookUp(Stated):
    """What to look a certificate up by, where the matter allows it."""

    type: Annotated[str, Field(min_length=1, max_length=80, examples=["real-estate-title"])]
    by: Annotated[
        str,
        Field(
            min_length=1,
            max_length=64,
            description="A field that is a number, `number` for the type's own, `identifier`, or `holder` (an id).",
            examples=["unit_number"],
        ),
    ]
    value: Annotated[str, Field(min_length=1, max_length=200)]
    agency: Agency | None = Field(
        default=None, description="The agency whose certificate is meant, alone or with `serial`."
    )
    serial: Annotated[int, Field(ge=0, le=MAX_INTEGER)] | None = Field(
        default=None, description="The serial that is meant, alone or with `agency`."
    )


class OfDocument(Stated):
    """Which certificate of a document is meant, where it has several."""

    agency: Agency | None = Field(
        default=None, description="With a document alone: the agency whose certificate is meant."
    )
    serial: Annotated[int, Field(ge=0, le=MAX_INTEGER)] | None = Field(
        default=None, description="With a document alone: the serial of the certificate that is meant."
    )

    def document_of(self, sha256: bytes) -> DocumentAlone:
        """Give the document as the service takes it."""
        return DocumentAlone(sha256=sha256, agency=self.agency, serial=self.serial)


class Question(Questions, OfDocument):
    """One of `certificate`, `code`, `document` and `lookup`, and what is asked about it."""

    certificate: dict[str, Any] | Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="The content of an `*.ecert.json` file as an object, or the compact form as text."
    )
    code: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="The 32 digits of a QR or a slip of paper, with or without spaces."
    )
    document: Annotated[str, Field(pattern=DIGEST), AfterValidator(_digest)] | None = Field(
        default=None, description="SHA-256 of a PDF, OFD or image whose certificate is looked for, base64url."
    )
    lookup: StatedLookUp | None = None

    def submitted(self, occasion: Occasion, default_max_age: int, place: str = "") -> Submitted:
        """Give it as the service takes it."""
        lookup = self.lookup
        return Submitted(
            asked=self.asked(default_max_age),
            occasion=occasion,
            certificate=_presented(self.certificate),
            code=self.code,
            document=None if self.document is None else self.document_of(base64url.decode(self.document)),
            lookup=None if lookup is None else LookUp(**lookup.model_dump()),
            place=place,
        )


def _presented(certificate: dict[str, Any] | str | None) -> Presented | None:
    """Give the certificate as it was read, or as bytes again where it may be longer than one can be."""
    if certificate is None or (isinstance(certificate, dict) and _is_short(certificate)):
        return certificate
    text = certificate if isinstance(certificate, str) else json.dumps(certificate, ensure_ascii=False)
    return text.encode()


def _is_short(certificate: dict[str, Any]) -> bool:
    """Tell whether all the text in a certificate's usual places is far from the limit, and nothing stands elsewhere."""
    header = certificate.get("header")
    if certificate.keys() != _FILE or not isinstance(header, dict) or header.keys() != _HEADER:
        return False
    disclosures, ecert = header["disclosures"], header["ecert"]
    if not isinstance(disclosures, list) or not isinstance(ecert, dict) or ecert.keys() != {"path"}:
        return False
    texts = [*disclosures, certificate["protected"], certificate["payload"], certificate["signature"]]
    return all(isinstance(each, str) for each in texts) and sum(map(len, texts)) < MAX_SIZE // 2


class VerificationRequest(Question, Occasioned):
    """One verification."""


class FormRequest(Questions, OfDocument, Occasioned):
    """What goes with the certificate in a form."""


class BatchRequest(Occasioned):
    """Up to 1,000 verifications for one matter and case, judged as of one block, with one receipt."""

    verifications: Annotated[list[Question], Field(min_length=1, max_length=MAX_BATCH)]

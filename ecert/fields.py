"""A field of a certificate's face: its name, its kind, and how it is called in both languages. Data, not code.

`kind` says what a value is; a field of kind text can have a `form`, when it is a number that people write with or
without spaces, and of which some have a form or check digit of their own; a list says what it is `of`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What a field's value is."""

    TEXT = "text"
    DATE = "date"
    INTEGER = "integer"
    DECIMAL = "decimal"
    CITIZEN_ID = "citizen_id"
    USCC = "uscc"
    LIST = "list"
    DOCUMENT = "document"


class Form(StrEnum):
    """What kind of number a text is; any of them is kept in NFKC without spaces."""

    NUMBER = "number"
    PROPERTY_UNIT = "property_unit"
    FOOD_PERMIT = "food_permit"
    TAXPAYER_ID = "taxpayer_id"
    IDENTIFIER = "identifier"


class ListOf(StrEnum):
    """What a list holds: people with ids, or records of any other shape."""

    PEOPLE = "people"
    RECORDS = "records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The same said in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `form` only with text, `of` only (and always) with a list. `note` is shown to whoever fills it in.

    Only with decimals: `least`, which a value must reach, and `more_than`, which it must exceed.
    """

    name: str
    kind: Kind
    required: bool
    en: str
    zh: str
    form: Form | None = None
    of: ListOf | None = None
    least: Decimal | None = None
    more_than: Decimal | None = None
    note: Words | None = None


IDENTIFIER = Field(
    name="identifier",
    kind=Kind.TEXT,
    form=Form.IDENTIFIER,
    required=False,
    en="E-certificate identifier",
    zh="电子证照标识",
    note=Words(en="GB/T 36904; a wrong check character is only noted", zh="GB/T 36904；校验位有误仅作提示"),
)
DOCUMENT = Field(
    name="document",
    kind=Kind.DOCUMENT,
    required=False,
    en="Original document",
    zh="原件文件",
    note=Words(en="SHA-256 of the PDF or OFD file, its type and size", zh="PDF 或 OFD 原件的 SHA-256、类型与大小"),
)
COMMON_FIELDS = (IDENTIFIER, DOCUMENT)
"""The fields that every certificate has, after those of its type."""

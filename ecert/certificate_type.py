"""A certificate type: what a certificate is of, with its fields, as a value.

Types are data (`ecert.type_file` reads them); this module says what a type is and how it is named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType

from ecert.fields import COMMON_FIELDS, Field, Words

_TYPES_KEPT = 1024
VALID_FROM = "valid_from"
VALID_UNTIL = "valid_until"
VCT_PREFIX = "urn:ecert:type:"
_VCT = re.compile(VCT_PREFIX + r"(?:[0-9A-Z]{18}[0-9]{3}|[a-z0-9-]{1,32}:[a-z0-9-]{1,64}:[1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderPlace:
    """Where a holder's id and name stand: two fields, or (`list`) two members of each item of a list of people."""

    id: str
    name: str
    list: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Legacy:
    """Records whose validity began `before` that day may lack these required fields."""

    before: date
    may_lack: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateType:
    """One type. Its names stand for fields of its own unless said otherwise.

    `number`: what people ask for the certificate by. `essential`: without these the certificate must not be relied on.
    `says_nothing_about`: what a VALID must not be read as. `exclusive_by`: at most one valid certificate for each value
    of it. `consumable`: may be used once. `composite_by`: the list of the certificates that it is made of.
    `order`: pairs of dates, the earlier first; `valid_from` and `valid_until` may stand in them.
    """

    slug: str
    code: str | None
    vct: str
    en: str
    zh: str
    holder: Words
    issued_by: Words
    validity: Words
    fields: tuple[Field, ...]
    number: str
    holders: tuple[HolderPlace, ...]
    essential: frozenset[str]
    legacy: Legacy | None = None
    says_nothing_about: Words | None = None
    exclusive_by: str | None = None
    consumable: bool = False
    composite_by: str | None = None
    order: tuple[tuple[str, str], ...] = ()
    slots: tuple[str, ...] = field(init=False)
    vct_hash: bytes = field(init=False)
    _by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the slots (fields in their order, then the common ones) and the name on the ledger."""
        by_name = {each.name: each for each in (*self.fields, *COMMON_FIELDS)}
        object.__setattr__(self, "_by_name", MappingProxyType(by_name))
        object.__setattr__(self, "slots", tuple(by_name))
        object.__setattr__(self, "vct_hash", vct_hash(self.vct))

    def field(self, name: str) -> Field | None:
        """Give the field of that name, common ones included."""
        return self._by_name.get(name)


@lru_cache(_TYPES_KEPT)
def vct_hash(vct: str) -> bytes:
    """Give a type's name on the ledger: SHA-256 of the `vct`."""
    return sha256(vct.encode()).digest()


def check_vct(text: str) -> bool:
    """Tell whether a text has the form of a `vct` (design section 1)."""
    return _VCT.fullmatch(text) is not None

"""Certificate types, all that others need of them: what they are, how their files are read, and a catalogue.

A type is one JSON file (`ecert/certificate_types/<slug>.json`, or any that a bureau adds). Whoever can change a type
file can change what is required of a certificate, never what an issued one says: the files are trusted like the
program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Self

from ecert.certificate_type import CertificateType, HolderPlace, Legacy, check_vct, vct_hash
from ecert.errors import MalformedType
from ecert.fields import COMMON_FIELDS, DOCUMENT, IDENTIFIER, Field, Form, Kind, ListOf, Words
from ecert.type_file import parse_type

__all__ = [
    "COMMON_FIELDS",
    "DOCUMENT",
    "IDENTIFIER",
    "CertificateType",
    "Field",
    "Form",
    "HolderPlace",
    "Kind",
    "Legacy",
    "ListOf",
    "TypeCatalogue",
    "Words",
    "bundled_types",
    "check_vct",
    "parse_type",
    "vct_hash",
]


class TypeCatalogue:
    """The types that somebody knows, found by slug, by `vct` or by their name on the ledger. Immutable."""

    __slots__ = ("_by_hash", "_by_slug", "_by_vct")

    def __init__(self, types: Iterable[CertificateType]) -> None:
        self._by_slug: dict[str, CertificateType] = {}
        self._by_vct: dict[str, CertificateType] = {}
        for each in types:
            if each.slug in self._by_slug or each.vct in self._by_vct:
                raise MalformedType(each.slug, "a type of this slug or vct is there already")
            self._by_slug[each.slug] = self._by_vct[each.vct] = each
        self._by_hash = {each.vct_hash: each for each in self._by_slug.values()}

    @classmethod
    def bundled(cls) -> Self:
        """Give the types that come with this package."""
        return cls(bundled_types().values())

    def by_slug(self, slug: str) -> CertificateType | None:
        """Find a type by its slug."""
        return self._by_slug.get(slug)

    def by_vct(self, vct: str) -> CertificateType | None:
        """Find a type by its `vct`."""
        return self._by_vct.get(vct)

    def by_hash(self, digest: bytes) -> CertificateType | None:
        """Find a type by the 32 bytes that name it on the ledger."""
        return self._by_hash.get(digest)

    def __iter__(self) -> Iterator[CertificateType]:
        """Go through the types in the order they were given."""
        return iter(self._by_slug.values())

    def __len__(self) -> int:
        """Count the types."""
        return len(self._by_slug)


@cache
def bundled_types() -> Mapping[str, CertificateType]:
    """Read the types that come with this package, by slug, in the order of their files' names."""
    folder = resources.files("ecert") / "certificate_types"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    types = [parse_type(file.read_text("utf-8"), file.name) for file in files]
    return MappingProxyType({each.slug: each for each in types})

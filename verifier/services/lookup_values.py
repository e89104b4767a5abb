"""By what a certificate can be found across agencies: kinds of value, and values in their normal form.

A certificate is found by every field of its type that has a form, by its type's number, by each of its holders' ids
(`holder`), by its e-certificate identifier, all within its type; and by the file that it names (`document`), whose
hash is enough by itself. Two values find the same where they compare as equal (`ecert.normal_forms`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from ecert import base64url
from ecert.certificate import Value
from ecert.certificate_type import CertificateType
from ecert.errors import UnreadableValue
from ecert.fields import DOCUMENT, Field
from ecert.normal_forms import normalise, normalise_id

NUMBER = "number"
HOLDER = "holder"
ANY_TYPE = ""
"""Stands for the type of a value that is found in certificates of every type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where in certificates of a type stands what they are found by; `fields` by name."""

    certificate_type: CertificateType
    fields: Mapping[str, Field]

    @classmethod
    def of(cls, certificate_type: CertificateType) -> Self:
        """Find the places of a type."""
        fields = (certificate_type.field(name) for name in certificate_type.slots)
        found = {
            each.name: each
            for each in fields
            if each is not None and (each.form is not None or each.name == certificate_type.number)
        }
        return cls(certificate_type=certificate_type, fields=found)

    def values(self, said: Mapping[str, Value]) -> Iterator[tuple[str, str, str]]:
        """Give (kind, `vct`, value) of all that a certificate is found by; `said`: its fields by name.

        What cannot be read is passed over: a certificate from elsewhere may say what we would not sign.
        """
        vct = self.certificate_type.vct
        for name, field in self.fields.items():
            if (value := _normal(field, said.get(name))) is not None:
                yield name, vct, value
        for holder in _holders(self.certificate_type, said):
            yield HOLDER, vct, holder
        if (document := _normal(DOCUMENT, said.get(DOCUMENT.name))) is not None:
            yield DOCUMENT.name, ANY_TYPE, document

    def asked(self, by: str, value: str) -> tuple[str, str, str] | None:
        """Give (kind, `vct`, value) of what somebody asks for; None where the type is not found by that.

        Raises:
            UnreadableValue: the value cannot be one of its field.
        """
        if by == HOLDER:
            return HOLDER, self.certificate_type.vct, normalise_id(value)
        name = self.certificate_type.number if by == NUMBER else by
        field = self.fields.get(name)
        return None if field is None else (name, self.certificate_type.vct, str(normalise(field, value)))


def asked_document(sha256: bytes) -> tuple[str, str, str]:
    """Give (kind, `vct`, value) of a file with this hash."""
    return DOCUMENT.name, ANY_TYPE, base64url.encode(sha256)


def _normal(field: Field, value: Value) -> str | None:
    if value is None:
        return None
    try:
        return str(normalise(field, value)) or None
    except UnreadableValue:
        return None


def _holders(certificate_type: CertificateType, said: Mapping[str, Value]) -> Iterator[str]:
    """Give the normal form of each id of a holder, each once."""
    seen: set[str] = set()
    for place in certificate_type.holders:
        listed = said.get(place.list) if place.list is not None else [dict(said)]
        for each in listed if isinstance(listed, list) else ():
            written = each.get(place.id) if isinstance(each, dict) else None
            holder = normalise_id(written) if isinstance(written, str) else ""
            if holder and holder not in seen:
                seen.add(holder)
                yield holder

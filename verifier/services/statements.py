"""Refusing statements that could not be compared with any certificate, which are the caller's mistakes.

A name that no type knows is such a mistake. A name of another type is none: which type somebody presents is not the
caller's choice, and the verdict says `not_compared`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ecert.certificate import Value
from ecert.certificate_type import CertificateType
from ecert.fields import COMMON_FIELDS, Field, Kind
from ecert.types import TypeCatalogue
from verifier.problems import Code, Flaw, RequestRefused, suggestion


def refuse_incomparable(known: CertificateType | None, expect: Mapping[str, Value], types: TypeCatalogue) -> None:
    """Refuse stated values that can be compared with nothing; where the type is not known here, nothing is refused.

    Raises:
        RequestRefused: with every such statement.
    """
    if known is None:
        return
    found = [flaw for name, value in expect.items() if (flaw := _flaw(name, value, known, types)) is not None]
    if found:
        raise RequestRefused(Code.NOT_UNDERSTOOD, "What is stated cannot be compared.", found)


def _flaw(name: str, value: Value, known: CertificateType, types: TypeCatalogue) -> Flaw | None:
    field = known.field(name)
    if field is None:
        return None if _is_elsewhere(name, types) else _unknown(name, known)
    why = _why_not(field, value, known)
    return None if why is None else Flaw(place=f"expect.{name}", why=why)


def _unknown(name: str, known: CertificateType) -> Flaw:
    return Flaw(place=f"expect.{name}", why=f"no certificate has such a field{suggestion(name, known.slots)}")


def _is_elsewhere(name: str, types: TypeCatalogue) -> bool:
    return any(each.field(name) is not None for each in types)


def _why_not(field: Field, value: Value, known: CertificateType) -> str | None:
    if value is None:
        return None if _may_be_absent(field, known) else "a value is due: this field is never without one"
    if field.kind is Kind.LIST:
        return None if isinstance(value, str | list) else "a list is due"
    if field.kind is Kind.DOCUMENT:
        return None if isinstance(value, str | dict) else "a SHA-256 digest as text, or an object, is due"
    if isinstance(value, dict | list | bool):
        return "text is due, or a whole number"
    return None


def _may_be_absent(field: Field, known: CertificateType) -> bool:
    lacking = frozenset[str]() if known.legacy is None else known.legacy.may_lack
    return field in COMMON_FIELDS or not field.required or field.name in lacking

"""Refusing statements that could not be compared with any certificate, which are the caller's mistakes.

A name that no type knows is such a mistake. A name of another type is none: which type somebody presents is not the
caller's choice, and the verdict says `not_compared`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ecert.certificate import Value
from ecert.certificate_type import CertificateType
from ecert.fields import COMMON_FIELDS, Field, Kind
from ecert.types import TypeCatalogue
from verifier.problems import Code, Flaw, RequestRefused, suggestion


def refuse_incomparable(among: Collection[CertificateType], expect: Mapping[str, Value], types: TypeCatalogue) -> None:
    """Refuse stated values that can be compared with no certificate of the types `among`; where it is none, nothing.

    Before anything is looked up: a refusal is not recorded, and would tell whether there is such a certificate.

    Raises:
        RequestRefused: with every such statement.
    """
    if not among:
        return
    found = [flaw for name, value in expect.items() if (flaw := _flaw(name, value, among, types)) is not None]
    if found:
        raise RequestRefused(Code.NOT_UNDERSTOOD, "What is stated cannot be compared.", found)


def _flaw(name: str, value: Value, among: Collection[CertificateType], types: TypeCatalogue) -> Flaw | None:
    fields = [(field, each) for each in among if (field := each.field(name)) is not None]
    if not fields:
        return None if _is_elsewhere(name, types) else _unknown(name, among)
    reasons = [_why_not(field, value, each) for field, each in fields]
    return None if None in reasons else Flaw(place=f"expect.{name}", why=f"{reasons[0]}")


def _unknown(name: str, among: Collection[CertificateType]) -> Flaw:
    slots = list(dict.fromkeys(slot for each in among for slot in each.slots))
    return Flaw(place=f"expect.{name}", why=f"no certificate has such a field{suggestion(name, slots)}")


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

"""A verification as a page shows it: words and lines in one language, nothing left to decide for the template."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from ecert.certificate import Certificate, Value
from ecert.certificate_type import CertificateType
from ecert.explaining import Language, Said, day, explain_all, moment
from ecert.fields import COMMON_FIELDS, Field, Kind, ListOf
from ecert.parsing import misencoded
from ecert.verdict import Check, Reason, Result
from verifier.pages.words import CHECKS, ID_TYPES, OUTCOMES, RESULTS, WORDS
from verifier.plain_text import plain
from verifier.services.verification import Verification

_BEFORE_TEXT = b" \t\r\n\xef\xbb\xbf\xff\xfe\x00"
"""White space, and what some editors put before a text."""
_LONGEST_NAME = 60
_NAME_END = 20
_TIMES = frozenset({"added", "compromised_since", "doubt_since", "exp", "moment", "nbf", "retired", "since"})
"""What is a time in the detail of a check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """One line of the face; `lines` are several for a list, `muted` where there is nothing to read."""

    label: str
    lines: tuple[str, ...]
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCheck:
    """One of the 14 checks."""

    number: int
    name: str
    outcome: str
    outcome_word: str
    detail: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVerification:
    """All that the answer's template needs."""

    result: str
    result_word: str
    about: str
    as_of: str | None
    block: str | None
    title: str | None
    facts: tuple[ShownField, ...]
    reasons: tuple[Said, ...]
    notes: tuple[str, ...]
    fields_title: str
    fields: tuple[ShownField, ...]
    checks: tuple[ShownCheck, ...]


def shown(
    verification: Verification, presented: bytes, language: Language, filename: str | None = None
) -> ShownVerification:
    """Prepare a verification of what was `presented`, in a file of this name or else as text, for showing."""
    verdict, certificate, known = verification.verdict, verification.certificate, verification.certificate_type
    as_of = verdict.as_of
    return ShownVerification(
        result=verdict.result,
        result_word=language.of(RESULTS[verdict.result]),
        about=language.of(WORDS["pasted"]) if filename is None else short_name(filename),
        as_of=None if as_of is None else moment(as_of.time, language),
        block=None if as_of is None else f"{as_of.block:,} (0x{as_of.hash.hex()[:8]}…)",
        title=None if certificate is None else _title(certificate, known, language),
        facts=() if certificate is None else _facts(verification, certificate, language),
        reasons=tuple(_kindly(said, presented, language) for said in reasons(verification, language)),
        notes=_notes(verification, language),
        fields_title=language.of(WORDS[f"fields_{verdict.result}"]),
        fields=() if certificate is None else _fields(certificate, known, language),
        checks=tuple(_check(check, language) for check in verdict.checks),
    )


def reasons(verification: Verification, language: Language) -> tuple[Said, ...]:
    """Say every reason once, gravest first."""
    verdict, known = verification.verdict, verification.certificate_type

    def label(name: str) -> str:
        return _label(_field(known, name), name, language)

    return explain_all(verdict.result, verdict.reasons, verdict.checks, language, label)


def short_name(filename: str) -> str:
    """Give a file's name as a line of the page can have it: its end stays, and nothing in it moves other words."""
    name = plain(filename)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - _NAME_END - 1]}…{name[-_NAME_END:]}"


def _kindly(said: Said, presented: bytes, language: Language) -> Said:
    """Say of what is no certificate whether it never was one or was damaged since, by how it begins."""
    if said.reason is not Reason.MALFORMED:
        return said
    begins = presented.lstrip(_BEFORE_TEXT)[:6].replace(b"\0", b"").startswith((b"{", b"eyJ"))
    if not begins:
        return replace(said, so=language.of(WORDS["no_certificate"]))
    encoding = misencoded(presented)
    if encoding is None:
        return replace(said, so=language.of(WORDS["damaged"]))
    return replace(said, so=language.of(WORDS["misencoded"]).format(encoding=encoding))


def _title(certificate: Certificate, known: CertificateType | None, language: Language) -> str:
    return certificate.vct if known is None else language.of(known)


def _facts(verification: Verification, certificate: Certificate, language: Language) -> tuple[ShownField, ...]:
    name = verification.agency_name
    agency = certificate.iss.agency if name is None else f"{name} ({certificate.iss.agency})"
    start = day(certificate.nbf, language)
    end = language.of(WORDS["no_end"]) if certificate.exp is None else day(certificate.exp - 1, language)
    return (
        ShownField(label=language.of(WORDS["agency"]), lines=(agency,)),
        ShownField(label=language.of(WORDS["serial"]), lines=(str(certificate.serial),)),
        ShownField(label=language.of(WORDS["period"]), lines=(f"{start} – {end}",)),
    )


def _notes(verification: Verification, language: Language) -> tuple[str, ...]:
    notes = verification.verdict.notes
    lines = [language.of(WORDS[name]) for name in ("legacy_record", "identifier_check") if notes.get(name)]
    known, result = verification.certificate_type, verification.verdict.result
    if known is not None and known.says_nothing_about is not None and result is not Result.INVALID:
        lines.append(f"{language.of(WORDS['says_nothing_about'])}{language.of(known.says_nothing_about)}")
    if result is Result.VALID:
        lines.append(language.of(WORDS["not_asked_hint"]))
    return tuple(lines)


def _fields(certificate: Certificate, known: CertificateType | None, language: Language) -> tuple[ShownField, ...]:
    values = {disclosure.name: disclosure.value for disclosure in certificate.disclosures}
    order = certificate.slots if known is None else known.slots
    names = [*(name for name in order if name in certificate.slots), *(name for name in values if name not in order)]
    return tuple(_shown_field(name, values, _field(known, name), language) for name in names)


def _shown_field(name: str, values: dict[str, Value], field: Field | None, language: Language) -> ShownField:
    label = _label(field, name, language)
    if name not in values:
        return ShownField(label=label, lines=(language.of(WORDS["withheld"]),), muted=True)
    value = values[name]
    if value is None or value == []:
        return ShownField(label=label, lines=(language.of(WORDS["absent"]),), muted=True)
    return ShownField(label=label, lines=value_lines(value, field, language))


def value_lines(value: Value, field: Field | None, language: Language) -> tuple[str, ...]:
    """Say a value in lines, one for each item of a list and each line of a text."""
    if isinstance(value, list):
        of_people = field is not None and field.of is ListOf.PEOPLE
        items = [_ordered(item, field) for item in value]
        return tuple(_person(item, language) if of_people else _line(item) for item in items)
    if field is not None and field.kind is Kind.DATE and isinstance(value, str):
        return (_date(value, language),)
    if isinstance(value, str):
        return tuple(map(_line, value.split("\n")))
    return (_line(value),)


def _line(value: Value) -> str:
    if isinstance(value, dict):
        return _joined(value.values())
    if isinstance(value, list):
        return ", ".join(_line(item) for item in value)
    return "" if value is None else plain(str(value).replace("\n", " ").replace("\t", " "))


def _ordered(item: Value, field: Field | None) -> Value:
    """Put a record's members in the order in which the type's note names them, before those that it does not name."""
    if not isinstance(item, dict) or field is None or field.note is None:
        return item
    named = re.findall(r"\w+", field.note.en)
    return dict(sorted(item.items(), key=lambda member: named.index(member[0]) if member[0] in named else len(named)))


def _joined(values: Iterable[Value]) -> str:
    return " · ".join(_line(value) for value in values if value is not None)


def _person(item: Value, language: Language) -> str:
    """Say who it is, then by which id, then of which share; then whatever else is there."""
    if not isinstance(item, dict):
        return _line(item)
    said = {name: item.get(name) for name in ("name", "id_number")}
    said["id_type"] = _id_type(item.get("id_type"), language)
    if item.get("share") is not None:
        said["share"] = f"{language.of(WORDS['share'])} {_line(item['share'])}"
    return _joined({**said, **{name: value for name, value in item.items() if name not in said}}.values())


def _id_type(code: Value, language: Language) -> Value:
    words = ID_TYPES.get(code) if isinstance(code, str) else None
    return code if words is None else language.of(words)


def _date(text: str, language: Language) -> str:
    """Write `2026-05-03` as people do; what is no date as it stands."""
    try:
        return language.day(date.fromisoformat(text))
    except ValueError:
        return _line(text)


def _check(check: Check, language: Language) -> ShownCheck:
    return ShownCheck(
        number=check.number,
        name=language.of(CHECKS[check.name]),
        outcome=check.outcome,
        outcome_word=language.of(OUTCOMES[check.outcome]),
        detail=tuple(_detail(name, value, language) for name, value in check.detail.items() if value is not None),
    )


def _detail(name: str, value: Value, language: Language) -> str:
    return f"{name}: {moment(value, language) if name in _TIMES and isinstance(value, int) else _line(value)}"


def _field(known: CertificateType | None, name: str) -> Field | None:
    if known is not None:
        return known.field(name)
    return next((field for field in COMMON_FIELDS if field.name == name), None)


def _label(field: Field | None, name: str, language: Language) -> str:
    return name if field is None else language.of(field)

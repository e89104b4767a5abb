"""The lint: from a row to what may be signed. Nothing else can make a `LintedCertificate`, and nothing else is signed.

A row is what an agency's table or form says, by field names. All faults of a row are told, not just the first. The
last valid day is inclusive: `exp` is the midnight after it, in the agency's zone, as `nbf` is the midnight before the
first valid day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, final

import orjson

from ecert import check_digits, kinds, normal_forms, strict_json
from ecert.certificate import Value
from ecert.certificate_type import VALID_FROM, VALID_UNTIL, CertificateType
from ecert.days import DAY, DEFAULT_ZONE, midnight_at, offset, read_day
from ecert.documents import Document
from ecert.errors import Fault, FaultReason, LintError, UnreadableValue
from ecert.fault_words import fault
from ecert.fields import DOCUMENT, IDENTIFIER, Field
from ecert.readings import is_absent
from ecert.sealing import NONCE_SIZE, Sealer

IDENTIFIER_CHECK = "identifier_check"
MAX_FACE = 120_000
"""Bytes of all values together: written out, with salts, digests and a path, they stay within 256 KiB."""
_MAX_BYTES = 4  # of a character in UTF-8


@final
class _Linted:
    """The mark of a value that passed the lint; only this module makes one."""

    __slots__ = ()


_LINTED: Final = _Linted()


@dataclass(frozen=True, slots=True, kw_only=True)
class LintedCertificate:
    """What may be signed: `values` parallel to the type's slots, `nbf` and `exp` in seconds, notes for people.

    Made here alone: `mark` is of a type that no other module has. `number` is the normal form of what people ask
    for the certificate by; None only in a legacy record without it.
    """

    mark: _Linted
    certificate_type: CertificateType
    values: tuple[Value, ...]
    nbf: int
    exp: int | None
    legacy: bool
    number: str | None
    notes: tuple[str, ...]

    def said(self) -> dict[str, Value]:
        """Give what it says by field names, None where it says nothing."""
        return dict(zip(self.certificate_type.slots, self.values, strict=True))


@final
class Freezer:
    """Turns linted certificates into bytes, to be laid aside outside memory, and back.

    It thaws nothing but what it froze itself, so all that it thaws was linted. They are sealed with a key that is made
    here and kept nowhere else: whoever has the bytes can neither read nor change them.
    """

    __slots__ = ("_frozen", "_sealer")

    def __init__(self) -> None:
        self._sealer = Sealer.with_new_key()
        self._frozen = 0

    def freeze(self, linted: LintedCertificate, *, place: bytes) -> bytes:
        """Give the bytes of a certificate, which thaw in that place alone, as one of its type."""
        self._frozen += 1
        said = (linted.values, linted.nbf, linted.exp, linted.legacy, linted.number, linted.notes)
        nonce = self._frozen.to_bytes(NONCE_SIZE)  # counted, so never the same twice under the freezer's own key
        return self._sealer.seal(orjson.dumps(said), nonce=nonce, place=linted.certificate_type.vct_hash + place)

    def thaw(self, certificate_type: CertificateType, frozen: bytes, *, place: bytes) -> LintedCertificate:
        """Give the certificate; `SealBroken` where this freezer froze no such one of that type for that place."""
        said = self._sealer.open(frozen, place=certificate_type.vct_hash + place)
        values, nbf, exp, legacy, number, notes = orjson.loads(said)
        return LintedCertificate(
            mark=_LINTED,
            certificate_type=certificate_type,
            values=tuple(values),
            nbf=nbf,
            exp=exp,
            legacy=legacy,
            number=number,
            notes=tuple(notes),
        )


def lint(
    certificate_type: CertificateType,
    row: Mapping[str, Value],
    *,
    valid_from: str,
    valid_until: str | None = None,
    zone: str = DEFAULT_ZONE,
    identifier: str | None = None,
    document: Document | None = None,
    legacy: bool | None = None,
) -> LintedCertificate:
    """Check a row against its type; raise `LintError` with all its faults.

    Empty text, an empty list and None are absent. `legacy` None: the type's legacy profile is used only where the row
    needs it and is old enough; True asks for it, False forbids it. `zone` such as `+08:00`, else `MalformedError`.
    """
    ahead = offset(zone)
    faults: list[Fault] = []
    dates = _validity(valid_from, valid_until, faults)
    values, missing = _fields(certificate_type, row, faults)
    _common(IDENTIFIER, identifier, values, faults)
    _common(DOCUMENT, None if document is None else document.value(), values, faults)
    is_legacy = _judge_missing(certificate_type, missing, dates[VALID_FROM], faults, legacy=legacy)
    _judge_order(certificate_type, {**values, **dates}, faults)
    _judge_size(values, faults)
    first = dates[VALID_FROM]
    if faults or first is None:
        raise LintError(tuple(faults))
    number = certificate_type.field(certificate_type.number)
    return LintedCertificate(
        mark=_LINTED,
        certificate_type=certificate_type,
        values=tuple([values[slot] for slot in certificate_type.slots]),
        nbf=midnight_at(first, ahead),
        exp=None if (last := dates[VALID_UNTIL]) is None else midnight_at(last, ahead) + DAY,
        legacy=is_legacy,
        number=_normal_number(number, values),
        notes=_notes(values),
    )


def attach(linted: LintedCertificate, document: Document) -> LintedCertificate:
    """Give the same with a document; `LintError` where the document cannot be signed, or not beside all the rest."""
    values, faults = linted.said(), list[Fault]()
    _common(DOCUMENT, document.value(), values, faults)
    _judge_size(values, faults)
    if faults:
        raise LintError(tuple(faults))
    return replace(linted, values=tuple(values.values()))


def _validity(valid_from: str, valid_until: str | None, faults: list[Fault]) -> dict[str, str | None]:
    """Read the first and the last valid day."""
    dates: dict[str, str | None] = {VALID_FROM: None, VALID_UNTIL: None}
    for name, said in ((VALID_FROM, valid_from), (VALID_UNTIL, valid_until)):
        if is_absent(said):
            continue
        try:
            dates[name] = read_day(said)
        except UnreadableValue as error:
            faults.append(fault(name, error))
    if is_absent(valid_from):
        faults.append(_fault(VALID_FROM, FaultReason.MISSING))
    return dates


def _fields(
    certificate_type: CertificateType, row: Mapping[str, Value], faults: list[Fault]
) -> tuple[dict[str, Value], list[str]]:
    """Check every field of the type; give the values and the names of required ones that are missing."""
    values: dict[str, Value] = {}
    missing: list[str] = []
    for field in certificate_type.fields:
        value = row.get(field.name)
        values[field.name] = None
        if not is_absent(value):
            try:
                checked = kinds.check(field, value)
            except UnreadableValue as error:
                faults.append(fault(field.name, error))
                continue
            values[field.name] = None if checked == [] else checked
        if field.required and values[field.name] is None:
            missing.append(field.name)
    faults.extend(_fault(name, FaultReason.UNKNOWN_FIELD) for name in row if name not in values)
    return values, missing


def _common(field: Field, value: Value, values: dict[str, Value], faults: list[Fault]) -> None:
    values[field.name] = None
    if not is_absent(value):
        try:
            values[field.name] = kinds.check(field, value)
        except UnreadableValue as error:
            faults.append(fault(field.name, error))


def _judge_missing(
    certificate_type: CertificateType,
    missing: list[str],
    first: str | None,
    faults: list[Fault],
    *,
    legacy: bool | None,
) -> bool:
    """Tell whether the row is a legacy record; what is missing and may not be is a fault."""
    profile = certificate_type.legacy
    allowed = profile is not None and first is not None and date.fromisoformat(first) < profile.before
    if legacy and first is not None and not allowed:
        faults.append(_fault(VALID_FROM, FaultReason.LEGACY_NOT_ALLOWED))
    may_lack = profile.may_lack if profile is not None and allowed and legacy is not False else frozenset()
    faults.extend(_fault(name, FaultReason.MISSING) for name in missing if name not in may_lack)
    return bool(may_lack) and (legacy is True or bool(missing))


def _judge_order(certificate_type: CertificateType, dates: Mapping[str, Value], faults: list[Fault]) -> None:
    """Find dates that stand before one they must not precede (as text they sort by time)."""
    for earlier, later in ((VALID_FROM, VALID_UNTIL), *certificate_type.order):
        begin, end = dates[earlier], dates[later]
        if isinstance(begin, str) and isinstance(end, str) and end < begin:
            faults.append(fault(later, UnreadableValue(FaultReason.DATES_OUT_OF_ORDER, f"{earlier} {begin}")))


def _judge_size(values: Mapping[str, Value], faults: list[Fault]) -> None:
    """Find out whether the certificate would break the limits of section 2; short rows are not measured exactly."""
    texts = [
        value if isinstance(value, str) else strict_json.canonical(value)
        for value in values.values()
        if value is not None
    ]
    if sum(map(len, texts)) * _MAX_BYTES < MAX_FACE:
        return
    sizes = {name: len(strict_json.canonical(value).encode()) for name, value in values.items()}
    if sum(sizes.values()) > MAX_FACE:
        faults.append(_fault(max(sizes, key=sizes.__getitem__), FaultReason.TOO_LARGE))


def _normal_number(field: Field | None, values: Mapping[str, Value]) -> str | None:
    if field is None or (value := values[field.name]) is None:
        return None
    return str(normal_forms.normalise(field, value))


def _notes(values: Mapping[str, Value]) -> tuple[str, ...]:
    identifier = values[IDENTIFIER.name]
    wrong = isinstance(identifier, str) and check_digits.identifier(identifier) is not None
    return (IDENTIFIER_CHECK,) if wrong else ()


def _fault(name: str, reason: FaultReason) -> Fault:
    return fault(name, UnreadableValue(reason))

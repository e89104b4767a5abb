"""Comparing what a relying party states with what a certificate shows, by kind, with an answer for every field.

A comparison is never skipped: a value that cannot be read as its field's kind is compared as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from ecert import normal_forms, strict_json
from ecert.certificate import Value
from ecert.certificate_type import CertificateType, HolderPlace
from ecert.demands import Holder
from ecert.errors import UnreadableValue
from ecert.fields import Field


class Answer(StrEnum):
    """How a stated value and a shown one compare. `not_compared`: nothing was stated, or we do not know the field."""

    EQUAL = "equal"
    DIFFERS = "differs"
    WITHHELD = "withheld"
    NOT_COMPARED = "not_compared"


def compare_field(field: Field | None, stated: Value, shown: Mapping[str, Value]) -> Answer:
    """Compare one stated value with what the disclosed fields `shown` say; `field` None: the type has no such field."""
    if field is None:
        return Answer.NOT_COMPARED
    if field.name not in shown:
        return Answer.WITHHELD
    return Answer.EQUAL if _same(field, stated, shown[field.name]) else Answer.DIFFERS


def compare_holder(
    certificate_type: CertificateType, holder: Holder, shown: Mapping[str, Value], *, legacy: bool
) -> Answer:
    """Compare a stated holder with the places that the type names: one of them must match in id and name.

    An old record (`legacy`) that has no id at a place cannot be compared there; elsewhere a missing id differs.
    """
    answers = [
        answer for place in certificate_type.holders for answer in _at_place(place, holder, shown, legacy=legacy)
    ]
    for answer in (Answer.EQUAL, Answer.WITHHELD, Answer.NOT_COMPARED):
        if answer in answers:
            return answer
    return Answer.DIFFERS


def _same(field: Field, stated: Value, shown: Value) -> bool:
    """Compare in canonical JSON, so that `1`, `true` and `"1"` are three values."""
    try:
        one, other = normal_forms.normalise(field, stated), normal_forms.normalise(field, shown)
    except UnreadableValue:
        one, other = stated, shown
    return strict_json.canonical(one) == strict_json.canonical(other)


def _at_place(place: HolderPlace, holder: Holder, shown: Mapping[str, Value], *, legacy: bool) -> Iterable[Answer]:
    if place.list is None:
        return [_match(holder, shown, place, legacy=legacy)]
    if place.list not in shown:
        return [Answer.WITHHELD]
    people = shown[place.list]
    if not isinstance(people, list):
        return [Answer.DIFFERS]
    return [
        _match(holder, {place.id: None, place.name: None, **_members(person)}, place, legacy=legacy)
        for person in people
    ]


def _members(person: Value) -> Mapping[str, Value]:
    return person if isinstance(person, dict) else {}


def _match(holder: Holder, members: Mapping[str, Value], place: HolderPlace, *, legacy: bool) -> Answer:
    """Compare one person: what differs is said before what is withheld, and that before what is missing."""
    wanted = [(holder.id, place.id, normal_forms.normalise_id)]
    if holder.name is not None:
        wanted.append((holder.name, place.name, normal_forms.normalise_text))
    answer = Answer.EQUAL
    for stated, name, normalise in wanted:
        if name not in members:
            answer = Answer.WITHHELD
            continue
        value = members[name]
        if value is None and name == place.id and legacy:
            answer = Answer.NOT_COMPARED
        elif not isinstance(value, str) or normalise(value) != normalise(stated):
            return Answer.DIFFERS
    return answer

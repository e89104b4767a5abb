"""A matter's JSON file: what a verification for it needs, may read and must compare, on which grounds, and for whom.

Members: `code`, `en`, `zh`, `max_age` (seconds), `grounds`, `needs` (each `type`, `read`, `compare`, `by`); optional
`holder_proof` and `for`: callers by organisation (`ORG`), office (`ORG/OFFICE`) or client (`client:NAME`), absent for
everybody who may verify. Anything else is refused: a misspelt member must not vanish.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ecert import strict_json
from ecert.certificate import Value
from ecert.checks.demanded import HOLDER
from ecert.errors import MalformedType
from ecert.members import Members
from ecert.types import TypeCatalogue
from verifier.callers import Caller, Ground
from verifier.services.lookup_values import Places

LONGEST_AGE = 30 * 86_400
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NEEDED = frozenset({"code", "en", "zh", "max_age", "grounds", "needs"})
_OPTIONAL = frozenset({"holder_proof", "for"})
_NEED = frozenset({"type", "read", "compare", "by"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a matter says of one type, by its slug: fields to read, to compare (`holder` among them), to look up by."""

    type: str
    read: frozenset[str]
    compare: frozenset[str]
    by: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One matter. `callers` None: for everybody who may verify."""

    code: str
    en: str
    zh: str
    max_age: int
    grounds: frozenset[Ground]
    needs: tuple[Need, ...]
    holder_proof: bool = False
    callers: frozenset[str] | None = None

    def is_for(self, caller: Caller) -> bool:
        """Tell whether a caller may use it."""
        if self.callers is None:
            return True
        names = {caller.relying_party, f"{caller.relying_party}/{caller.office}", f"client:{caller.name}"}
        return not self.callers.isdisjoint(names)


def parse_matter(text: str, place: str, types: TypeCatalogue) -> Matter:
    """Read one matter's JSON.

    Raises:
        MalformedType: with the place, which begins with `place`.
    """
    whole = _known(Members(strict_json.loads(text, place, MalformedType), place, MalformedType), _NEEDED, _OPTIONAL)
    if not _CODE.fullmatch(whole.text("code")):
        raise whole.refusal("code", "not lower-case words joined by hyphens")
    needs = whole.each("needs", lambda need: _need(need, types))
    if not needs or len({need.type for need in needs}) != len(needs):
        raise whole.refusal("needs", "not a list of different types")
    if not 1 <= whole.number("max_age") <= LONGEST_AGE:
        raise whole.refusal("max_age", f"not 1 to {LONGEST_AGE} seconds")
    return Matter(
        code=whole.text("code"),
        en=whole.text("en"),
        zh=whole.text("zh"),
        max_age=whole.number("max_age"),
        grounds=_grounds(whole),
        needs=needs,
        holder_proof=whole.maybe("holder_proof", whole.flag) is True,
        callers=whole.maybe("for", lambda name: _names(whole, name)),
    )


def _known(read: Members, needed: frozenset[str], optional: frozenset[str]) -> Members:
    names = set(read.names())
    for name in sorted(needed - names):
        raise read.refusal(name, "missing")
    for name in sorted(names - needed - optional):
        raise read.refusal(name, "not a member of a matter")
    return read


def _grounds(whole: Members) -> frozenset[Ground]:
    names = _names(whole, "grounds")
    if not names or not names <= set(Ground):
        raise whole.refusal("grounds", f"not some of {', '.join(Ground)}")
    return frozenset(Ground(name) for name in names)


def _need(read: Members, types: TypeCatalogue) -> Need:
    _known(read, _NEED, frozenset())
    known = types.by_slug(read.text("type"))
    if known is None:
        raise read.refusal("type", "not a certificate type that is known here")
    fields = frozenset(known.slots)
    return Need(
        type=known.slug,
        read=_some(read, "read", fields),
        compare=_some(read, "compare", fields | {HOLDER}),
        by=_some(read, "by", frozenset({*Places.of(known).fields, HOLDER})),
    )


def _some(read: Members, name: str, among: frozenset[str]) -> frozenset[str]:
    names = _names(read, name)
    for each in sorted(names - among):
        raise read.refusal(name, f"{each} cannot stand here")
    return names


def _names(read: Members, name: str) -> frozenset[str]:
    items: list[Value] = read.items(name)
    names = [item for item in items if isinstance(item, str)]
    if len(names) != len(items) or len(set(names)) != len(names):
        raise read.refusal(name, "not a list of different texts")
    return frozenset(names)

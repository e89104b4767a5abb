"""Matters: what a verification may be for, as data that the bureau keeps; and what a matter makes of a call.

A matter is one JSON file (`verifier/matter_files/<code>.json`, or any in the data directory's `matters`, which goes
before one of the same code that comes along). Whoever can change such a file decides who may read what of whom: the
files are trusted like the program.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from ecert.certificate import Certificate, Value
from ecert.certificate_type import CertificateType
from ecert.demands import Demands
from ecert.errors import MalformedType
from ecert.types import TypeCatalogue
from verifier.callers import Caller, Ground, Occasion
from verifier.errors import SettingsRefused
from verifier.matter_file import Matter, Need, parse_matter
from verifier.problems import Code, Flaw, RequestRefused
from verifier.system_words import why

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A matter as it applies to one call: the caller may use it, on this ground, for this case."""

    matter: Matter
    caller: Caller

    def needs(self, certificate_type: CertificateType | None) -> bool:
        """Tell whether the matter needs certificates of a type; none needs those of a type that is not known here."""
        return self._need(certificate_type) is not None

    def need(self, certificate_type: CertificateType | None) -> Need:
        """Give what the matter says of a type.

        Raises:
            RequestRefused: it does not need certificates of this type (403, and in the log).
        """
        found = self._need(certificate_type)
        if found is None:
            raise forbidden(self.caller, self.matter.code, "certificate", "the matter does not need this type")
        return found

    def see_challenge(self, stated: Demands) -> None:
        """Refuse what came without a challenge where the holder must prove possession, before anything is looked up.

        Else nobody would be asked for it but who named a certificate that is there.
        """
        if self.matter.holder_proof and stated.key_binding is None:
            flaw = Flaw(place="challenge", why="this matter demands that the holder proves possession")
            raise RequestRefused(Code.NOT_UNDERSTOOD, "The holder's proof is missing.", [flaw])

    def look_up_by(self, certificate_type: CertificateType, by: str) -> None:
        """Refuse a look-up by something that the matter does not allow for this type (403, and in the log)."""
        if by not in self.need(certificate_type).by:
            raise forbidden(self.caller, self.matter.code, "lookup.by", "the matter allows no look-up by this")

    def demands(self, stated: Demands, certificate_type: CertificateType | None) -> Demands:
        """Add what the matter demands to what the caller does; facts are never older than the matter allows.

        Raises:
            RequestRefused: the matter does not need certificates of this type.
        """
        need = self.need(certificate_type)
        return replace(
            stated,
            must_compare=stated.must_compare | need.compare,
            max_age=min(stated.max_age, self.matter.max_age),
        )

    def readable(self, certificate: Certificate, certificate_type: CertificateType | None) -> dict[str, Value]:
        """Take from a certificate the values that the matter may read."""
        need = self.need(certificate_type)
        return {one.name: one.value for one in certificate.disclosures if one.name in need.read}

    def _need(self, certificate_type: CertificateType | None) -> Need | None:
        slug = None if certificate_type is None else certificate_type.slug
        return next((need for need in self.matter.needs if need.type == slug), None)


class Matters:
    """The matters that are known here, by code. Immutable."""

    def __init__(self, matters: Iterable[Matter]) -> None:
        self._by_code = {matter.code: matter for matter in matters}

    def __iter__(self) -> Iterator[Matter]:
        """Go through the matters by code."""
        return iter(sorted(self._by_code.values(), key=lambda matter: matter.code))

    def get(self, code: str) -> Matter | None:
        """Find a matter by its code."""
        return self._by_code.get(code)

    def rule(self, caller: Caller, occasion: Occasion) -> Ruling | None:
        """Tell what the caller's matter makes of its call; None for anybody, who has none.

        Raises:
            RequestRefused: something is not said that must be (422), or the matter is not for this caller or not on
                this ground (403, and in the log).
        """
        if not caller.known:
            if occasion.matter is not None:
                raise RequestRefused(Code.UNAUTHENTICATED, "Who names a matter must say who it is.")
            return None
        matter = None if occasion.matter is None else self._by_code.get(occasion.matter)
        flaws = list(_unsaid(matter, occasion))
        if flaws or matter is None:
            raise RequestRefused(Code.NOT_UNDERSTOOD, "What the verification is for is not said.", flaws)
        if not matter.is_for(caller):
            raise forbidden(caller, matter.code, "matter", "the matter is not for this caller")
        if occasion.ground not in matter.grounds:
            raise forbidden(caller, matter.code, "ground", "the matter does not allow this ground")
        return Ruling(matter=matter, caller=caller)


def _unsaid(matter: Matter | None, occasion: Occasion) -> Iterator[Flaw]:
    if occasion.matter is None:
        yield Flaw(place="matter", why="this is missing")
    elif matter is None:
        yield Flaw(place="matter", why="there is no such matter")
    if not occasion.case:
        yield Flaw(place="case", why="this is missing")
    if occasion.ground is None:
        yield Flaw(place="ground", why="this is missing")
    elif occasion.ground is Ground.DUTY and not occasion.operator:
        yield Flaw(place="operator", why="who acts by duty names the operator")


def forbidden(caller: Caller, matter: str, place: str, why: str) -> RequestRefused:
    """Log that a caller asked for what its matter does not allow, and make the refusal; no person is named."""
    house = caller.relying_party if caller.office is None else f"{caller.relying_party}/{caller.office}"
    who = f"the client {caller.name}" if caller.operator is None else f"somebody of {house}"
    _LOG.warning("refused: %s, matter %s, %s: %s", who, matter, place, why)
    return RequestRefused(Code.FORBIDDEN, f"{place}: {why}", [Flaw(place=place, why=why)])


def load_matters(folder: Path | None, types: TypeCatalogue) -> Matters:
    """Read the matters that come along, then those of a folder, if it is there.

    Raises:
        SettingsRefused: a file is not good; the text names file and place.
    """
    found: dict[str, Matter] = {}
    for files in (_bundled(), _of_folder(folder)):
        here: dict[str, Matter] = {}
        for name, text in files.items():
            try:
                matter = parse_matter(text, name, types)
            except MalformedType as error:
                raise SettingsRefused(f"matter {error}") from error
            if matter.code in here:
                raise SettingsRefused(f"matter {name}.code: another file has the code {matter.code}")
            here[matter.code] = matter
        found |= here
    return Matters(found.values())


def _bundled() -> Mapping[str, str]:
    folder = resources.files("verifier") / "matter_files"
    return {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".json")}


def _of_folder(folder: Path | None) -> Mapping[str, str]:
    if folder is None or not folder.is_dir():
        return {}
    try:
        return {file.name: file.read_text("utf-8") for file in sorted(folder.glob("*.json"))}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"the matters in {folder} cannot be read: {why(error).en}") from error

"""An answer as lines for a terminal: the verdict first, then every reason with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ecert.certificate_type import CertificateType
from ecert.explaining import Language, Said, explain_all, moment
from ecert.types import TypeCatalogue
from ecert.verdict import Check, Outcome, Reason, Result
from verifier.pages.words import RESULTS
from verifier.plain_text import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered about one file: the API's JSON, with `error` where there was no verdict."""

    said: dict[str, Any]

    @property
    def result(self) -> Result:
        """The verdict; an error is UNKNOWN."""
        return Result(self.said["result"])

    @classmethod
    def failed(cls, why: str) -> Answer:
        """Make the answer about what could not be read or asked about."""
        nothing: dict[str, Any] = {"result": "UNKNOWN", "reasons": [], "checks": [], "as_of": None, "error": why}
        return cls(said=nothing)


def lines(name: str, answer: Answer, language: Language) -> Iterator[str]:
    """Give the lines of one answer; nothing that a file or its name says can move or hide what the terminal shows."""
    for line in _lines(name, answer, language):
        yield plain(line)


def _lines(name: str, answer: Answer, language: Language) -> Iterator[str]:
    word = language.of(RESULTS[answer.result])
    yield f"{word}  {name}{_as_of(answer, language)}"
    if "error" in answer.said:
        yield f"  {answer.said['error']}"
    known = _type(answer)
    for one in _reasons(answer, known, language):
        yield f"  {one.reason}: {one.so} {one.do}".rstrip()
        if one.reason is Reason.MALFORMED:
            form = answer.said["checks"][0]["detail"]
            yield f"    {form['place']}: {form['why']}"


def _as_of(answer: Answer, language: Language) -> str:
    as_of = answer.said["as_of"]
    if as_of is None:
        return ""
    return f"  ({moment(as_of['time'], language)}, {as_of['chain']} {as_of['block']})"


def _type(answer: Answer) -> CertificateType | None:
    named = answer.said.get("certificate")
    return None if named is None else TypeCatalogue.bundled().by_vct(named["vct"])


def _reasons(answer: Answer, known: CertificateType | None, language: Language) -> Sequence[Said]:
    def label(name: str) -> str:
        field = None if known is None else known.field(name)
        if field is None:
            return name
        return field.zh if language is Language.ZH else field.en

    reasons, checks = map(Reason, answer.said["reasons"]), map(_check, answer.said["checks"])
    return explain_all(answer.result, tuple(reasons), tuple(checks), language, label)


def _check(said: dict[str, Any]) -> Check:
    return Check(
        number=said["number"],
        name=said["name"],
        outcome=Outcome(said["outcome"]),
        reasons=tuple(map(Reason, said["reasons"])),
        detail=said["detail"],
    )

"""An answer as lines for a terminal: the verdict first, then every reason with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ecert.certificate_type import CertificateType
from ecert.checks.demanded import HOLDER
from ecert.explaining import Language, Said, explain_all, moment
from ecert.fields import Words
from ecert.types import TypeCatalogue
from ecert.verdict import Check, Outcome, Reason, Result
from verifier.pages.words import RESULTS
from verifier.plain_text import plain

_BETWEEN = Words(en=" ", zh="")
"""Between two sentences."""
_OF_MANY = Words(en="{files} files: {counts}", zh="共 {files} 个文件：{counts}")
_NO_FIELD = Words(en="this type of certificate has no such field", zh="该类证照没有这个字段")
_MEANT = Words(en="; did you mean {near}?", zh="，是否指 {near}？")
_DETAIL = Words(en="", zh="技术细节（英文）：")
_NO_PROOF = Words(en="the evidence in the file proves nothing: ", zh="文件所带的存证证明无效（英文）：")
_NEXT = Words(en=", ", zh="，")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered about one file: the API's JSON, with `error` and `error_zh` where there was no verdict."""

    said: dict[str, Any]

    @property
    def result(self) -> Result:
        """The verdict; an error is UNKNOWN."""
        return Result(self.said["result"])

    @classmethod
    def failed(cls, why: Words) -> Answer:
        """Make the answer about what could not be read or asked about."""
        nothing: dict[str, Any] = {"result": "UNKNOWN", "reasons": [], "checks": [], "as_of": None}
        return cls(said=nothing | {"error": why.en, "error_zh": why.zh})


def lines(name: str, answer: Answer, language: Language) -> Iterator[str]:
    """Give the lines of one answer; nothing that a file or its name says can move or hide what the terminal shows."""
    for line in _lines(name, answer, language):
        yield plain(line)


def sum_of(results: Sequence[Result], language: Language) -> str:
    """Count the results of several files in a line."""
    counts = language.of(_NEXT).join(f"{results.count(each)} {language.of(RESULTS[each])}" for each in Result)
    return language.of(_OF_MANY).format(files=len(results), counts=counts)


def _lines(name: str, answer: Answer, language: Language) -> Iterator[str]:
    word = language.of(RESULTS[answer.result])
    yield f"{word}  {name}{_as_of(answer, language)}"
    if "error" in answer.said:
        yield f"  {language.of(Words(en=answer.said['error'], zh=answer.said['error_zh']))}"
    if "evidence" in answer.said.get("notes", {}):
        yield f"  {language.of(_NO_PROOF)}{answer.said['notes']['evidence']}"
    known = _type(answer)
    for one in _reasons(answer, known, language):
        yield f"  {one.reason}: {one.so}{language.of(_BETWEEN)}{one.do}".rstrip()
        if one.reason is Reason.MALFORMED:
            form = answer.said["checks"][0]["detail"]
            yield f"    {language.of(_DETAIL)}{form['place']}: {form['why']}"
        elif one.reason is Reason.NOT_COMPARED and known is not None:
            yield from _no_fields(answer, known, language)


def _no_fields(answer: Answer, known: CertificateType, language: Language) -> Iterator[str]:
    """Name what was stated and is no field of the type: nothing that the holder shows could be compared with it."""
    names = [field.name for field in known.fields]
    for check in answer.said["checks"]:
        for name in check["detail"].get("fields", {}):
            if name != HOLDER and known.field(name) is None:
                near = get_close_matches(name, names, n=1)
                meant = language.of(_MEANT).format(near=near[0]) if near else ""
                yield f"    {name}: {language.of(_NO_FIELD)}{meant}"


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
        return name if field is None else language.of(field)

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

"""Telling people the reasons of a verdict, in their language, with the days and fields that the checks found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from ecert.checks.demanded import HOLDER
from ecert.days import DEFAULT_ZONE, offset
from ecert.sentences import FAILED, THE_HOLDER, UNKNOWN, Wording
from ecert.verdict import Check, Outcome, Reason, Result

ZONE = timezone(timedelta(seconds=offset(DEFAULT_ZONE)))
"""The agencies' time zone, in which days are told."""
_FIRST_SECOND = -62_135_596_800
_LAST_SECOND = 253_402_271_999
"""Of the calendar, at UTC and in our zone; what days of another zone have beyond them is told as these."""


class InBoth(Protocol):
    """What is called by a name in both languages: words, a field, a certificate type."""

    @property
    def en(self) -> str:
        """In English."""
        ...

    @property
    def zh(self) -> str:
        """In Chinese."""
        ...


class Language(StrEnum):
    """The languages that people are spoken to in."""

    EN = "en"
    ZH = "zh"

    def of(self, words: InBoth) -> str:
        """Give the words in this language."""
        return words.zh if self is Language.ZH else words.en

    def day(self, then: date) -> str:
        """Write a day as people of this language do."""
        if self is Language.ZH:
            return f"{then.year}年{then.month}月{then.day}日"
        return f"{then.day} {then:%B} {then.year}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One reason, said in one language; `do` is empty where there is nothing to do about it."""

    reason: Reason
    so: str
    do: str


_MORE_THAN_AGE = frozenset({"contested", "withdrawn_since"})
"""What check 14 says besides ages: then no rule for outages allows anything."""


def explain_all(
    result: Result,
    reasons: Sequence[Reason],
    checks: Sequence[Check],
    language: Language,
    label: Callable[[str], str] = str,
) -> tuple[Said, ...]:
    """Say the reasons of a verdict, each once and in their order.

    Under INVALID only a check that failed says what to do: a doubt would say how to accept the certificate after all.
    That rules for outages may allow it is said only where nothing but the age of our copy stands in the way.
    """
    said = {
        reason: Said(reason=reason, so=language.of(UNKNOWN[reason].so), do=language.of(UNKNOWN[reason].do))
        for reason in reasons
        if reason in UNKNOWN
    }
    for check in checks:
        doubt = result is Result.INVALID and check.outcome is not Outcome.FAIL
        for one in explain(check, language, label):
            said[one.reason] = replace(one, do="") if doubt else one
    told = [said[reason] for reason in reasons if reason in said]
    return tuple(replace(one, do="") if one.reason is Reason.STALE_LEDGER and len(told) > 1 else one for one in told)


def explain(check: Check, language: Language, label: Callable[[str], str] = str) -> tuple[Said, ...]:
    """Say the reasons of one check.

    Args:
        check: as the verdict has it.
        language: to say them in.
        label: gives the name of a field as people call it.
    """
    return tuple(_said(check, reason, language, label) for reason in check.reasons)


def day(seconds: int, language: Language) -> str:
    """Write the day of a time as people of the language do."""
    return language.day(_local(seconds))


def moment(seconds: int, language: Language) -> str:
    """Write a time of day with its day."""
    return f"{day(seconds, language)} {_local(seconds):%H:%M:%S}"


def _local(seconds: int) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, _FIRST_SECOND), _LAST_SECOND), ZONE)


def _said(check: Check, reason: Reason, language: Language, label: Callable[[str], str]) -> Said:
    wording = _wording(check, reason)
    so = language.of(wording.so)
    values = _values(check, reason, language, label)
    if wording.exact is not None and all(f"{{{name}}}" not in wording.exact.en or values[name] for name in values):
        so = language.of(wording.exact).format(**values)
    hopeless = reason is Reason.STALE_LEDGER and not _MORE_THAN_AGE.isdisjoint(check.detail)
    return Said(reason=reason, so=so, do="" if hopeless else language.of(wording.do))


def _wording(check: Check, reason: Reason) -> Wording:
    """Choose by the outcome; a lighter reason beside a failing one keeps the only wording that it has."""
    first, second = (FAILED, UNKNOWN) if check.outcome is Outcome.FAIL else (UNKNOWN, FAILED)
    return first[reason] if reason in first else second[reason]


_WANTED_ANSWERS = MappingProxyType(
    {
        Reason.FIELD_MISMATCH: "differs",
        Reason.FIELD_WITHHELD: "withheld",
        Reason.NOT_COMPARED: "not_compared",
    }
)
_TIME_OF = MappingProxyType({Reason.EXPIRED: "exp", Reason.NOT_YET_VALID: "nbf"})
_UNITS = ((86_400, "day", "天"), (3600, "hour", "小时"), (60, "minute", "分钟"), (1, "second", "秒"))
_AND = MappingProxyType({Language.EN: ", ", Language.ZH: "、"})
"""Between the members of a list."""


def _values(check: Check, reason: Reason, language: Language, label: Callable[[str], str]) -> dict[str, str]:
    """Give what may stand in an exact sentence; empty text where the detail does not carry it."""
    detail = check.detail
    time = detail.get(_TIME_OF.get(reason, "since"))
    serials, age = detail.get("successors"), detail.get("age")
    last_moment = 1 if reason is Reason.EXPIRED else 0  # `exp` is the midnight after the last valid day
    return {
        "fields": _fields(detail.get("fields"), reason, language, label),
        "day": day(time - last_moment, language) if isinstance(time, int) else "",
        "serials": _AND[language].join(map(str, serials)) if isinstance(serials, list) else "",
        "age": _age(age, language) if isinstance(age, int) else "",
    }


def _age(seconds: int, language: Language) -> str:
    """Tell an age in the largest unit of which it has two."""
    size, en, zh = next((unit for unit in _UNITS if seconds >= 2 * unit[0]), _UNITS[-1])
    count = seconds // size
    return f"{count}{zh}" if language is Language.ZH else f"{count} {en}{'' if count == 1 else 's'}"


def _fields(answers: object, reason: Reason, language: Language, label: Callable[[str], str]) -> str:
    names: list[str] = []
    if isinstance(answers, Mapping):
        names = [name for name, answer in answers.items() if answer == _WANTED_ANSWERS.get(reason)]
    elif isinstance(answers, list):
        names = [str(name) for name in answers]
    called = [language.of(THE_HOLDER) if name == HOLDER else label(name) for name in names]
    quoted = [f"“{name}”" if language is Language.ZH else f'"{name}"' for name in called]
    return _AND[language].join(quoted)

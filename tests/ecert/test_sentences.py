"""Every reason has its words, in both languages, and INVALID never borrows a sentence from UNKNOWN."""

from __future__ import annotations

import pytest

from ecert.checks.rules import CHECKS
from ecert.claims import EARLIEST, LATEST
from ecert.explaining import Language, day, explain, explain_all, moment
from ecert.sentences import FAILED, UNKNOWN
from ecert.verdict import BESIDE_CHECKS, Check, Outcome, Reason, Result

FAILING = {reason for rule in CHECKS for reason in rule.fail}
DOUBTFUL = {reason for rule in CHECKS for reason in (*rule.unknown, *rule.softened)}
NOON_IN_MAY = 1_777_780_800  # 2026-05-03 12:00 at +08:00


def check(reason: Reason, outcome: Outcome = Outcome.FAIL, **detail: object) -> Check:
    return Check(number=1, name="form", outcome=outcome, reasons=(reason,), detail=detail)  # type: ignore[arg-type]


def test_every_reason_is_worded_for_each_way_it_can_come_about() -> None:
    assert set(FAILED) == FAILING
    assert set(UNKNOWN) == DOUBTFUL | BESIDE_CHECKS
    assert set(FAILED) | set(UNKNOWN) == set(Reason)


def test_the_two_never_share_a_sentence() -> None:
    assert not {w.so.en for w in FAILED.values()} & {w.so.en for w in UNKNOWN.values()}
    assert not {w.so.zh for w in FAILED.values()} & {w.so.zh for w in UNKNOWN.values()}


@pytest.mark.parametrize("wording", [*FAILED.values(), *UNKNOWN.values()])
def test_both_languages_say_what_is_so_and_what_to_do(wording: object) -> None:
    words = [wording.so, wording.do, *([wording.exact] if wording.exact else [])]  # type: ignore[attr-defined]
    for each in words:
        assert each.en.endswith(".")
        assert each.en.isascii()
        assert each.zh.endswith("。")
    if wording.exact:  # type: ignore[attr-defined]
        placeholders = [name for name in ("fields", "day", "serials", "age") if f"{{{name}}}" in words[-1].en]
        assert placeholders
        assert all(f"{{{name}}}" in words[-1].zh for name in placeholders)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.UNKNOWN])
@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_can_be_said_without_any_detail(reason: Reason, outcome: Outcome, language: Language) -> None:
    (said,) = explain(check(reason, outcome), language)
    assert said.reason is reason
    assert "{" not in said.so + said.do


def test_days_and_fields_stand_in_the_sentence_where_the_check_knows_them() -> None:
    (said,) = explain(check(Reason.SUSPENDED, since=NOON_IN_MAY), Language.ZH)
    assert said.so == "发证机构已于2026年5月3日暂停该证照。"
    (said,) = explain(check(Reason.REVOKED, since=NOON_IN_MAY), Language.EN)
    assert said.so == "The agency revoked this certificate on 3 May 2026."
    (said,) = explain(check(Reason.ALTERED_FIELD, fields=["area"]), Language.ZH, {"area": "面积"}.__getitem__)
    assert said.so == "与发证机构签署的内容不一致：“面积”。"


def test_only_the_fields_that_the_reason_is_about_are_named() -> None:
    answers = {"area": "equal", "holder": "differs", "unit": "withheld"}
    (said,) = explain(check(Reason.FIELD_MISMATCH, fields=answers), Language.EN)
    assert said.so == 'Differs from what you stated: "holder".'
    (said,) = explain(check(Reason.FIELD_WITHHELD, Outcome.UNKNOWN, fields=answers), Language.EN)
    assert said.so == 'The holder did not show: "unit".'


def test_the_last_valid_day_is_told_not_the_midnight_after_it() -> None:
    midnight_after = NOON_IN_MAY + 12 * 3600
    (said,) = explain(check(Reason.EXPIRED, exp=midnight_after), Language.EN)
    assert said.so == "This certificate was valid until 3 May 2026."


def test_successors_and_ages_are_told() -> None:
    (said,) = explain(check(Reason.SUPERSEDED, since=NOON_IN_MAY, successors=[8, 9]), Language.EN)
    assert "8, 9" in said.so
    (said,) = explain(check(Reason.STALE_LEDGER, Outcome.UNKNOWN, age=1260, max_age=600), Language.EN)
    assert "21 minutes" in said.so


@pytest.mark.parametrize(
    ("age", "en", "zh"),
    [(0, "0 seconds", "0秒"), (1, "1 second", "1秒"), (119, "119 seconds", "119秒"), (120, "2 minutes", "2分钟")],
)
def test_a_young_copy_has_its_age_in_seconds(age: int, en: str, zh: str) -> None:
    stale = check(Reason.STALE_LEDGER, Outcome.UNKNOWN, age=age, max_age=1)
    (said,) = explain(stale, Language.EN)
    assert f" is {en} old" in said.so
    (said,) = explain(stale, Language.ZH)
    assert zh in said.so


def test_times_are_told_at_the_agencies_zone() -> None:
    assert day(NOON_IN_MAY, Language.EN) == "3 May 2026"
    assert moment(NOON_IN_MAY, Language.ZH) == "2026年5月3日 12:00:00"


def test_the_first_and_the_last_day_of_the_format_can_be_told() -> None:
    assert [day(EARLIEST, language) for language in Language] == ["1 January 1", "1年1月1日"]
    assert [day(LATEST - 1, language) for language in Language] == ["31 December 9999", "9999年12月31日"]
    assert moment(LATEST, Language.EN) == "31 December 9999 23:59:59"


@pytest.mark.parametrize("reason", sorted(BESIDE_CHECKS))
def test_what_no_check_gives_is_said_too(reason: Reason) -> None:
    checks = (check(Reason.STALE_LEDGER, Outcome.UNKNOWN),)
    said = explain_all(Result.UNKNOWN, (reason, Reason.STALE_LEDGER), checks, Language.EN)
    assert [each.so for each in said] == [UNKNOWN[reason].so.en, UNKNOWN[Reason.STALE_LEDGER].so.en]


def test_an_age_is_told_in_the_largest_unit_of_which_it_has_two() -> None:
    ages = [0, 1, 119, 120, 7199, 7200, 172_799, 172_800]
    said = [explain(check(Reason.STALE_LEDGER, Outcome.UNKNOWN, age=age), Language.EN)[0].so for age in ages]
    told = ["0 seconds", "1 second", "119 seconds", "2 minutes", "119 minutes", "2 hours", "47 hours", "2 days"]
    assert [f"is {each} old" in so for each, so in zip(told, said, strict=True)] == [True] * len(ages)
    (chinese,) = explain(check(Reason.STALE_LEDGER, Outcome.UNKNOWN, age=172_800), Language.ZH)
    assert "2天" in chinese.so


def test_under_invalid_nobody_is_told_how_a_doubt_may_be_accepted_all_the_same() -> None:
    checks = (check(Reason.REVOKED), check(Reason.STALE_LEDGER, Outcome.UNKNOWN))
    reasons = (Reason.REVOKED, Reason.STALE_LEDGER)
    refused, stale = explain_all(Result.INVALID, reasons, checks, Language.EN)
    assert (refused.reason, stale.reason, stale.do) == (Reason.REVOKED, Reason.STALE_LEDGER, "")
    assert "Do not accept it" in refused.do
    (doubted,) = explain_all(Result.UNKNOWN, reasons[1:], checks[1:], Language.EN)
    assert (doubted.so, bool(doubted.do)) == (stale.so, True)


@pytest.mark.parametrize("reason", [Reason.SUSPENDED, Reason.AGENCY_IN_DOUBT, Reason.FIELD_WITHHELD])
def test_the_rule_for_outages_is_named_only_where_nothing_else_stands_in_the_way(reason: Reason) -> None:
    stale = check(Reason.STALE_LEDGER, Outcome.UNKNOWN)
    for language, rule in ((Language.EN, "rule for outages"), (Language.ZH, "应急规则")):
        both = (check(reason, Outcome.UNKNOWN), stale)
        doubt, old = explain_all(Result.UNKNOWN, (reason, Reason.STALE_LEDGER), both, language)
        assert doubt.do
        assert rule not in doubt.do + old.do
        (alone,) = explain_all(Result.UNKNOWN, (Reason.STALE_LEDGER,), (stale,), language)
        assert rule in alone.do


def test_what_was_suspended_when_we_last_looked_is_not_accepted_meanwhile() -> None:
    (said,) = explain(check(Reason.SUSPENDED, Outcome.UNKNOWN), Language.ZH)
    assert said.do.startswith("暂不受理")

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert import check_digits
from ecert.check_digits import Flaw

NUMBERS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "numbers.json").read_text("utf-8"))
JUDGES: dict[str, Callable[[str], Flaw | None]] = {
    "certificate_identifier": check_digits.identifier,
    "social_credit_code": check_digits.social_credit_code,
    "citizen_id": check_digits.citizen_id,
    "food_permit": check_digits.food_permit,
    "property_unit": check_digits.property_unit,
}
GOOD = [(kind, number) for kind in JUDGES for number in NUMBERS[kind]["valid"]]
BAD = [(kind, number) for kind in JUDGES for number in NUMBERS[kind]["invalid"]]


@pytest.mark.parametrize(("kind", "number"), GOOD)
def test_good_numbers_have_no_flaw(kind: str, number: str) -> None:
    assert JUDGES[kind](number) is None


@pytest.mark.parametrize(("kind", "number"), BAD)
def test_bad_numbers_have_one(kind: str, number: str) -> None:
    assert JUDGES[kind](number) is not None


@pytest.mark.parametrize(
    ("kind", "number", "flaw"),
    [
        ("citizen_id", "110105194912310021", Flaw.CHECK),
        ("citizen_id", "420102199013071232", Flaw.DATE),
        ("citizen_id", "4201021990130712", Flaw.FORM),
        ("citizen_id", "４20102199003071232", Flaw.FORM),
        ("social_credit_code", "11100000000013338X", Flaw.CHECK),
        ("social_credit_code", "11100000000013339W", Flaw.CHECK),
        ("social_credit_code", "9144010IMA5CJMYA97", Flaw.FORM),
        ("food_permit", "JY11108071215651", Flaw.CHECK),
        ("food_permit", "SC11108071215650", Flaw.FORM),
        ("property_unit", "420103001002GB00017X00030045", Flaw.FORM),
        ("certificate_identifier", NUMBERS["certificate_identifier"]["invalid"][1], Flaw.CHECK),
        ("certificate_identifier", NUMBERS["certificate_identifier"]["invalid"][2], Flaw.FORM),
    ],
)
def test_a_flaw_says_what_is_wrong(kind: str, number: str, flaw: Flaw) -> None:
    assert JUDGES[kind](number) is flaw


@given(st.sampled_from([case for case in GOOD if case[0] in {"citizen_id", "food_permit"}]), st.data())
def test_no_single_wrong_digit_passes(case: tuple[str, str], data: st.DataObject) -> None:
    kind, number = case
    place = data.draw(st.integers(min_value=2, max_value=len(number) - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    wrong = number[:place] + digit + number[place + 1 :]
    assert (JUDGES[kind](wrong) is None) is (wrong == number)


@given(st.sampled_from([case[1] for case in GOOD if case[0] == "certificate_identifier"]), st.data())
def test_no_single_wrong_character_of_an_identifier_passes(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(min_value=len("1.2.156.3005.2."), max_value=len(number) - 1))
    character = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    wrong = number[:place] + character + number[place + 1 :]
    assert (check_digits.identifier(wrong) is None) is (wrong == number)


@pytest.mark.parametrize(("old", "new"), NUMBERS["citizen_id"]["normalise"])
def test_a_15_digit_id_becomes_one_of_18(old: str, new: str) -> None:
    assert check_digits.is_old_citizen_id(old)
    assert check_digits.citizen_id_18(old) == new


@pytest.mark.parametrize("number", ["420102901307123", "42010290030712", "42010290030712X"])
def test_what_has_no_real_date_or_not_15_digits_is_no_old_id(number: str) -> None:
    assert not check_digits.is_old_citizen_id(number)

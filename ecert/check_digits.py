"""Check digits and forms of the numbers that a counter meets.

A flaw is a malformed number, never by itself a forged certificate. Each function takes a number that is already
without spaces and in upper case, and gives its flaw or None; nobody's register is asked.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

_DIGITS36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CREDIT31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE36 = {character: value for value, character in enumerate(_DIGITS36)}
_VALUE31 = {character: value for value, character in enumerate(_CREDIT31)}
_CITIZEN_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))
_CITIZEN_CHECKS = "10X98765432"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))

_CITIZEN = re.compile(r"[0-9]{6}([0-9]{4})([0-9]{2})([0-9]{2})[0-9]{3}[0-9X]", re.ASCII)
_OLD_CITIZEN = re.compile(r"[0-9]{15}", re.ASCII)
_SOCIAL_CREDIT = re.compile(rf"[{_CREDIT31}]{{2}}[0-9]{{6}}[{_CREDIT31}]{{10}}")
_FOOD_PERMIT = re.compile(r"JY[0-9]{14}", re.ASCII)
_PROPERTY_UNIT = re.compile(r"[0-9]{12}[A-Z]{2}[0-9]{5}[FLQW][0-9]{8}", re.ASCII)
_IDENTIFIER = re.compile(
    r"1\.2\.156\.3005\.2\.([0-9A-Z]{18}[0-9]{3})\.([0-9A-Z]{18})\.([0-9A-Z]{1,64})\.([0-9]{3})\.([0-9A-Z])"
)


class Flaw(StrEnum):
    """What is wrong with a number: its form, the date in it, or its check character."""

    FORM = "form"
    DATE = "date"
    CHECK = "check"


def citizen_id(number: str) -> Flaw | None:
    """Judge an 18-digit citizen id (GB 11643-1999, ISO 7064 MOD 11-2), the date of birth in it too."""
    match = _CITIZEN.fullmatch(number)
    if match is None:
        return Flaw.FORM
    if not _is_date(int(match[1]), int(match[2]), int(match[3])):
        return Flaw.DATE
    return None if _citizen_check(number) == number[17] else Flaw.CHECK


def is_old_citizen_id(number: str) -> bool:
    """Tell whether a number is built like a 15-digit citizen id of before 1999, with a real date of birth."""
    return bool(_OLD_CITIZEN.fullmatch(number)) and _is_date(
        1900 + int(number[6:8]), int(number[8:10]), int(number[10:12])
    )


def citizen_id_18(number: str) -> str:
    """Give the 18-digit form of a 15-digit citizen id: the century 19 put in, the check character added."""
    body = f"{number[:6]}19{number[6:]}"
    return body + _citizen_check(body)


def _citizen_check(number: str) -> str:
    total = sum([int(digit) * weight for digit, weight in zip(number, _CITIZEN_WEIGHTS, strict=False)])
    return _CITIZEN_CHECKS[total % 11]


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def social_credit_code(number: str) -> Flaw | None:
    """Judge an 18-character social credit code (GB 32100-2015), with the GB 11714 character at position 17 inside."""
    if not _SOCIAL_CREDIT.fullmatch(number):
        return Flaw.FORM
    inner = sum([_VALUE36[c] * weight for c, weight in zip(number[8:16], _ORGANISATION_WEIGHTS, strict=True)])
    if "0X987654321"[inner % 11] != number[16]:
        return Flaw.CHECK
    outer = sum([_VALUE31[c] * weight for c, weight in zip(number[:17], _CREDIT_WEIGHTS, strict=True)])
    return None if _CREDIT31[-outer % 31] == number[17] else Flaw.CHECK


def food_permit(number: str) -> Flaw | None:
    """Judge a food business permit's number: JY and 14 digits, the last by ISO 7064 MOD 11,10."""
    if not _FOOD_PERMIT.fullmatch(number):
        return Flaw.FORM
    product = 10
    for digit in number[2:15]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return None if (11 - product) % 10 == int(number[15]) else Flaw.CHECK


def property_unit(number: str) -> Flaw | None:
    """Judge a property unit's number (GB/T 37346-2019): 28 characters, no check digit."""
    return None if _PROPERTY_UNIT.fullmatch(number) else Flaw.FORM


def identifier(text: str) -> Flaw | None:
    """Judge a GB/T 36904-2018 identifier: ISO 7064 MOD 37,36 over type, issuer, serial and version."""
    match = _IDENTIFIER.fullmatch(text)
    if match is None:
        return Flaw.FORM
    product = 36
    for character in match[1] + match[2] + match[3] + match[4]:
        product = ((product + _VALUE36[character]) % 36 or 36) * 2 % 37
    return None if _DIGITS36[(37 - product) % 36] == match[5] else Flaw.CHECK


def mod_97_10(number: str) -> str:
    """Give the two check digits of a number of digits (ISO 7064 MOD 97-10): with them it leaves 1 modulo 97."""
    return f"{98 - int(number) * 100 % 97:02d}"

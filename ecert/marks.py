"""Combining marks: text in a form of Unicode, in time linear in the text.

The marks on one letter are sorted in time by the square of their number, so that a few kilobytes of them would keep a
process busy for minutes. Nobody writes more than 30 (UAX #15, section 13, the Stream-Safe Text Format).
"""

from __future__ import annotations

from typing import Literal
from unicodedata import combining, is_normalized, normalize

MOST = 30
_BECOME_MARKS = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")
"""What is no mark and becomes one in some form."""


def normal(form: Literal["NFC", "NFKC"], text: str) -> str:
    """Give a text in a form; one with too many marks on a letter as it is, which is then a form of its own."""
    if text.isascii() or is_normalized(form, text) or has_too_many(text):
        return text
    return normalize(form, text)


def has_too_many(text: str) -> bool:
    """Tell whether more marks stand in a row than anybody writes."""
    marks = 0
    for character in text:
        marks = marks + 1 if combining(character) or character in _BECOME_MARKS else 0
        if marks > MOST:
            return True
    return False

"""Text that may hold what a stranger wrote, made fit to stand among our own."""

from __future__ import annotations

from unicodedata import category

_MOVE_OR_HIDE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of controls, marks of direction, surrogates and separators of lines."""
_JOINERS = frozenset("\u200c\u200d")
"""Of letters, which some names need; they move nothing."""


def plain(text: str) -> str:
    """Make one line of it in which nothing moves or hides what stands elsewhere; rare characters of names stay."""
    if is_plain(text):
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" if _moves_or_hides(each) else each for each in text)


def is_plain(text: str) -> bool:
    """Tell whether it is such a line as it stands."""
    return text.isprintable() or not any(map(_moves_or_hides, text))


def _moves_or_hides(character: str) -> bool:
    return category(character) in _MOVE_OR_HIDE and character not in _JOINERS

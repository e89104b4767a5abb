"""Long lists, cut to what one statement can carry, or one look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

PIECE = 500
"""Values, or rows, of one statement."""

Each = TypeVar("Each")


def pieces(values: Iterable[Each], size: int = PIECE) -> Iterator[list[Each]]:
    """Give values in their order, so many at a time; nothing of nothing."""
    rest = iter(values)
    while piece := list(islice(rest, size)):
        yield piece

"""Long lists, cut to what one statement can carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

PIECE = 500
"""Values, or rows, of one statement."""

Each = TypeVar("Each")


def pieces(values: Iterable[Each]) -> Iterator[list[Each]]:
    """Give values in their order, so many at a time; nothing of nothing."""
    rest = iter(values)
    while piece := list(islice(rest, PIECE)):
        yield piece

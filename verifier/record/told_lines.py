"""Told, line by line: an answer to lines, of which each group ends with the receipt for its verdicts, in their order.

A line that was refused has a `problem` and no verdict in the receipt. No receipt says which number a line had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecert.receipt import Receipt
from verifier.record.told import entry_otherwise, entry_unproved, said_otherwise, unproved


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Lines, and the object with `lines` behind them; `end` None where the answer was cut off before it."""

    lines: Sequence[Mapping[str, Any]]
    end: Mapping[str, Any] | None

    @property
    def judged(self) -> Sequence[Mapping[str, Any]]:
        """Those that have a verdict."""
        return [line for line in self.lines if "problem" not in line]


def groups_of(said: Sequence[Mapping[str, Any]]) -> Sequence[Group] | None:
    """Read an answer to lines; None where it is another one. What ends one early (a `problem`) says no verdict."""
    if not any("line" in each for each in said):
        return None
    found: list[Group] = []
    lines: list[Mapping[str, Any]] = []
    for each in said:
        if "lines" in each:
            found.append(Group(lines=lines, end=each))
            lines = []
        elif "line" in each or "problem" not in each:
            lines.append(each)
    return [*found, Group(lines=lines, end=None)] if lines else found


def without_receipt(group: Group) -> str | None:
    """Name the lines of a group that has no receipt and yet a verdict."""
    named = ", ".join(_name(line) for line in group.judged)
    return f"{named}: no receipt is there for it" if named else None


def lines_otherwise(group: Group, receipt: Receipt) -> str | None:
    """Name every line of a group that is not as its receipt has it, and what of it."""
    return "; ".join(_differences(group, receipt)) or None


def lines_unproved(group: Group) -> tuple[str, ...]:
    """Name the members of a group of which a receipt says nothing."""
    named = [*unproved(group.end or {}), *(name for line in group.judged for name in entry_unproved(line))]
    return tuple(dict.fromkeys(named))


def _differences(group: Group, receipt: Receipt) -> Iterator[str]:
    if (other := said_otherwise(group.end or {}, receipt)) is not None:
        yield other
    numbers = [line.get("line") for line in group.lines]
    ends = (group.end or {}).get("lines")
    if not _rise(numbers) or ends != [numbers[0], numbers[-1]]:
        yield f"lines (not each line from {ends!r} is there, in its order)"
    elif not receipt.batch or len(group.judged) != len(receipt.judged):
        verdicts = f"{len(group.judged)} verdicts in lines {numbers[0]} to {numbers[-1]}"
        yield f"lines ({verdicts}, {len(receipt.judged)} in it)"
    else:
        for line, judged in zip(group.judged, receipt.judged, strict=True):
            if (other := entry_otherwise(line, judged)) is not None:
                yield f"{_name(line)}: {other}"


def _rise(numbers: Sequence[object]) -> bool:
    whole = [each for each in numbers if type(each) is int]
    return 0 < len(numbers) == len(whole) and whole == sorted(set(whole))


def _name(line: Mapping[str, Any]) -> str:
    return f"line {line.get('line')}"

"""A delivery is tried for three days, ever more rarely, and not by all at the same time."""

from __future__ import annotations

import itertools

import pytest

from store.deliveries import LONGEST_PAUSE
from verifier.changes.attempts import next_attempt

DAY = 86_400


def times(chance: float) -> list[int]:
    now, found = 0, [0]
    while (following := next_attempt(len(found), now, chance)) is not None:
        now = following
        found.append(now)
    return found


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_attempts_grow_rarer_and_end_after_three_days(chance: float) -> None:
    made = times(chance)
    pauses = [later - earlier for earlier, later in itertools.pairwise(made)]
    assert pauses == sorted(pauses)
    assert pauses[-1] < LONGEST_PAUSE
    assert len(made) == 13
    assert 2.9 * DAY <= made[-1] <= 3.6 * DAY


def test_the_first_ones_come_soon() -> None:
    assert times(0.0)[:5] == [0, 5, 35, 155, 755]


def test_those_who_failed_together_do_not_come_back_together() -> None:
    assert next_attempt(5, 0, 0.1) != next_attempt(5, 0, 0.9)

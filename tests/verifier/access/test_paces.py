"""So many a minute: a window that slides, a refusal that says truly when to come again, and nothing kept for long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.access.paces import MINUTE, Of, Paces, PerMinute
from verifier.problems import Code, RequestRefused

START = 1_795_000_020.0
"""The first second of a minute."""


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def made(clock: Clock, *, address: int = 10, wrong_tries: int = 3) -> Paces:
    return Paces(PerMinute(client=100, address=address, wrong_tries=wrong_tries), clock)


def seconds_told(refused: RequestRefused) -> int:
    assert refused.code is Code.TOO_MANY
    return int(refused.headers["retry-after"])


def test_so_many_and_no_more() -> None:
    """The figure itself passes, one more does not, and other names are not touched."""
    paces = made(Clock())
    for _ in range(10):
        paces.hit(Of.ADDRESS, "one")
    with pytest.raises(RequestRefused):
        paces.hit(Of.ADDRESS, "one")
    paces.hit(Of.ADDRESS, "other")
    paces.hit(Of.CLIENT, "one")


def test_a_figure_of_its_own() -> None:
    """A client's own figure stands in place of the usual one, whichever is larger."""
    paces = made(Clock())
    paces.hit(Of.CLIENT, "small", 1)
    with pytest.raises(RequestRefused):
        paces.hit(Of.CLIENT, "small", 1)
    for _ in range(150):
        paces.hit(Of.CLIENT, "large", 150)


def test_the_last_minute_counts_as_far_as_it_is_not_gone() -> None:
    """Half a minute later half of the last minute's calls still count; two minutes later none."""
    clock = Clock()
    paces = made(clock)
    for _ in range(10):
        paces.hit(Of.ADDRESS, "one")
    clock.now = START + 1.5 * MINUTE
    for _ in range(5):
        paces.hit(Of.ADDRESS, "one")
    with pytest.raises(RequestRefused):
        paces.hit(Of.ADDRESS, "one")
    clock.now = START + 3 * MINUTE
    for _ in range(10):
        paces.hit(Of.ADDRESS, "one")


@given(
    most=st.integers(1, 30),
    calls=st.lists(st.tuples(st.floats(0, 20), st.integers(1, 12)), min_size=1, max_size=25),
)
def test_who_comes_again_when_told_is_let_in_and_not_a_second_earlier(
    most: int, calls: list[tuple[float, int]]
) -> None:
    """Whatever came before: after the seconds that the refusal names one call passes, and one second before none."""
    clock = Clock()
    paces = made(clock, address=most)
    for pause, count in calls:
        clock.now += pause
        for _ in range(count):
            try:
                paces.hit(Of.ADDRESS, "one")
            except RequestRefused as refused:
                told, here = seconds_told(refused), clock.now
                if told > 1:
                    clock.now = here + told - 1.001
                    with pytest.raises(RequestRefused):
                        paces.hit(Of.ADDRESS, "one")
                clock.now = here + told + 0.001
                paces.hit(Of.ADDRESS, "one")


def test_wrong_tries_are_counted_apart_from_asking() -> None:
    """Asking whether there were too many counts nothing."""
    paces = made(Clock())
    for _ in range(50):
        paces.refuse_after_tries("one")
    for _ in range(3):
        paces.count_wrong_try("one")
    with pytest.raises(RequestRefused):
        paces.refuse_after_tries("one")


def test_what_is_two_minutes_old_is_forgotten() -> None:
    """A flood of addresses does not stay in memory."""
    clock = Clock()
    paces = made(clock)
    for number in range(1000):
        paces.hit(Of.ADDRESS, str(number))
    clock.now += 2 * MINUTE
    paces.hit(Of.ADDRESS, "one")
    assert len(paces._now) == 1
    assert not paces._before

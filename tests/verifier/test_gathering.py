from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from verifier.services.gathering import Gathering


class Desk:
    """Doubles numbers, and remembers what came together and in which thread; 13 is more than it can bear."""

    def __init__(self, here: int | None) -> None:
        self.groups: list[list[int]] = []
        self.threads: set[int] = set()
        self.gathering: Gathering[None, int, int] = Gathering(self.write, pause=0, here=here)

    def write(self, _: None, items: Sequence[int]) -> Sequence[int]:
        self.groups.append(list(items))
        self.threads.add(threading.get_ident())
        if 13 in items:
            raise ValueError("13")
        return [2 * item for item in items]

    async def put(self, *items: int) -> list[int | BaseException]:
        return await asyncio.gather(*(self.gathering.put(None, item) for item in items), return_exceptions=True)


async def test_here_a_few_go_together_on_the_event_loop() -> None:
    desk = Desk(here=3)
    assert await desk.put(*range(7)) == [0, 2, 4, 6, 8, 10, 12]
    assert desk.groups == [[0, 1, 2], [3, 4, 5], [6]]
    assert desk.threads == {threading.get_ident()}


async def test_here_others_have_their_turn_between_two_groups() -> None:
    desk = Desk(here=1)
    seen: list[int] = []

    async def other() -> None:
        while len(desk.groups) < 4:
            seen.append(len(desk.groups))
            await asyncio.sleep(0)

    await asyncio.gather(desk.put(1, 2, 3, 4), other())
    assert {1, 2, 3} <= set(seen)


async def test_elsewhere_all_go_together_in_a_thread() -> None:
    desk = Desk(here=None)
    assert await desk.put(*range(7)) == [0, 2, 4, 6, 8, 10, 12]
    assert desk.groups == [list(range(7))]
    assert threading.get_ident() not in desk.threads


@pytest.mark.parametrize(("here", "failed"), [(2, [1, 13]), (None, [1, 13, 3])])
async def test_what_fails_fails_for_its_group_alone_and_what_comes_later_is_done(
    here: int | None, failed: list[int]
) -> None:
    desk = Desk(here=here)
    answers = dict(zip([1, 13, 3], await desk.put(1, 13, 3), strict=True))
    assert [item for item, answer in answers.items() if isinstance(answer, ValueError)] == failed
    assert await desk.put(5) == [10]

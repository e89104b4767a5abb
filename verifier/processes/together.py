"""Several works in one process: all run until told to stop, and where one ends before that, so do the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from verifier.processes.running import Work


async def together(works: Sequence[Work], stop: asyncio.Event) -> None:
    """Run `work(stop)` for each of them; the first failure stops the others and is raised.

    A work that ends by itself stops the others, too: a process does all that it is there for, or is started again.
    """
    tasks = [asyncio.ensure_future(work(stop)) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome

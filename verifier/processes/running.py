"""Running one process until it is told to end: by a signal, or because the process that started it is gone."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine

import uvloop

REFUSED = 78
"""Exit code of a process that must not be started again before somebody has looked (`EX_CONFIG` of sysexits)."""
GRACE = 5.0
"""Seconds in which a process ends by itself after its parent is gone."""

ONE_AT_A_TIME = "UV_TCP_SINGLE_ACCEPT"
"""With this the event loop takes one new connection at a time. Of several processes at one port one would take all of
those that come together, and the others none."""
SWITCH_SECONDS = 0.0005
"""After which a busy thread (that copies the record, say) lets the event loop go on. Python's own figure is ten times
as much, and a request would wait so long every time that it reads or writes."""
YOUNG_OBJECTS = 20_000
"""How many more objects than before there must be until Python looks for circles that nothing refers to. Its own figure
is 700, as many as a handful of requests has while they are answered; looking that often took a twelfth of all time."""

Work = Callable[[asyncio.Event], Coroutine[None, None, None]]
"""What a process does until the event is set."""


def run(work: Work, *, supervised: bool) -> None:
    """Run `work(stop)` and set `stop` at SIGTERM or SIGINT; `supervised`: also when standard input ends."""
    os.environ.setdefault(ONE_AT_A_TIME, "1")
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()  # what was loaded stays, and is never looked through again
    gc.set_threshold(YOUNG_OBJECTS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(work, supervised=supervised))


async def _run(work: Work, *, supervised: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if supervised:
        threading.Thread(target=_follow_parent, args=(loop, stop), daemon=True).start()
    await work(stop)


def _follow_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Wait for the end of standard input, whose other end the parent alone holds and loses however it dies."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    loop.call_soon_threadsafe(stop.set)
    time.sleep(GRACE)
    os._exit(REFUSED)

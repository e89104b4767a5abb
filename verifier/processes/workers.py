"""`ecert serve`: keeps the processes of the service running, and ends them when it ends, however that happens.

Each is this program started again with another command. It reads its standard input, whose other end only we hold: when
we are gone, even by `kill -9`, that input ends and so does the process. One that dies is started again after a pause
that grows; one that refuses to run (`REFUSED`) is left alone, except that without `api` there is no service.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count, repeat
from types import MappingProxyType

from verifier.processes.running import REFUSED

_LOG = logging.getLogger(__name__)
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each new start; the last holds on."""
STEADY = 60.0
"""Seconds after which a process counts as well again."""
PATIENCE = 8.0
"""Seconds that a process gets to end when asked, before it is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process to keep running: the command of `ecert`, its arguments, and open files that it is given.

    `variables`: what its environment has besides ours. `vital`: without it nothing else is of use.
    """

    command: str
    arguments: tuple[str, ...]
    files: tuple[int, ...] = ()
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    vital: bool = False


async def supervise(workers: Sequence[Worker], stop: asyncio.Event) -> bool:
    """Keep all running until `stop`; True if that is how it ended, False if a vital one refused to run."""
    outcomes = await asyncio.gather(*(_keep(worker, stop) for worker in workers))
    return all(outcomes)


async def _keep(worker: Worker, stop: asyncio.Event) -> bool:
    clock = asyncio.get_running_loop().time
    pauses = chain(PAUSES, repeat(PAUSES[-1]))
    for attempt in count(1):
        started = clock()
        process = await _start(worker)
        _LOG.info("%s runs as process %d%s", worker.command, process.pid, f", start {attempt}" if attempt > 1 else "")
        code = await _until_end(process, stop)
        if stop.is_set():
            return True
        if code == REFUSED:
            _LOG.error("%s will not run; what it said stands above. Mend that, then restart", worker.command)
            if worker.vital:
                stop.set()
            return not worker.vital
        if clock() - started >= STEADY:
            pauses = chain(PAUSES, repeat(PAUSES[-1]))
        pause = next(pauses)
        _LOG.warning("%s ended with code %s; started again in %.1f s", worker.command, code, pause)
        if await _stopped_within(stop, pause):
            return True
    return True


async def _start(worker: Worker) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "verifier",
        worker.command,
        *worker.arguments,
        "--supervised",
        stdin=PIPE,
        pass_fds=worker.files,
        env={**os.environ, **worker.variables},
        start_new_session=True,
    )


async def _until_end(process: Process, stop: asyncio.Event) -> int:
    """Wait for a process, and end it at `stop`: asked first, then killed."""
    ending = asyncio.create_task(process.wait())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ending.done():
        process.terminate()
        await asyncio.wait({ending}, timeout=PATIENCE)
    if not ending.done():
        _LOG.warning("process %d does not end and is killed", process.pid)
        process.kill()
    return await ending


async def _stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True

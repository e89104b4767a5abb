"""Processes that are really killed, forked from one that has loaded everything: to load it takes seconds, a fork none.

`run(work, *arguments)` lets a process do `work`, a function of one of the modules in `LOADED`, and gives its exit code.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable

LOADED = [
    "tests.chain.mortal",
    "tests.verifier.changes.killed",
    "tests.verifier.killed",
    "tests.verifier.killed_office",
    "tests.verifier.swept",
]
PATIENCE = 240

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(LOADED)


def run(work: Callable[..., None], *arguments: object) -> int:
    """Run one process to its end; answer its exit code, -9 if it was killed."""
    process = FORKS.Process(target=work, args=arguments)
    process.start()
    process.join(PATIENCE)
    assert process.exitcode is not None, "the process hangs"
    return process.exitcode

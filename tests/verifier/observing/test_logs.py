"""The log in both forms: a line for what happened, with the request's name, and no error's own text."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from verifier.observing.request_names import request_name
from verifier.processes import logs

SECRET = "王小明"


@pytest.fixture(autouse=True)
def log_put_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module, hook in ((sys, "excepthook"), (threading, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    token = request_name.set("4bf92f3577b34da6a3ce929d0e0e4736")
    yield
    request_name.reset(token)
    root.handlers[:] = handlers
    root.setLevel(level)


def _fail() -> None:
    raise ValueError(SECRET)


def _log_all() -> None:
    log = logging.getLogger("verifier.test")
    log.info("block %d is read", 7, extra={"block": 7})
    try:
        _fail()
    except ValueError:
        log.exception("that failed")


def test_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start_log("api", "INFO")
    _log_all()
    written = capsys.readouterr().err
    first, second, *places = written.splitlines()
    assert first.endswith("Z api INFO block 7 is read (request 4bf92f3577b34da6a3ce929d0e0e4736)")
    assert "ERROR that failed" in second
    assert places[0] == "ValueError"
    assert places[-1].endswith("in _fail")
    assert SECRET not in written


def test_objects_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start_log("office", "INFO", "json")
    _log_all()
    written = capsys.readouterr().err
    first, second = map(json.loads, written.splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {
        "process": "office",
        "level": "INFO",
        "message": "block 7 is read",
        "request": "4bf92f3577b34da6a3ce929d0e0e4736",
        "block": 7,
    }
    assert second["error"][0] == "ValueError"
    assert SECRET not in written


FALLING = """
import asyncio, gc, sys, threading
from verifier.processes.logs import start_log

class Last:
    def __del__(self):
        fail("del")

def fail(who):
    raise ValueError(f"{who} {sys.argv[2]}")

async def task():
    fail("task")

async def work():
    left = asyncio.create_task(task())
    await asyncio.sleep(0)
    del left
    gc.collect()
    asyncio.get_running_loop().call_soon(fail, sys.argv[2])
    await asyncio.sleep(0)
    async with asyncio.TaskGroup() as group:
        group.create_task(task())

start_log("office", "DEBUG", sys.argv[1])
Last()
thread = threading.Thread(target=fail, args=("thread",), name=sys.argv[2])
thread.start()
thread.join()
asyncio.run(work())
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_process_that_falls_says_where_and_not_what_it_had_in_hand(form: str) -> None:
    """Neither from a task that nobody waits for, nor a callback, a thread, a finalizer or the main program."""
    program = [sys.executable, "-c", FALLING, form, SECRET]
    ended = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert SECRET not in ended.stderr
    assert ended.stderr.count("in fail") == 5
    assert "ExceptionGroup" in ended.stderr

"""The log in both forms: a line for what happened, with the request's name, and no error's own text."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from verifier.observing.request_names import request_name
from verifier.processes import logs

SECRET = "王小明"


@pytest.fixture(autouse=True)
def log_put_back() -> Iterator[None]:
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

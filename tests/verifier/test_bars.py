"""Without a terminal how far a command is is told in plain lines: when it has moved, and not too often."""

from __future__ import annotations

import io
import queue

import pytest

from verifier.commands import bars
from verifier.commands.bars import Bars
from verifier.services.progress import Stage

LONG = 60.0


class Lines(io.StringIO):
    """A stderr that is no terminal, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: queue.Queue[str] = queue.Queue()

    def write(self, text: str) -> int:
        written = super().write(text)
        for line in text.splitlines():
            self.lines.put(line)
        return written

    def next(self) -> str:
        return self.lines.get(timeout=LONG)


def listen(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Take the place of stderr; not in a fixture, after which pytest puts its own there."""
    lines = Lines()
    monkeypatch.setattr("sys.stderr", lines)
    return lines


def test_the_stage_and_how_many_of_how_many_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = listen(monkeypatch)
    shown = Bars(every=0.001)
    with shown.shown():
        shown.begin(Stage.CHECK, None)
        assert stderr.next() == "ecert: checking rows: 0"
        shown.begin(Stage.SIGN, 6000)
        assert stderr.next() == "ecert: signing and storing: 0 of 6000"
        shown.reach(1000)
        assert stderr.next() == "ecert: signing and storing: 1000 of 6000"
        shown.begin("certificate files", 2)
        assert stderr.next() == "ecert: certificate files: 0 of 2"


def test_where_nothing_moves_the_same_line_comes_again_only_after_long(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = listen(monkeypatch)
    shown = Bars(every=0.001)
    with shown.shown():
        shown.begin(Stage.ANCHOR, 1)
        assert stderr.next() == "ecert: anchored and handed out: 0 of 1"
        shown.note("the node does not answer; waiting for it")
        assert stderr.next() == "ecert: the node does not answer; waiting for it"
        monkeypatch.setattr(bars, "AT_MOST", 0)
        assert stderr.next() == "ecert: anchored and handed out: 0 of 1"


def test_short_work_is_done_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = listen(monkeypatch)
    shown = Bars()
    with shown.shown():
        shown.begin(Stage.SIGN, 1)
        shown.reach(1)
    assert stderr.lines.empty()


def test_the_work_goes_on_where_nobody_reads_stderr_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        tried = 0

        def write(self, text: str) -> int:
            del text
            self.tried += 1
            raise BrokenPipeError

    gone = Gone()
    monkeypatch.setattr("sys.stderr", gone)
    Bars().note("something")
    assert gone.tried

"""What holds of every command."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from verifier import cli


def test_a_command_whose_reader_has_gone_ends_with_2_and_without_a_word() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    asked = [sys.executable, "-m", "verifier", "verify", "--url", "http://127.0.0.1:9", "missing.ecert.json"]
    done = subprocess.run(asked, stdout=writing, stderr=subprocess.PIPE, check=False, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (2, "")


def test_an_interruption_before_anything_was_begun_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "build", interrupted)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130

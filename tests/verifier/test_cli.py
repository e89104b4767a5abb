"""What holds of every command."""

from __future__ import annotations

import os
import subprocess
import sys


def test_a_command_whose_reader_has_gone_ends_with_2_and_without_a_word() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    asked = [sys.executable, "-m", "verifier", "verify", "--url", "http://127.0.0.1:9", "missing.ecert.json"]
    done = subprocess.run(asked, stdout=writing, stderr=subprocess.PIPE, check=False, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (2, "")

"""The demonstration itself, run as a stranger runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from verifier.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system")]


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "scripts" / "demo.py"), "--once", "--data", str(folder)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def finish(demo: subprocess.Popen[str]) -> str:
    _, said = demo.communicate(timeout=900)
    assert demo.returncode == 0, said
    return said


def test_two_demonstrations_at_once_agree_with_every_expected_verdict(tmp_path: Path) -> None:
    both = [start(tmp_path / name) for name in ("one", "two")]
    for demo, name in zip(both, ("one", "two"), strict=True):
        said = finish(demo)
        assert "All as expected" in said
        assert said.count("agrees") == 17 + 11 + 2
        assert "DIFFERS" not in said
        files = list((tmp_path / name / "certificates").rglob("*.ecert.json"))
        assert len(files) == 3 * 20 + 100 + 2
        assert load_settings(tmp_path / name).webhook_hosts == ("127.0.0.1",), "a receiver on this machine can be tried"


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    demo = start(tmp_path)
    _, said = demo.communicate(timeout=300)
    assert demo.returncode == 2
    assert "holds something else already" in " ".join(said.split())
    assert (tmp_path / "thesis.txt").read_text() == "years of work"

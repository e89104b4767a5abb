"""The programs of docs/api.md are run against running processes, and all say the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.openapi.desk import CLIENT, Desk
from verifier.problems import KINDS

pytestmark = pytest.mark.xdist_group("desk")

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "api.md"
FILES = {"sh": "example.sh", "python": "example.py", "js": "example.mjs", "java": "Example.java"}
SAID = [
    "verified VALID",
    "looked up VALID, 食品",
    "batch VALID VALID",
    "lines VALID VALID",
    "receipt good",
    "changes read",
    "issued",
]


def programs() -> dict[str, str]:
    """Give the code blocks of the page by language."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return dict(found)


def steps(language: str) -> list[list[str]]:
    """Give the commands that run a program; skip, by name, where the machine lacks what it needs."""
    beside = Path(sys.executable).parent
    path = f"{beside}:{os.environ['PATH']}"
    wanted = {"sh": ["curl"], "python": [], "js": ["node"], "java": ["javac", "java"]}[language]
    tools = {name: shutil.which(name, path=path) for name in wanted}
    for name, found in tools.items():
        if found is None:
            pytest.skip(f"NO {name.upper()} on this machine: the {language} program of docs/api.md did not run")
    return {
        "sh": [["sh", FILES["sh"]]],
        "python": [[sys.executable, FILES["python"]]],
        "js": [[str(tools.get("node")), FILES["js"]]],
        "java": [
            [str(tools.get("javac")), "--release", "8", "-Xlint:-options", "-encoding", "UTF-8", FILES["java"]],
            [str(tools.get("java")), "-cp", ".", "Example"],
        ],
    }[language]


def test_every_type_of_problem_stands_on_the_page_with_its_status() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (\d{3}) \| \S.* \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = [(name.strip("`"), int(status)) for names, status in rows for name in names.split(", ")]
    assert sorted(told) == sorted((str(code), int(kind.status)) for code, kind in KINDS.items())


def test_there_is_a_program_in_every_language() -> None:
    assert set(programs()) == set(FILES)


@pytest.mark.parametrize("language", FILES)
def test_a_program_does_what_the_page_says(language: str, desk: Desk, tmp_path: Path) -> None:
    commands = steps(language)
    (tmp_path / FILES[language]).write_text(programs()[language], encoding="utf-8")
    (tmp_path / "certificate.ecert.json").write_text(json.dumps(desk.file), encoding="utf-8")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "LANG": "C.UTF-8",
        "ECERT": desk.api,
        "OFFICE": desk.office,
        "CLIENT": CLIENT,
        "SECRET": desk.secret,
        "NUMBER": f"JK-2026-{list(FILES).index(language)}",
    }
    said = ""
    for command in commands:
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        said += ran.stdout
    assert said.splitlines() == SAID

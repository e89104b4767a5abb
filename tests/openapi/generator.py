"""A client generator from PyPI in an environment of its own, `build/generator`: it wants older packages than we do.

Made once from `requirements/generator.txt`, every package with its hash, and again when that file changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = ROOT / "requirements" / "generator.txt"
FOLDER = ROOT / "build" / "generator"
STRANGER = Path(__file__).with_name("stranger.py")


def python() -> Path:
    """Give the Python of the generator's environment, which is made if need be."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    found, stamp = FOLDER / "bin" / "python", FOLDER / f"installed-{digest}"
    FOLDER.parent.mkdir(exist_ok=True)
    with FOLDER.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            shutil.rmtree(FOLDER, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(FOLDER))
            options = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps")
            _run(str(found), "-m", "pip", "install", *options, "-r", str(LOCK))
            stamp.touch()
    return found


def generate(description: Path, package: Path) -> str:
    """Generate a client's package from a description; give what the generator said."""
    program = python().with_name("openapi-python-client")
    return _run(str(program), "generate", "--path", str(description), "--meta", "none", "--output-path", str(package))


def be_stranger(folder: Path, *arguments: str) -> str:
    """Run the stranger's program beside the packages in a folder; give what it printed."""
    return _run(str(python()), str(STRANGER), *arguments, path=str(folder))


def _run(*command: str, path: str = "") -> str:
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": path}
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr

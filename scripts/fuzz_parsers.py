"""Lets a coverage-guided fuzzer (atheris, on libFuzzer) loose on every parser of `tests.ecert.parsers`.

The fuzzer has an environment of its own under `build/`, made from `requirements/fuzz.txt`, since it is needed nowhere
else. Each parser runs in a process of its own with limits of memory and of time for one input; whatever libFuzzer
stops at is saved and named. What it learnt is kept under `build/fuzz/corpus/`, so the next run begins there.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.ecert.parsers import PARSERS  # noqa: E402

LOCK = ROOT / "requirements" / "fuzz.txt"
BUILD = ROOT / "build" / "fuzz"
MEMORY_MB = 1024
INPUT_SECONDS = 5
LONGEST = 1 << 16
_PROGRESS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+)")


def environment() -> Path:
    """Make the fuzzer's environment if it is not there yet; gives its Python."""
    home = BUILD / f"env-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    python = home / "bin" / "python"
    done = home / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        subprocess.run([python, *install, "-r", LOCK], check=True)
        done.touch()
    return python


def fuzz_parsers(names: Sequence[str], seconds: int, console: Console) -> int:
    """Fuzz each parser that is named (none: all), one after the other; gives the exit code."""
    unknown = [name for name in names if name not in PARSERS]
    if unknown:
        console.print(f"no parser {', '.join(unknown)}; there are: {', '.join(PARSERS)}", highlight=False)
        return 2
    python = environment()
    failed = [name for name in names or PARSERS if not fuzz(python, name, seconds, console)]
    console.print(f"{len(names or PARSERS)} parsers, {seconds} s each; failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def fuzz(python: Path, name: str, seconds: int, console: Console) -> bool:
    """Fuzz one parser; tells whether it stood."""
    corpus, crashes = BUILD / "corpus" / name, BUILD / "crashes" / name
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    for seed in PARSERS[name].seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    limits = [f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MB}", f"-timeout={INPUT_SECONDS}"]
    options = [*limits, f"-max_len={LONGEST}", f"-artifact_prefix={crashes}/", str(corpus)]
    done = subprocess.run(
        [python, ROOT / "scripts" / "fuzz_parser.py", name, *options],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=BUILD,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    told = _PROGRESS.findall(done.stdout)
    inputs, coverage = told[-1] if told else ("0", "0")
    verdict = "[green]stood[/green]" if done.returncode == 0 else "[red]FAILED[/red]"
    console.print(f"  {name}: {verdict}, {int(inputs):,} inputs, {coverage} edges", highlight=False)
    if done.returncode:
        (crashes / "log.txt").write_text(done.stdout, encoding="utf-8")
        console.print(f"  the input and the log are in {crashes.relative_to(ROOT)}", highlight=False)
    return done.returncode == 0

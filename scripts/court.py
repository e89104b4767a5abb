"""A court that has no network: it verifies by two files that the bureau's roots have signed."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from city import ROOT, City, CityError
from city_cases import LICENCE, MARKET, REGISTRY, REVOKED, TITLE, Asked, Case, file_of

ROOTS = ("a", "b", "c")
THRESHOLD = 2
WEEK = 7 * 86_400
FILES = ("ecert-trust.json", "ecert-facts.bin")


def hear(city: City, console: Console) -> list[Asked]:
    """Let the bureau publish what its roots signed, and a court verify with that alone."""
    console.print(f"{THRESHOLD} of {len(ROOTS)} roots sign a trust file, and a court without a network verifies")
    fingerprint = publish(city)
    folder = city.folder / "court"
    folder.mkdir()
    for name in FILES:
        urllib.request.urlretrieve(f"{city.service}/.well-known/{name}", folder / name)  # noqa: S310 # our own service
    cases = (
        ("a title", REGISTRY, TITLE, 0, "VALID", None),
        ("a revoked business licence", MARKET, LICENCE, REVOKED, "INVALID", "revoked"),
    )
    return [
        verified(
            Case(
                who="court, offline",
                about=about,
                certificate=file_of(city, agency, slug, row),
                result=result,
                reason=reason,
            ),
            folder,
            fingerprint,
        )
        for about, agency, slug, row, result, reason in cases
    ]


def publish(city: City) -> str:
    """Make roots, a trust file and a facts file, and publish them; give the roots' fingerprint."""
    folder = city.folder / "roots"
    folder.mkdir(mode=0o700)
    password = folder / "password"
    password.touch(0o600)
    password.write_text(secrets.token_urlsafe(24), "ascii")
    opened = ("--password-file", str(password))
    for name in ROOTS:
        ecert("trust", "root", str(folder / name), *opened)
    public = [argument for name in ROOTS for argument in ("--root", str(folder / f"{name}.jwk"))]
    city.command("trust", "export", *public, "--threshold", str(THRESHOLD))
    for name in ROOTS[:THRESHOLD]:
        city.command("trust", "sign", "--key", str(folder / name), *opened)
    said = json.loads(city.command("trust", "publish", "--json").stdout)
    fingerprint: str = said["roots"]["fingerprint"]
    return fingerprint


def verified(case: Case, folder: Path, fingerprint: str) -> Asked:
    """Verify where there is nothing but the two files and the certificate."""
    file = folder / "case.ecert.json"
    file.write_bytes(case.certificate)
    trust, facts = (str(folder / name) for name in FILES)
    at_hand = ("--trust", trust, "--facts", facts, "--roots", fingerprint, "--max-age", str(WEEK))
    done = ecert("verify", str(file), "--offline", *at_hand, "--json", good=(0, 1))
    verdict = json.loads(done)
    return Asked(case=case, result=verdict["result"], reasons=tuple(verdict["reasons"]))


def ecert(*arguments: str, good: Sequence[int] = (0,)) -> str:
    """Run a command that needs no data directory; give what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "verifier", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("ECERT_")},
    )
    if done.returncode not in good:
        raise CityError(f"`ecert {' '.join(arguments)}` ended with {done.returncode}: {done.stdout.strip()}")
    return done.stdout

"""What a process or a command does not need it does not load: that would cost every start of it seconds."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CHAIN = {"web3", "eth_account", "eth_abi", "aiohttp"}
WEB = {"fastapi", "starlette", "uvicorn", "jinja2"}


def loaded_by(module: str) -> set[str]:
    """Load a module in a Python of its own, and tell which packages are there then."""
    program = f"import {module}, json, sys; print(json.dumps(sorted({{one.partition('.')[0] for one in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("module", "needless"),
    [
        ("verifier.commands.api", CHAIN | {"httpx", "authlib"}),
        ("verifier.commands.office_service", CHAIN | {"authlib"}),
        ("verifier.commands.sender", WEB | {"httpx"}),
        ("verifier.commands.indexer", WEB | {"httpx"}),
        ("verifier.commands.status", CHAIN | {"httpx"}),
        ("verifier.commands.issue", CHAIN | {"httpx"}),
        ("verifier.commands.migrate", CHAIN | WEB | {"httpx"}),
    ],
)
def test_it_loads_only_what_it_needs(module: str, needless: set[str]) -> None:
    assert loaded_by(module) & needless == set()

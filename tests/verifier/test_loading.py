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


NESTED = """
from importlib import import_module
import sys
import_module(sys.argv[1])
from verifier.api.flaws import number_place
assert number_place("[" * 300_000, "body") is None
"""


@pytest.mark.parametrize("process", ["api", "office_service", "sender", "indexer", "serve", "fsck", "issue"])
def test_deeply_nested_json_does_not_kill_it(process: str) -> None:
    subprocess.run([sys.executable, "-c", NESTED, f"verifier.commands.{process}"], check=True)

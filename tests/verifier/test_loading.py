"""What a process or a command does not need it does not load: that would cost every start of it seconds. What it loads
leaves Python's recursion limit alone: deeply nested JSON is refused and kills nobody.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CHAIN = {"web3", "eth_account", "eth_abi", "aiohttp"}
WEB = {"fastapi", "starlette", "uvicorn", "jinja2"}
PROGRAM = """
from importlib import import_module
import json, sys
import_module(sys.argv[1])
print(json.dumps(sorted({one.partition(".")[0] for one in sys.modules})))
from verifier.api.flaws import number_place
assert number_place("[" * 300_000, "body") is None
"""


@pytest.mark.parametrize(
    ("process", "needless"),
    [
        ("api", CHAIN | {"httpx", "authlib"}),
        ("office_service", CHAIN | {"authlib"}),
        ("sender", WEB | {"httpx"}),
        ("indexer", WEB | {"httpx"}),
        ("serve", set()),
        ("fsck", set()),
        ("status", CHAIN | {"httpx"}),
        ("issue", CHAIN | {"httpx"}),
        ("migrate", CHAIN | WEB | {"httpx"}),
    ],
)
def test_it_loads_only_what_it_needs_and_deeply_nested_json_does_not_kill_it(process: str, needless: set[str]) -> None:
    command = [sys.executable, "-c", PROGRAM, f"verifier.commands.{process}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert set(json.loads(done.stdout)) & needless == set()

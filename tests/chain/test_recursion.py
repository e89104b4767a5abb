"""Libraries of the chain leave Python's recursion limit alone: deeply nested JSON is refused and kills nobody."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
limit = sys.getrecursionlimit()
import {module}
assert "py_ecc" in sys.modules
assert sys.getrecursionlimit() == limit
"""


@pytest.mark.parametrize("module", ["chain.rpc", "chain.signer", "chain.signed"])
def test_loading_it_leaves_the_limit_as_it_was(module: str) -> None:
    subprocess.run([sys.executable, "-c", PROGRAM.format(module=module)], check=True)


NESTED = """
import asyncio, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from chain.errors import NodeInconsistent
from chain.rpc import Rpc

class Nested(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[" * 300_000)

    def log_message(self, *_):
        pass

async def ask(port):
    rpc = Rpc(f"http://127.0.0.1:{port}")
    for asked in (rpc.request("eth_chainId"), rpc.batch([("eth_chainId", [])])):
        try:
            await asked
        except NodeInconsistent:
            continue
        raise SystemExit("it was taken")
    await rpc.close()

with HTTPServer(("127.0.0.1", 0), Nested) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asyncio.run(ask(server.server_port))
    server.shutdown()
"""


def test_a_node_that_answers_deeply_nested_json_is_inconsistent_and_kills_nobody() -> None:
    subprocess.run([sys.executable, "-c", NESTED], check=True)

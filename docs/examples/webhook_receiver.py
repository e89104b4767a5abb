"""Receive changes from ecert: verify each message, store each change once, answer 204.

    pip install standardwebhooks
    WEBHOOK_SECRET=whsec_... python webhook_receiver.py --port 9000 --file changes.sqlite

Put an HTTPS server in front of it, unless ecert runs on the same machine. A message that is not signed with the secret,
or whose signature is older than five minutes, is refused; a change that came before (`data.id`) is taken and not stored
again. It is answered only after it is stored, so that what is lost here is sent again.

WEBHOOK_SECRET may be several secrets with spaces between: to change the secret, make a second watch, start this with
both, end the first watch, and start it with the new one alone once nothing of the first is waiting. Both watches send
each change meanwhile, under a `webhook-id` of their own and with the same `data.id`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError

MOST = 65_536
"""Bytes; our messages have some 300."""


class Changes:
    """Stores changes in an SQLite file, each id once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS changes (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")

    def store(self, body: str) -> None:
        """Store the change that a message tells, and have it on the disk when this returns."""
        with closing(sqlite3.connect(self._file)) as connection, connection:
            connection.execute("INSERT OR IGNORE INTO changes VALUES (?, ?)", (json.loads(body)["data"]["id"], body))


class Receiver(BaseHTTPRequestHandler):
    """Answers one request."""

    changes: Changes
    webhooks: tuple[Webhook, ...]
    timeout = 10

    def do_POST(self) -> None:  # the library's own name
        """Verify, store, answer."""
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MOST:
            self._answer(413)
            return
        body = self.rfile.read(int(length))
        if not any(self._is_signed(body, webhook) for webhook in self.webhooks):
            self._answer(401)
            return
        self.changes.store(body.decode())
        self._answer(204)

    def _is_signed(self, body: bytes, webhook: Webhook) -> bool:
        try:
            webhook.verify(body, dict(self.headers.items()))
        except (WebhookVerificationError, ValueError):
            return False
        return True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the library's own name
        """Say nothing."""

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


def main() -> int:
    """Serve until stopped; says the port that it listens on."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=9000, help="0: a free one")
    parser.add_argument("--file", type=Path, default=Path("changes.sqlite"))
    given = parser.parse_args()
    secrets = os.environ.get("WEBHOOK_SECRET", "").split()
    if not secrets:
        sys.stderr.write("WEBHOOK_SECRET is not set: it is the `secret` that POST /v1/watches answered\n")
        return 2
    Receiver.changes, Receiver.webhooks = Changes(given.file), tuple(map(Webhook, secrets))
    with ThreadingHTTPServer(("127.0.0.1", given.port), Receiver) as server:
        for number in (signal.SIGINT, signal.SIGTERM):  # a shell lets what it starts with & ignore SIGINT
            signal.signal(number, lambda *_: sys.exit(0))
        sys.stdout.write(f"listening on port {server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())

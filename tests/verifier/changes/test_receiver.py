"""The receiver of docs/examples takes what we send, once, and refuses what we did not."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from store.deliveries import Attempt
from verifier.changes.addresses import AddressRules
from verifier.changes.message import headers
from verifier.changes.posting import HttpPost
from verifier.clock import seconds_now

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "webhook_receiver.py"
SECRET = "whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
NEXT = "whsec_MTIyNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
BODY = '{"type":"certificate.status_changed","data":{"id":4711,"serial":7}}'


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLE), "--port", "0", "--file", str(tmp_path / "changes.sqlite")],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"WEBHOOK_SECRET": f"{SECRET} {NEXT}"},
    )
    assert process.stdout is not None
    try:
        found = re.fullmatch(r"listening on port (\d+)\n", process.stdout.readline())
        assert found is not None
        yield f"http://127.0.0.1:{found[1]}/"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def stored(folder: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(folder / "changes.sqlite")) as connection:
        return connection.execute("SELECT id, body FROM changes ORDER BY id").fetchall()


async def test_it_takes_what_we_send_and_stores_it_once(receiver: str, tmp_path: Path) -> None:
    post = HttpPost(AddressRules(["127.0.0.1"]))
    later = BODY.replace("4711", "4712")
    for delivery, body, secret in (("one", BODY, SECRET), ("two", later, NEXT), ("one", BODY, SECRET)):
        signed = headers(delivery, body, secret, seconds_now())
        assert await post.send(receiver, body, signed) == Attempt(status=204, error=None)
    await post.close()
    assert stored(tmp_path) == [(4711, BODY), (4712, later)]


async def test_while_the_secret_is_changed_two_watches_tell_each_change_and_it_is_stored_once(
    receiver: str, tmp_path: Path
) -> None:
    post = HttpPost(AddressRules(["127.0.0.1"]))
    for delivery, secret in (("of the first watch", SECRET), ("of the second watch", NEXT)):
        signed = headers(delivery, BODY, secret, seconds_now())
        assert await post.send(receiver, BODY, signed) == Attempt(status=204, error=None)
    await post.close()
    assert stored(tmp_path) == [(4711, BODY)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_started_in_the_background_it_ends_by_a_signal_and_with_0(tmp_path: Path, number: signal.Signals) -> None:
    background = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]  # as a shell starts what ends with &
    process = subprocess.Popen(
        [*background, sys.executable, str(EXAMPLE), "--port", "0", "--file", str(tmp_path / "changes.sqlite")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"WEBHOOK_SECRET": SECRET},
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("listening")
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, "")
    finally:
        process.kill()
        process.wait()


def test_it_refuses_what_is_not_ours_or_old_or_too_large(receiver: str, tmp_path: Path) -> None:
    good = headers("one", BODY, SECRET, seconds_now())
    other = headers("one", BODY, SECRET.replace("MTIz", "MTMz"), seconds_now())
    old = headers("one", BODY, SECRET, seconds_now() - 3600)
    for signed, body, status in (
        (other, BODY, 401),
        (old, BODY, 401),
        (good, BODY.replace("serial", "cereal"), 401),
        ({**good, "webhook-id": "two"}, BODY, 401),
        ({**good, "webhook-signature": "v1"}, BODY, 401),
        ({}, BODY, 401),
        (good, "x" * 100_000, 413),
    ):
        assert httpx.post(receiver, content=body, headers=signed).status_code == status
    assert stored(tmp_path) == []


def test_a_signature_is_what_the_standard_says() -> None:
    now = datetime.now(UTC)
    signed = headers("one", BODY, SECRET, int(now.timestamp()))
    assert Webhook(SECRET).verify(BODY, signed) == json.loads(BODY)
    assert signed["webhook-signature"] == Webhook(SECRET).sign("one", now + timedelta(0), BODY)


def test_without_a_secret_it_says_what_is_missing() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "WEBHOOK_SECRET"}
    ran = subprocess.run([sys.executable, str(EXAMPLE)], env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, "POST /v1/watches" in ran.stderr) == (2, True)

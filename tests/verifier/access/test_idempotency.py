"""Idempotency keys: the same request is carried out once, whoever is killed when."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request

from store import organisations
from store.database import Database
from store.errors import AttemptLost
from store.idempotency import KEPT, PATIENCE, Busy, begin
from store.organisations import Organisation
from verifier.access.idempotency import Attempt, Idempotency, Stored, finish, key_of, request_hash
from verifier.callers import Caller
from verifier.problems import Code, RequestRefused

CALLER = Caller(name="registry-core")
ONE, TWO = b"\1" * 32, b"\2" * 32


class Clock:
    now = 1_790_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(database: Database, clock: Clock) -> Idempotency:
    return Idempotency(database, clock)


async def carry_out(service: Idempotency, database: Database, code: str, request: bytes = ONE) -> Attempt | Stored:
    begun = await service.begin(CALLER, "key-1", request)
    if isinstance(begun, Attempt):
        with database.begin() as connection:
            organisations.add(connection, Organisation(code=code, name=code, agency=None))
            finish(connection, begun, status=201, answer=f'{{"made": "{code}"}}')
    return begun


def made(database: Database) -> list[str]:
    with database.read() as connection:
        return [each.code for each in organisations.read_all(connection)]


async def test_a_repeat_gets_the_answer_of_the_first(service: Idempotency, database: Database) -> None:
    assert isinstance(await carry_out(service, database, "A"), Attempt)
    assert await carry_out(service, database, "B") == Stored(status=201, answer='{"made": "A"}')
    assert made(database) == ["A"]


async def test_another_request_under_the_key_is_refused_and_another_caller_has_keys_of_its_own(
    service: Idempotency, database: Database
) -> None:
    await carry_out(service, database, "A")
    with pytest.raises(RequestRefused) as caught:
        await service.begin(CALLER, "key-1", TWO)
    assert caught.value.code is Code.KEY_REUSED
    assert isinstance(await service.begin(Caller(name="another"), "key-1", TWO), Attempt)


async def test_one_that_is_being_carried_out_is_409(service: Idempotency) -> None:
    assert isinstance(await service.begin(CALLER, "key-1", ONE), Attempt)
    with pytest.raises(RequestRefused) as caught:
        await service.begin(CALLER, "key-1", ONE)
    assert caught.value.code is Code.CONFLICT
    assert int(caught.value.headers["retry-after"]) >= 1


async def test_one_that_was_refused_can_be_mended(service: Idempotency) -> None:
    begun = await service.begin(CALLER, "key-1", ONE)
    assert isinstance(begun, Attempt)
    await service.abandon(begun)
    assert isinstance(await service.begin(CALLER, "key-1", TWO), Attempt)


async def test_one_that_was_cut_off_is_begun_again_and_who_slept_writes_nothing(
    service: Idempotency, database: Database, clock: Clock
) -> None:
    slept = await service.begin(CALLER, "key-1", ONE)
    assert isinstance(slept, Attempt)
    clock.now += PATIENCE
    assert isinstance(await carry_out(service, database, "B"), Attempt)

    def wake() -> None:
        with database.begin() as connection:
            organisations.add(connection, Organisation(code="A", name="A", agency=None))
            finish(connection, slept, status=201, answer="late")

    with pytest.raises(AttemptLost):
        wake()
    assert made(database) == ["B"]
    assert await carry_out(service, database, "C") == Stored(status=201, answer='{"made": "B"}')


async def test_one_that_was_cut_off_before_the_clock_was_set_back_is_begun_again(
    service: Idempotency, clock: Clock
) -> None:
    await service.begin(CALLER, "key-1", ONE)
    clock.now -= PATIENCE - 1
    with pytest.raises(RequestRefused):
        await service.begin(CALLER, "key-1", ONE)
    clock.now -= 1
    assert isinstance(await service.begin(CALLER, "key-1", ONE), Attempt)


async def test_what_was_written_and_never_answered_is_answered_the_second_time(
    service: Idempotency, database: Database
) -> None:
    await carry_out(service, database, "A")  # and the connection to the caller broke
    assert isinstance(await carry_out(service, database, "A"), Stored)


async def test_answers_are_kept_for_a_day(service: Idempotency, database: Database, clock: Clock) -> None:
    await carry_out(service, database, "A")
    clock.now += KEPT - 1
    assert isinstance(await carry_out(service, database, "B"), Stored)
    clock.now += 1
    assert isinstance(await carry_out(service, database, "B", TWO), Attempt)
    clock.now += KEPT
    await service.forget()
    assert isinstance(await carry_out(service, database, "C"), Attempt)


async def test_of_many_at_once_one_begins(database: Database, clock: Clock) -> None:
    def once(_: int) -> bool:
        with database.begin() as connection:
            return not isinstance(begin(connection, "c", "k", ONE, now=clock.now), Busy)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(once, range(24))) == 1


KILLED = """
import os, sys
from store import organisations
from store.database import Database
from store.idempotency import begin, finish
from store.organisations import Organisation
with Database.open(sys.argv[1]) as database:
    with database.begin() as connection:
        attempt = begin(connection, "registry-core", "key-1", bytes([1]) * 32, now=1_790_000_000)
    with database.begin() as connection:
        organisations.add(connection, Organisation(code="KILLED", name="KILLED", agency=None))
        finish(connection, attempt, status=201, answer="{}")
        if sys.argv[2] == "before":
            os.kill(os.getpid(), 9)
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_killed_process_leaves_the_key_answerable(
    when: str, service: Idempotency, database: Database, database_url: str, clock: Clock
) -> None:
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", KILLED, database_url, when], check=False)
    assert done.returncode == -9
    clock.now += PATIENCE
    again = await carry_out(service, database, "AGAIN")
    assert isinstance(again, Attempt if when == "before" else Stored)
    assert made(database) == (["AGAIN"] if when == "before" else ["KILLED"])


def request(key: bytes | None, path: str = "/v1/issuances") -> Request:
    headers = [] if key is None else [(b"idempotency-key", key)]
    return Request({"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers})


def test_keys_are_visible_ascii() -> None:
    assert key_of(request(None)) is None
    assert key_of(request(b"8e03978e-40d5-43dd-bc93-6894a57f9324")) == "8e03978e-40d5-43dd-bc93-6894a57f9324"
    for key in (b"", b"a b", b"\xe4", b"x" * 256):
        with pytest.raises(RequestRefused):
            key_of(request(key))
    twice = Request({"type": "http", "headers": [(b"idempotency-key", b"one"), (b"idempotency-key", b"two")]})
    with pytest.raises(RequestRefused):
        key_of(twice)


def test_the_hash_is_of_all_that_is_asked() -> None:
    first = request_hash(request(None), b"{}")
    assert first == request_hash(request(b"k"), b"{}")
    assert first != request_hash(request(None), b"{ }")
    assert first != request_hash(request(None, "/v1/other"), b"{}")

"""Status list tokens: what they say, when they are made again, and that nothing makes a dead ledger look alive."""

from __future__ import annotations

import asyncio
import base64
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from sqlalchemy import Connection

from ecert.agency import STATUS_LIST_SIZE
from ecert.errors import UntrustedToken
from ecert.events import BatchAnchored, CertificateSuperseded, Event, Place, StatusChanged
from ecert.facts import Status
from ecert.jwks import KeySet, PublishedKey
from ecert.status_list import StatusList
from ecert.status_token import check_status_token
from ecert.suite import SUITE, SigningKey
from store import cursors, events, evidence, status_tokens
from store.database import Database
from store.errors import DatabaseAway
from store.records import Evidence
from store.status_tokens import ListName
from tests.verifier.shelf import AGENCY, DAY, LEDGER, TYPE, Shelf, stock
from verifier.faults import KeyringError
from verifier.ledger_view import LedgerView
from verifier.publishing import status_lists
from verifier.publishing.status_lists import StatusPublisher, Terms

KEY = SigningKey.from_secret(31)
KEYS = KeySet(keys=(PublishedKey(public_key=KEY.public_key, since=0),))
TERMS = Terms(base="https://ecert.example", ttl=60, lifetime=3600)
FIRST = ListName(agency=AGENCY, number=0)
URI = f"https://ecert.example/status/31337/{LEDGER.rpartition(':')[2]}/{AGENCY}/0"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return stock(tmp_path)


@pytest.fixture
def database(shelf: Shelf) -> Iterator[Database]:
    with shelf.open() as database:
        yield database


def publisher(database: Database, terms: Terms = TERMS, key: SigningKey = KEY) -> StatusPublisher:
    return StatusPublisher(database, LedgerView(database), key=lambda _: key, terms=terms)


def token_of(database: Database, name: ListName = FIRST) -> str:
    with database.read() as connection:
        token = status_tokens.read(connection, LEDGER, name)
    assert token is not None
    return token


def listed(database: Database, shelf: Shelf, name: ListName = FIRST) -> StatusList:
    uri = URI[:-1] + str(name.number)
    return check_status_token(token_of(database, name), KEYS, uri=uri, now=shelf.now).status_list


def payload(token: str) -> dict[str, Any]:
    """Read a token as a stranger does, with a library of its own."""
    read = jws.deserialize_compact(token, ECKey.import_key(dict(KEY.jwk)), algorithms=["ES256"])
    assert read.headers()["typ"] == "statuslist+jwt"
    said: dict[str, Any] = json.loads(read.payload)
    return said


def entry(token: str, index: int) -> int:
    """Read one entry as section 4 of the Token Status List says."""
    lst = payload(token)["status_list"]["lst"]
    packed = zlib.decompress(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)))
    assert len(packed) * 4 == STATUS_LIST_SIZE
    return packed[index // 4] >> (index % 4 * 2) & 3


def changed(status: Status, *serials: int) -> Callable[[Place], Event]:
    return lambda place: StatusChanged(place=place, agency=AGENCY, status=int(status), serials=serials)


def test_every_list_with_a_certificate_has_a_token_that_certificates_name(database: Database, shelf: Shelf) -> None:
    assert publisher(database).step() == 1
    (certificate, *_) = shelf.certificates
    named = json.loads(base64.urlsafe_b64decode(certificate.jwt.split(".")[1] + "=="))["status"]["status_list"]
    read = check_status_token(token_of(database), KEYS, uri=named["uri"], now=shelf.now)
    assert (read.uri, read.ttl, read.exp - read.iat) == (URI, 60, 3600)
    assert shelf.cursor is not None
    assert read.iat == shelf.cursor.time
    assert not any(read.status_list.packed)


def test_a_stranger_reads_what_we_read(database: Database, shelf: Shelf) -> None:
    shelf.change(1, Status.REVOKED)
    shelf.change(2, Status.SUSPENDED)
    shelf.mine(lambda place: CertificateSuperseded(place=place, agency=AGENCY, old=0, successors=(2,)))
    publisher(database).step()
    token = token_of(database)
    assert [entry(token, index) for index in range(4)] == [1, 1, 2, 0]
    assert payload(token)["sub"] == URI
    assert [listed(database, shelf).status(index) for index in range(4)] == [1, 1, 2, 0]


def test_a_revocation_is_in_the_list_at_the_next_look(database: Database, shelf: Shelf) -> None:
    publishing = publisher(database)
    publishing.step()
    shelf.change(1, Status.REVOKED)
    assert publishing.step() == 1
    assert listed(database, shelf).status(1) == 1
    assert publishing.step() == 0


def test_a_block_without_news_makes_no_token_until_the_old_one_ages(database: Database, shelf: Shelf) -> None:
    publishing = publisher(database)
    publishing.step()
    before = token_of(database)
    assert shelf.cursor is not None
    made_at = shelf.cursor.time
    shelf.mine(at=made_at + TERMS.renewed_after)
    assert publishing.step() == 0
    shelf.mine(at=made_at + TERMS.renewed_after + 1)
    assert publishing.step() == 1
    assert payload(token_of(database))["iat"] == made_at + TERMS.renewed_after + 1
    assert token_of(database) != before


def test_a_withdrawal_counts_at_once_and_a_reinstatement_once_settled(database: Database, shelf: Shelf) -> None:
    shelf.change(1, Status.SUSPENDED)
    publishing = publisher(database)
    publishing.step()
    assert shelf.cursor is not None
    settled = shelf.cursor.settled_block
    unsettle(database, shelf, changed(Status.VALID, 1), settled)
    publishing.step()
    assert listed(database, shelf).status(1) == 2
    unsettle(database, shelf, None, settled + 1)
    assert publishing.step() == 1
    assert listed(database, shelf).status(1) == 0


def unsettle(database: Database, shelf: Shelf, event: Callable[[Place], Event] | None, settled: int) -> None:
    """Mine a block, and say that only those up to `settled` are settled."""
    shelf.mine(*([] if event is None else [event]))
    before = shelf.cursor
    assert before is not None
    shelf.cursor = replace(before, settled_block=settled)
    with database.begin() as connection:
        cursors.move(connection, before, shelf.cursor)


def test_what_a_fork_undid_is_taken_back(database: Database, shelf: Shelf) -> None:
    settled = shelf.cursor
    assert settled is not None
    shelf.change(1, Status.REVOKED)
    publishing = publisher(database)
    publishing.step()
    assert listed(database, shelf).status(1) == 1
    assert shelf.cursor is not None
    with database.begin() as connection:
        shelf.cursor = events.roll_back(connection, shelf.cursor, settled.block)
    assert publishing.step() == 1
    assert listed(database, shelf).status(1) == 0


def test_a_list_whose_batch_a_fork_undid_is_no_longer_there(database: Database, shelf: Shelf) -> None:
    before = shelf.cursor
    assert before is not None
    shelf.mine(anchored(STATUS_LIST_SIZE - 1, 2))
    publishing = publisher(database)
    assert publishing.step() == 2
    assert shelf.cursor is not None
    with database.begin() as connection:
        events.roll_back(connection, shelf.cursor, before.block)
    publishing.step()
    with database.read() as connection:
        assert set(status_tokens.origins(connection, LEDGER)) == {FIRST}


def anchored(first: int, count: int) -> Callable[[Place], Event]:
    return lambda place: BatchAnchored(
        place=place,
        agency=AGENCY,
        certificate_type=TYPE.vct_hash,
        suite=SUITE,
        root=bytes(32),
        first_serial=first,
        count=count,
    )


def test_a_change_in_one_list_leaves_the_others_alone(database: Database, shelf: Shelf) -> None:
    shelf.mine(anchored(STATUS_LIST_SIZE, 5))
    publishing = publisher(database)
    assert publishing.step() == 2
    other = ListName(agency=AGENCY, number=1)
    before = token_of(database, other)
    shelf.change(1, Status.REVOKED)
    assert publishing.step() == 1
    assert token_of(database, other) == before
    shelf.change(STATUS_LIST_SIZE + 2, Status.REVOKED)
    assert publishing.step() == 1
    assert listed(database, shelf, other).status(2) == 1


def test_without_new_blocks_no_token_is_ever_fresher_and_all_of_them_end(tmp_path: Path) -> None:
    shelf = stock(tmp_path)
    with shelf.open() as database:
        publisher(database).step()
        first = token_of(database)
        assert publisher(database).step() == 0
        longer = replace(TERMS, ttl=61)
        assert publisher(database, longer).step() == 1
        assert payload(token_of(database))["iat"] == payload(first)["iat"]
        with pytest.raises(UntrustedToken, match="expired"):
            check_status_token(token_of(database), KEYS, uri=URI, now=shelf.now + DAY)


@pytest.mark.parametrize(
    ("terms", "key"),
    [
        (replace(TERMS, base="https://new.example"), KEY),
        (replace(TERMS, ttl=61), KEY),
        (replace(TERMS, lifetime=7200), KEY),
        (TERMS, SigningKey.from_secret(32)),
    ],
    ids=["base", "ttl", "lifetime", "key"],
)
def test_other_terms_or_another_key_make_it_anew(database: Database, terms: Terms, key: SigningKey) -> None:
    assert publisher(database).step() == 1
    assert publisher(database).step() == 0
    assert publisher(database, terms, key).step() == 1


def test_a_key_that_is_rotated_under_it_signs_at_the_next_look(database: Database) -> None:
    keys = [KEY]
    publishing = StatusPublisher(database, LedgerView(database), key=lambda _: keys[0], terms=TERMS)
    publishing.step()
    keys[0] = SigningKey.from_secret(33)
    assert publishing.step() == 1


def test_the_key_is_one_that_signs_at_the_time_of_the_block(database: Database, shelf: Shelf) -> None:
    asked: list[int] = []

    def at(time: int) -> SigningKey:
        asked.append(time)
        return KEY

    StatusPublisher(database, LedgerView(database), key=at, terms=TERMS).step()
    assert shelf.cursor is not None
    assert asked == [shelf.cursor.time]


def test_a_contested_ledger_gets_no_token(database: Database, shelf: Shelf) -> None:
    publishing = publisher(database)
    publishing.step()
    before = token_of(database)
    shelf.change(1, Status.REVOKED)
    found = Evidence(ledger=LEDGER, height=2, hash=bytes(32), header=None, source="a node", found_at=1)
    with database.begin() as connection:
        evidence.keep(connection, [found])
    assert publishing.step() == 0
    assert token_of(database) == before


class Failing(Database):
    """Fails at its next write, before the commit or just after it."""

    when: str | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with super().begin() as connection:
            yield connection
            if self.when == "before":
                self.when = None
                raise DatabaseAway("pulled out")
        if self.when == "after":
            self.when = None
            raise DatabaseAway("pulled out")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_that_failed_or_seemed_to_is_made_up_for(when: str, shelf: Shelf) -> None:
    with Failing.open(shelf.url) as database:
        publishing = publisher(database)
        database.when = when
        with pytest.raises(DatabaseAway):
            publishing.step()
        assert publishing.step() == (1 if when == "before" else 0)
        assert listed(database, shelf).status(0) == 0


async def test_trouble_that_does_not_last_is_not_worth_a_line(
    database: Database, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    looks, stop = 0, asyncio.Event()

    def key(_: int) -> SigningKey:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise KeyringError("no status key signs now")
        return KEY

    publishing = StatusPublisher(database, LedgerView(database), key=key, terms=TERMS)
    with caplog.at_level("INFO"):
        running = asyncio.create_task(publishing.run(stop, 0.01))
        while looks < 4:  # noqa: ASYNC110 - nothing tells of a look
            await asyncio.sleep(0.01)
        stop.set()
        await running
    assert listed(database, shelf).status(0) == 0
    assert "status" not in caplog.text


async def test_it_goes_on_through_trouble_and_ends_when_told(
    database: Database, shelf: Shelf, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_lists, "LASTING", 0.02)
    trouble = [True]

    def key(_: int) -> SigningKey:
        if trouble[0]:
            raise KeyringError("no status key signs now")
        return KEY

    publishing = StatusPublisher(database, LedgerView(database), key=key, terms=TERMS)
    stop = asyncio.Event()
    with caplog.at_level("INFO"):
        running = asyncio.create_task(publishing.run(stop, 0.01))
        while "no status key" not in caplog.text:  # noqa: ASYNC110 - it is the log that is watched
            await asyncio.sleep(0.01)
        trouble[0] = False
        while "made again" not in caplog.text:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
        stop.set()
        await running
    assert listed(database, shelf).status(0) == 0
    assert caplog.text.count("no status key") == 1

"""Following the record: every verification once, whoever copies at the same time and however often it is copied."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from store.database import Database
from tests.verifier.recorder import TAX, begin, keep, made_keys
from verifier.callers import Caller, Scope
from verifier.keys.receipt_key import Answerer, receipt_key
from verifier.keys.service_keys import ServiceKeys
from verifier.problems import Code, RequestRefused
from verifier.record.journal import Limits
from verifier.record.recording import Recording
from verifier.record.retention import drop
from verifier.record.shipping import Shipping
from verifier.services.following import BEGINNING, NOW, Cursor
from verifier.services.records import Records

BANK = Caller(name="bank", scopes=frozenset({Scope.VERIFY}))
AUDITOR = Caller(name="auditor", scopes=frozenset({Scope.AUDIT}))
KINDS = (Answerer.API, Answerer.API, Answerer.OFFICE)
FORGET = ("DELETE FROM shipments", "DELETE FROM verifications")


@pytest.fixture
def keys(tmp_path: Path) -> ServiceKeys:
    return made_keys(tmp_path)


class Follower:
    """Goes on from where it was, by what was written of the cursor."""

    def __init__(self, database: Database, caller: Caller, limit: int = 7) -> None:
        self._records = Records(database)
        self._caller, self._limit = caller, limit
        self.given: list[str] = []
        self.after: Cursor | str = BEGINNING

    def look(self) -> bool:
        """Read one page; tell whether it was full."""
        followed = self._records.follow(self._caller, self.after, self._limit)
        self.given += [each.id for each, _ in followed.found]
        self.after = Cursor.read(str(followed.next)) if followed.next.places else BEGINNING
        return len(followed.found) == self._limit

    def look_on(self) -> list[str]:
        """Read until there is no more; give what came."""
        before = len(self.given)
        while self.look():
            pass
        return self.given[before:]


class Writer(threading.Thread):
    """A process: it records and copies, now and then begins anew, and leaves out no line."""

    def __init__(self, folder: Path, keys: ServiceKeys, process: Answerer, database: Database, seed: int) -> None:
        super().__init__()
        self._begin: Callable[[], Recording] = lambda: begin(folder, keys, process=process, limits=Limits(bytes=20_000))
        self._database = database
        self._chance = random.Random(seed)  # noqa: S311 # of no secret
        self.kept: dict[str, list[str]] = {"tax": [], "bank": []}
        self.failed: Exception | None = None

    def run(self) -> None:
        try:
            for _ in range(3):
                recording = self._begin()
                shipping = Shipping(recording, self._database)
                for _ in range(8):
                    caller, name = self._chance.choice(((TAX, "tax"), (BANK, "bank")))
                    self.kept[name] += [each.id for each in keep(recording, self._chance.randint(1, 4), caller)]
                    assert shipping.look(orphans=self._chance.random() < 0.2)  # now and then
                recording.close()
                assert shipping.look()
        except Exception as error:  # noqa: BLE001 # shown by the assertion
            self.failed = error


def test_nothing_is_given_twice_or_passed_over_while_several_processes_copy(
    tmp_path: Path, keys: ServiceKeys, database: Database
) -> None:
    writers = [Writer(tmp_path, keys, kind, database, seed) for seed, kind in enumerate(KINDS)]
    followers = {"tax": Follower(database, TAX), "bank": Follower(database, BANK), "all": Follower(database, AUDITOR)}
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        for follower in followers.values():
            follower.look()
    assert [writer.failed for writer in writers] == [None] * 3
    kept = {name: [each for writer in writers for each in writer.kept[name]] for name in ("tax", "bank")}
    kept["all"] = [*kept["tax"], *kept["bank"]]
    for name, follower in followers.items():
        follower.look_on()
        assert sorted(follower.given) == sorted(kept[name])


def look_after_each_piece(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.record.reading.PIECE", 512)
    copy = Shipping._copy

    def copied(self: Shipping, *said: object) -> None:
        copy(self, *said)  # type: ignore[arg-type]
        follower.look_on()

    monkeypatch.setattr(Shipping, "_copy", copied)


def forget(database: Database) -> None:
    with database.begin() as connection:
        for statement in FORGET:
            connection.exec_driver_sql(statement)


def test_copies_that_are_made_anew_are_not_given_again(
    tmp_path: Path, keys: ServiceKeys, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [begin(tmp_path, keys, process=kind) for kind in KINDS[1:]]
    kept = [each.id for recording in both for each in keep(recording, 6)]
    shipping = [Shipping(recording, database) for recording in both]
    assert all(each.look() for each in shipping)
    follower = Follower(database, TAX)
    assert follower.look()
    left = [each for each in kept if each not in follower.given]
    forget(database)
    kept += [each.id for recording in both for each in keep(recording, 3)]
    look_after_each_piece(follower, monkeypatch)
    assert all(each.look() for each in reversed(shipping))
    assert left
    assert sorted(follower.given) == sorted(kept)
    for recording in both:
        recording.close()


def test_a_copy_that_has_not_all_before_it_yet_is_not_given(
    tmp_path: Path, keys: ServiceKeys, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = begin(tmp_path, keys)
    kept = [each.id for each in keep(recording, 6)]
    assert Shipping(recording, database).look()
    with database.begin() as connection:  # as where they are forgotten while somebody copies
        connection.exec_driver_sql("DELETE FROM shipments")
        connection.exec_driver_sql("DELETE FROM verifications WHERE position < 8")
    follower = Follower(database, TAX)
    look_after_each_piece(follower, monkeypatch)
    assert Shipping(recording, database).look()
    assert follower.given == kept
    recording.close()


@pytest.fixture
def segments(tmp_path: Path, keys: ServiceKeys) -> Iterator[Recording]:
    recording = begin(tmp_path, keys, limits=Limits(bytes=1))  # a segment each
    yield recording
    recording.close()


def drop_first(recording: Recording, database: Database, keys: ServiceKeys, count: int) -> None:
    folder = recording.lineage.folder
    key = receipt_key(keys, Answerer.API).at(0)
    for segment in folder.of(recording.lineage.name)[:count]:
        drop(folder, segment, database, key, 0)


def test_what_was_dropped_after_it_was_given_is_not_missed(
    segments: Recording, keys: ServiceKeys, database: Database
) -> None:
    shipping = Shipping(segments, database)
    keep(segments, 5)
    assert shipping.look()
    follower = Follower(database, TAX)
    assert len(follower.look_on()) == 5
    drop_first(segments, database, keys, 4)
    new = [each.id for each in keep(segments, 2)]
    assert shipping.look()
    assert follower.look_on() == new


def test_what_was_dropped_before_it_was_given_is_told(
    segments: Recording, keys: ServiceKeys, database: Database
) -> None:
    shipping = Shipping(segments, database)
    kept = [each.id for each in keep(segments, 6)]
    assert shipping.look()
    slow = Follower(database, TAX, limit=1)
    slow.look()
    drop_first(segments, database, keys, 4)
    with pytest.raises(RequestRefused) as caught:
        slow.look()
    assert caught.value.code is Code.NOT_KEPT
    slow.after = Cursor.read(str(caught.value.members["next"]))
    there = Follower(database, AUDITOR).look_on()
    assert there
    assert slow.look_on() == there == kept[-len(there) :]
    assert Shipping(segments, database).look()
    assert slow.look_on() == []


def test_who_begins_now_is_given_what_comes_from_now_on(tmp_path: Path, keys: ServiceKeys, database: Database) -> None:
    recording = begin(tmp_path, keys)
    keep(recording, 3)
    assert Shipping(recording, database).look()
    follower = Follower(database, TAX)
    follower.after = NOW
    assert follower.look_on() == []
    another = begin(tmp_path, keys)
    new = [each.id for one in (recording, another) for each in keep(one, 2)]
    assert all(Shipping(one, database).look() for one in (recording, another))
    assert sorted(follower.look_on()) == sorted(new)
    for each in (recording, another):
        each.close()


def test_every_verification_says_how_to_go_on_behind_it(tmp_path: Path, keys: ServiceKeys, database: Database) -> None:
    both = [begin(tmp_path, keys), begin(tmp_path, keys)]
    for recording in both:
        keep(recording, 3)
        assert Shipping(recording, database).look()
        recording.close()
    records = Records(database)
    whole = records.follow(TAX, BEGINNING, 100).found
    assert len(whole) == 6
    for (_, after), (following, _) in pairwise(whole):
        assert records.follow(TAX, Cursor.read(str(after)), 1).found[0][0] == following


@pytest.mark.parametrize(
    "said",
    [
        "",
        "x",
        "api-3f2a9c1b-000001",
        "api-3f2a9c1b-000001.",
        "api-3f2a9c1b-000001.-1",
        "api-3f2a9c1b-000001.1~",
        "api-3f2a9c1b-000001.1~api-3f2a9c1b-000002.1",
        "api-3f2a9c1b-000001.٣",
        "api-3f2a9c1b-000001.1.1",
    ],
)
def test_what_is_no_cursor_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="no place to go on from"):
        Cursor.read(said)

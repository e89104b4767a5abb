"""The key of watches' secrets is changed beside a running service: what is sent before and after is believed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from store import key_uses, watches
from store.database import Database
from store.errors import DatabaseAway
from store.key_uses import KeyUse, Use
from store.states import DeliveryState
from tests.store.test_tracking import CALLER, OTHER, begin, relied_on
from tests.verifier.changes.test_delivering import HOUR, Desk
from verifier.changes.resealing import Resealing
from verifier.changes.watching import NewWatch
from verifier.problems import Code, RequestRefused


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    begin(database)
    relied_on(database, *range(100))
    desk = Desk(database, tmp_path)
    desk.track()
    return desk


@pytest.fixture
def resealing(database: Database, tmp_path: Path) -> Resealing:
    """Another process than the office's: it shares the database and the files."""
    return Resealing(database, tmp_path / "keys")


def sealed(desk: Desk) -> dict[str, bytes]:
    with desk.database.read() as connection:
        return watches.sealed(connection)


def key_files(desk: Desk) -> list[str]:
    return sorted(path.name for path in desk.keys.keys.folder.iterdir())


async def arrives(desk: Desk, made: NewWatch, serial: int) -> None:
    """Let a certificate change, and see that the receiver believes what it is sent."""
    desk.happen(serial)
    await desk.deliver()
    *_, (body, headers) = [(body, headers) for url, body, headers in desk.post.sent if url == made.watch.url]
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert headers["webhook-signature"] == Webhook(made.secret).sign(headers["webhook-id"], at, body)
    assert [each.state for each in desk.of(made) if each.change.serial == serial] == [DeliveryState.DONE]


async def test_receivers_notice_nothing_of_a_rotation(desk: Desk, resealing: Resealing) -> None:
    made = await desk.watch()
    await arrives(desk, made, 1)
    done = resealing.rotate()
    assert (done.number, done.taken_over, done.passed_over) == (2, 1, [])
    assert {secret[0] for secret in sealed(desk).values()} == {2}
    await arrives(desk, made, 2)
    assert resealing.retire().gone == (1,)
    assert key_files(desk) == ["watch-2.key"]
    await arrives(desk, made, 3)
    desk.deliverer, desk.now = desk.new_deliverer(), desk.now + HOUR
    await arrives(desk, made, 4)


async def test_what_waits_is_sent_under_the_new_key(desk: Desk, resealing: Resealing) -> None:
    made = await desk.watch()
    desk.happen(1)
    resealing.rotate()
    resealing.retire()
    await desk.deliver()
    assert [each.state for each in desk.of(made)] == [DeliveryState.DONE]


async def test_a_new_watch_takes_the_new_key(desk: Desk, resealing: Resealing) -> None:
    await desk.watch()
    resealing.rotate()
    made = await desk.watch("https://b.example/")
    assert sealed(desk)[made.watch.id][0] == 2
    assert resealing.retire().gone == (1,)
    await arrives(desk, made, 1)


async def test_the_secret_of_each_watch_stays_its_own(desk: Desk, resealing: Resealing) -> None:
    one, two = await desk.watch(), await desk.watch(caller=OTHER)
    assert desk.watching.remove(OTHER, two.watch.id)
    assert resealing.rotate().taken_over == 2
    found = sealed(desk)
    for made in (one, two):
        assert desk.keys.open(found[made.watch.id], made.watch.id) == made.secret


async def test_a_rotation_that_is_cut_off_changes_nothing_and_the_same_again_does_it(
    desk: Desk, resealing: Resealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, before = await desk.watch(), sealed(desk)

    def away(*_: object) -> None:
        raise DatabaseAway("pulled out")

    with monkeypatch.context() as patched:
        patched.setattr(watches, "reseal", away)
        with pytest.raises(DatabaseAway):
            resealing.rotate()
    assert sealed(desk) == before
    assert resealing.retire().gone == ()
    await arrives(desk, made, 1)
    assert resealing.rotate().number == 2
    await arrives(desk, made, 2)


async def test_two_rotations_at_once_are_two_rotations(desk: Desk, resealing: Resealing) -> None:
    made = await desk.watch()
    threads = [threading.Thread(target=resealing.rotate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with desk.database.read() as connection:
        now = key_uses.read(connection)[Use.WATCH]
    assert now == KeyUse(use=Use.WATCH, current=3, former=None, swept=None)
    assert resealing.retire().gone == (1, 2)
    await arrives(desk, made, 1)


async def test_with_a_lost_key_others_are_watched_under_a_new_one(
    desk: Desk, resealing: Resealing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lost = await desk.watch()
    desk.keys.keys.remove(1)
    with pytest.raises(RequestRefused) as caught:
        await desk.watch()
    assert caught.value.code is Code.CONFLICT
    assert "the watch key 1 is not here" in caplog.text
    done = resealing.rotate()
    assert (done.taken_over, done.passed_over) == (0, [lost.watch.id])
    assert desk.watching.remove(CALLER, lost.watch.id)
    await arrives(desk, await desk.watch(), 1)
    assert resealing.retire().needed == ()
    assert not (tmp_path / "keys" / "service" / "watch-1.key").exists()


async def test_a_key_that_a_watch_needs_is_kept(desk: Desk, resealing: Resealing) -> None:
    broken, made = await desk.watch(), await desk.watch("https://b.example/")
    with desk.database.begin() as connection:
        watches.reseal(connection, {broken.watch.id: b"\1nothing"})
    assert resealing.rotate().passed_over == [broken.watch.id]
    done = resealing.retire()
    assert (done.gone, done.needed) == ((), (1,))
    desk.happen(1)
    await desk.live(HOUR)
    assert [each.state for each in desk.of(made)] == [DeliveryState.DONE]
    assert [each.last_error for each in desk.of(broken)] == ["secret_unreadable"]


def test_before_there_is_any_watch_a_key_can_be_rotated(desk: Desk, resealing: Resealing) -> None:
    assert resealing.retire().gone == ()
    assert resealing.rotate().number == 2
    assert resealing.retire().gone == (1,)
    assert key_files(desk) == ["watch-2.key"]

"""Deliveries to receivers that are there, down for hours, slow, gone: each change arrives, signed, under one id."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from store import accounts, clients, deliveries, organisations, watches
from store.accounts import NewAccount
from store.clients import NewClient
from store.database import Database
from store.deliveries import Attempt, Delivery
from store.errors import DatabaseAway
from store.organisations import Organisation
from store.states import DeliveryState, WatchEnd
from tests.store.test_tracking import CALLER, OTHER, begin, mine, relied_on, revoked
from verifier.changes.addresses import AddressRules
from verifier.changes.delivering import AT_ONCE, Deliverer
from verifier.changes.tracking import Tracker
from verifier.changes.watching import NewWatch, Watching
from verifier.keys.watch_key import WatchKeys

HOUR = 3600
DAYS = 36_500
"""Blocks of tests are of 1970."""
GOOD = Attempt(status=200, error=None)
DOWN = Attempt(status=None, error="not_reached")


@dataclass
class FakePost:
    """Answers as it is told, by URL; `held` keeps the answers of a URL back."""

    answers: dict[str, Callable[[], Attempt]] = field(default_factory=dict)
    sent: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    under_way: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    most: int = 0

    async def send(self, url: str, body: str, headers: Mapping[str, str]) -> Attempt:
        self.sent.append((url, body, dict(headers)))
        self.under_way[url] += 1
        self.most = max(self.most, self.under_way[url])
        if url in self.held:
            await self.held[url].wait()
        self.under_way[url] -= 1
        return self.answers.get(url, lambda: GOOD)()

    def ids(self, url: str) -> list[str]:
        return [headers["webhook-id"] for where, _, headers in self.sent if where == url]


def let_in(database: Database, *names: str) -> None:
    """Let systems in that may verify."""
    with database.begin() as connection:
        organisations.add(connection, Organisation(code="TAX", name="Tax", agency=None))
        place = organisations.place(connection, "TAX", None)
        for name in names:
            fresh = NewClient(name=name, scopes=("verify",), defaults={}, per_minute=None, per_day=None)
            clients.add(connection, fresh, place, now=0)


class Desk:
    """A tracker and a deliverer whose clock stands until it is moved."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.now = 1_800_000_000
        let_in(database, CALLER, OTHER)
        self.post = FakePost()
        self.keys = WatchKeys.under(folder / "keys")
        self.rules = AddressRules(["a.example", "b.example"], resolver=self._resolve)
        self.watching = Watching(database, self.rules, self.keys, clock=lambda: self.now)
        self.tracker = Tracker(database, days=DAYS, clock=lambda: self.now)
        self.deliverer = self.new_deliverer()

    def new_deliverer(self) -> Deliverer:
        return Deliverer(self.database, self.post, self.keys, clock=lambda: self.now, chance=lambda: 0.5)

    async def _resolve(self, host: str, port: int) -> list[str]:
        del host, port
        return ["93.184.215.14"]

    async def watch(self, url: str = "https://a.example/", caller: str = CALLER) -> NewWatch:
        return await self.watching.add(caller, url)

    def happen(self, *serials: int) -> None:
        mine(self.database, revoked(*serials))
        self.track()

    def track(self) -> None:
        while self.tracker.step():
            pass

    async def deliver(self) -> None:
        await self.deliverer.start_due()
        await self.deliverer.idle()

    async def live(self, seconds: int) -> None:
        """Let time pass, from one due attempt to the next."""
        end = self.now + seconds
        while True:
            await self.deliver()
            with self.database.read() as connection:
                waiting = [
                    each.next_at
                    for watch in watches.of_caller(connection, CALLER)
                    for each in deliveries.of_watch(
                        connection, watch.id, after=0, limit=1000, state=DeliveryState.WAITING
                    )
                ]
            following = min(waiting, default=end)
            if following >= end:
                self.now = end
                return
            self.now = max(self.now + 1, following)

    def of(self, made: NewWatch) -> list[Delivery]:
        with self.database.read() as connection:
            return list(deliveries.of_watch(connection, made.watch.id, after=0, limit=1000))


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    begin(database)
    relied_on(database, *range(100))
    desk = Desk(database, tmp_path)
    desk.track()
    return desk


async def test_a_change_is_pushed_signed_and_without_any_field(desk: Desk) -> None:
    made = await desk.watch()
    desk.happen(7)
    await desk.deliver()
    ((url, body, headers),) = desk.post.sent
    (delivery,) = desk.of(made)
    assert url == "https://a.example/"
    assert headers["webhook-id"] == delivery.id
    assert headers["webhook-timestamp"] == str(desk.now)
    at = datetime.fromtimestamp(desk.now, UTC)
    assert headers["webhook-signature"] == Webhook(made.secret).sign(delivery.id, at, body)
    said = json.loads(body)
    change = delivery.change
    assert said == {
        "type": "certificate.status_changed",
        "timestamp": "1970-01-01T00:16:40Z",
        "data": {
            "id": change.id,
            "ledger": change.ledger,
            "agency": change.agency,
            "serial": 7,
            "status": "revoked",
            "block": 10,
            "time": 1000,
        },
    }
    assert (delivery.state, delivery.attempts, delivery.last_status) == (DeliveryState.DONE, 1, 200)
    await desk.deliver()
    assert len(desk.post.sent) == 1


async def test_a_receiver_that_is_down_for_hours_gets_everything_when_it_is_back(desk: Desk) -> None:
    made = await desk.watch()
    desk.post.answers["https://a.example/"] = lambda: DOWN
    desk.happen(1, 2)
    await desk.live(9 * HOUR)
    assert {each.state for each in desk.of(made)} == {DeliveryState.WAITING}
    assert {each.last_error for each in desk.of(made)} == {"not_reached"}
    desk.happen(3)
    desk.post.answers.clear()
    await desk.live(13 * HOUR)
    assert [(each.state, each.change.serial) for each in desk.of(made)] == [("done", 1), ("done", 2), ("done", 3)]
    assert set(desk.post.ids("https://a.example/")) == {each.id for each in desk.of(made)}


async def test_every_attempt_has_the_same_id_and_body_and_a_signature_of_its_own_time(desk: Desk) -> None:
    made = await desk.watch()
    answers = [Attempt(status=500, error="status"), Attempt(status=None, error="timeout"), GOOD]
    desk.post.answers["https://a.example/"] = lambda: answers.pop(0)
    desk.happen(1)
    await desk.live(HOUR)
    assert len({headers["webhook-id"] for *_, headers in desk.post.sent}) == 1
    assert len({body for _, body, _ in desk.post.sent}) == 1
    assert len({headers["webhook-signature"] for *_, headers in desk.post.sent}) == 3
    (delivery,) = desk.of(made)
    assert (delivery.state, delivery.attempts, delivery.last_error) == (DeliveryState.DONE, 3, None)


async def test_after_three_days_it_has_failed_and_can_be_tried_again(desk: Desk) -> None:
    made = await desk.watch()
    desk.post.answers["https://a.example/"] = lambda: Attempt(status=503, error="status")
    desk.happen(1)
    await desk.live(100 * HOUR)
    (delivery,) = desk.of(made)
    assert (delivery.state, delivery.attempts, delivery.last_status) == (DeliveryState.FAILED, 13, 503)
    desk.post.answers.clear()
    await desk.live(100 * HOUR)
    assert len(desk.post.sent) == 13
    moved = desk.watching.retry(CALLER, made.watch.id, delivery.id)
    assert moved is not None
    assert moved.moved
    await desk.deliver()
    assert desk.of(made)[0].state is DeliveryState.DONE
    assert len(set(desk.post.ids("https://a.example/"))) == 1


async def test_what_was_put_off_before_the_clock_was_set_back_is_sent(desk: Desk) -> None:
    made = await desk.watch()
    desk.now += 365 * 24 * HOUR
    desk.happen(1)
    desk.now -= 365 * 24 * HOUR
    await desk.deliver()
    assert [each.state for each in desk.of(made)] == [DeliveryState.DONE]


async def test_one_slow_receiver_holds_up_nobody_else(desk: Desk) -> None:
    slow, quick = await desk.watch("https://a.example/"), await desk.watch("https://b.example/")
    desk.post.held["https://a.example/"] = asyncio.Event()
    desk.happen(*range(20))
    await desk.deliverer.start_due()
    while any(each.state is DeliveryState.WAITING for each in desk.of(quick)):  # noqa: ASYNC110 - rows are watched
        await asyncio.sleep(0.01)
    desk.happen(30)
    await desk.deliverer.start_due()
    while any(each.state is DeliveryState.WAITING for each in desk.of(quick)):  # noqa: ASYNC110 - rows are watched
        await asyncio.sleep(0.01)
    assert {each.state for each in desk.of(slow)} == {DeliveryState.WAITING}
    assert desk.post.under_way["https://a.example/"] == AT_ONCE
    desk.post.held["https://a.example/"].set()
    await desk.deliverer.idle()
    await desk.deliver()
    assert {each.state for each in desk.of(slow)} == {DeliveryState.DONE}
    assert desk.post.most <= AT_ONCE
    ids = desk.post.ids("https://a.example/")
    assert len(ids) == len(set(ids)) == 21


async def test_a_receiver_that_is_gone_ends_its_watch(desk: Desk) -> None:
    made = await desk.watch()
    desk.post.answers["https://a.example/"] = lambda: Attempt(status=410, error="status")
    desk.happen(1)
    await desk.deliver()
    desk.happen(2)
    await desk.live(100 * HOUR)
    assert len(desk.post.sent) == 1
    (delivery,) = desk.of(made)
    assert (delivery.state, delivery.attempts, delivery.last_status) == (DeliveryState.ENDED, 1, 410)
    (watch,) = desk.watching.of_caller(CALLER)
    assert (watch.end_reason, watch.ended_at) == (WatchEnd.GONE, desk.now - 100 * HOUR)


async def test_a_watch_that_was_removed_gets_nothing_more(desk: Desk) -> None:
    made = await desk.watch()
    desk.happen(1)
    assert desk.watching.remove(CALLER, made.watch.id)
    await desk.live(HOUR)
    assert desk.post.sent == []


def disabled(database: Database) -> None:
    with database.begin() as connection:
        clients.disable(connection, CALLER, now=1)


def without_scope(database: Database) -> None:
    with database.begin() as connection:
        clients.set_scopes(connection, CALLER, ("audit",))


@pytest.mark.parametrize("shut_out", [disabled, without_scope])
async def test_who_may_not_ask_any_more_is_not_told_either(desk: Desk, shut_out: Callable[[Database], None]) -> None:
    made = await desk.watch()
    desk.happen(1)
    await desk.deliver()
    shut_out(desk.database)
    desk.happen(2)
    await desk.live(HOUR)
    assert [each.state for each in desk.of(made)] == [DeliveryState.DONE, DeliveryState.ENDED]
    assert len(desk.post.sent) == 1
    (watch,) = desk.watching.of_caller(CALLER)
    assert watch.end_reason is WatchEnd.SHUT_OUT


async def test_so_is_a_person_who_left(desk: Desk) -> None:
    with desk.database.begin() as connection:
        place = organisations.place(connection, "TAX", None)
        for name, role in (("clerk", "clerk"), ("gone", "clerk"), ("auditor", "auditor")):
            fresh = NewAccount(name=name, roles=(role,), defaults={}, password="x", subject=None)
            accounts.add(connection, fresh, place, now=0)
    for name in ("clerk", "gone", "auditor", "nobody"):
        relied_on(desk.database, 1, caller=name)
        await desk.watch(f"https://a.example/{name}", caller=name)
    with desk.database.begin() as connection:
        accounts.disable(connection, "gone", now=1)
    desk.happen(1)
    await desk.deliver()
    assert [url for url, _, _ in desk.post.sent] == ["https://a.example/clerk"]


async def test_an_outcome_that_could_not_be_written_makes_the_same_be_sent_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = await desk.watch()
    desk.happen(1)

    def away(*_: object) -> None:
        raise DatabaseAway("pulled out")

    with monkeypatch.context() as patched:
        patched.setattr(desk.deliverer, "_write", away)
        await desk.deliver()
    assert "wait: the database is away" in caplog.text
    await desk.deliver()
    assert desk.of(made)[0].state is DeliveryState.DONE
    ids = desk.post.ids("https://a.example/")
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_two_deliverers_do_not_send_the_same_twice(desk: Desk) -> None:
    await desk.watch()
    desk.happen(*range(10))
    other = desk.new_deliverer()
    assert await desk.deliverer.start_due() == 1
    assert await other.start_due() == 0
    await desk.deliverer.idle()
    assert len(desk.post.sent) == 10
    desk.now += HOUR
    desk.happen(11)
    assert await other.start_due() == 1
    await other.idle()


async def test_secrets_are_sealed_and_another_key_opens_none(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = await desk.watch()
    assert made.secret.encode() not in made.watch.secret
    assert made.secret.startswith("whsec_")
    desk.happen(1)
    other = WatchKeys.under(tmp_path / "other")
    other.keys.make(1)
    deliverer = Deliverer(desk.database, desk.post, other, clock=lambda: desk.now)
    await deliverer.start_due()
    await deliverer.idle()
    assert desk.post.sent == []
    assert "did not seal the secret of watch" in caplog.text
    (delivery,) = desk.of(made)
    assert (delivery.state, delivery.last_error) == (DeliveryState.WAITING, "secret_unreadable")
    await desk.live(HOUR)
    assert desk.of(made)[0].state is DeliveryState.DONE


async def test_both_works_go_on_until_told_to_stop(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    made = await desk.watch()
    stop = asyncio.Event()
    with caplog.at_level(logging.INFO):
        works = [
            asyncio.create_task(desk.tracker.run(stop, 0.01)),
            asyncio.create_task(desk.deliverer.run(stop, 0.01)),
        ]
        mine(desk.database, revoked(1))
        while not [each for each in desk.of(made) if each.state is DeliveryState.DONE]:  # noqa: ASYNC110 - rows
            await asyncio.sleep(0.01)
        stop.set()
        await asyncio.gather(*works)
    assert len(desk.post.sent) == 1

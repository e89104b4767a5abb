"""What the database tells of the processes that have no address, and of all that waits. The office tells it.

While the database is away these figures are missing, and `ecert_database_up` is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from store import sightings, standing, usage, verifications
from store.database import Database
from store.errors import StoreError
from store.sightings import Sighting
from store.standing import Backlog
from store.usage import Used
from verifier.access.meter import day_of
from verifier.record.segments import RecordFolder, Segment

State = TypeVar("State", bound=str)


class StoredFigures(Collector):
    """Reads the sums each time it is asked.

    Args:
        database: where all of it stands.
        record: the folder of the record, compared with how far it was copied.
        clock: seconds since 1970.
        ledgers: those that the indexer reads; of several, whichever is worst off is told of.
    """

    def __init__(
        self, database: Database, record: RecordFolder, clock: Callable[[], int], ledgers: Collection[str]
    ) -> None:
        self._database = database
        self._ledgers = ledgers
        self._record = record
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Give the figures."""
        now = self._clock()
        try:
            with self._database.read() as connection:
                sums = standing.read(connection, now, self._ledgers)
                seen = [one for one in sightings.all(connection) if one.ledger in self._ledgers]
                used = usage.of_day(connection, day_of(now))
            waiting = self._unshipped()
        except StoreError:
            yield GaugeMetricFamily("ecert_database_up", "1: the database answers", value=0)
            return
        yield GaugeMetricFamily("ecert_database_up", "1: the database answers", value=1)
        yield from _waiting(sums, now)
        yield from _seen(seen, now)
        yield _of_clients(used)
        yield GaugeMetricFamily("ecert_record_unshipped_bytes", "Not copied to the database yet", value=waiting)

    def _unshipped(self) -> int:
        """Give the bytes of the record, of all processes, that the database has not."""
        lineages = self._record.segments()
        with self._database.read() as connection:
            shipped = {name: verifications.shipped(connection, name) for name in lineages}
        left = 0
        for name, segments in lineages.items():
            at = shipped[name]
            for segment in segments:
                if at is None or segment.number >= at.number:
                    before = at.offset if at is not None and segment.number == at.number else 0
                    left += max(0, self._size(segment) - before)
        return left

    def _size(self, segment: Segment) -> int:
        try:
            return self._record.lines(segment).stat().st_size
        except FileNotFoundError:
            return 0


def _waiting(sums: Backlog, now: int) -> Iterator[Metric]:
    yield _by_state("ecert_calls", "Calls of the ledger", sums.calls)
    yield from _age("ecert_oldest_call_seconds", "Age of the oldest call that waits", sums.oldest_call, now)
    yield GaugeMetricFamily("ecert_calls_held_up", "Calls that wait for a reason to look at", value=sums.held_up)
    yield _by_state("ecert_issued_batches", "Batches of certificates", sums.batches)
    yield _by_state("ecert_deliveries", "Webhook deliveries", sums.deliveries)
    yield from _age("ecert_oldest_delivery_seconds", "Age of the oldest that waits", sums.oldest_delivery, now)
    yield from _age("ecert_status_token_age_seconds", "Age of the oldest status token", sums.oldest_token, now)
    yield from _age("ecert_cursor_age_seconds", "Age of the newest block that was read", sums.head_time, now)
    yield GaugeMetricFamily("ecert_senders", "Keys that a sender holds the right to use now", value=sums.senders)


def _seen(seen: Sequence[Sighting], now: int) -> Iterator[Metric]:
    if not seen:
        return
    looked = _first(one.looked_at for one in seen)
    yield from _age("ecert_indexer_look_age_seconds", "Since the indexer last looked", looked, now)
    heard = _first(one.heard_at for one in seen)
    yield from _age("ecert_node_heard_age_seconds", "Since a node last answered", heard, now)
    head = _first(one.head_time for one in seen)
    yield from _age("ecert_head_age_seconds", "Age of the newest block that a node has shown", head, now)
    trouble = any(one.trouble is not None for one in seen)
    yield GaugeMetricFamily("ecert_node_trouble", "1: no node can be used", value=trouble)


def _first(times: Iterable[int | None]) -> int | None:
    return min((each for each in times if each is not None), default=None)


def _of_clients(used: Mapping[Used, int]) -> Metric:
    family = GaugeMetricFamily("ecert_client_calls_today", "By client, since midnight", labels=["client", "act"])
    for one, count in used.items():
        family.add_metric([one.client, one.kind], count)
    return family


def _by_state(name: str, said: str, counts: Mapping[State, int]) -> Metric:
    family = GaugeMetricFamily(name, f"{said} by state", labels=["state"])
    for state, count in counts.items():
        family.add_metric([str(state)], count)
    return family


def _age(name: str, said: str, since: int | None, now: int) -> Iterator[Metric]:
    if since is not None:
        yield GaugeMetricFamily(name, said, value=now - since)

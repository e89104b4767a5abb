"""The figures that a process counts, for Prometheus. No label ever holds a person, a case or a certificate.

Where several processes answer at one address, each counts into files of its own (prometheus-client's multiprocess mode,
chosen by `PROMETHEUS_MULTIPROC_DIR` before the program starts, which `ecert serve` sets), and whichever is asked tells
the sum of all. Otherwise a process counts in memory. Counters begin anew when the service is started.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ecert.verdict import Verdict

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SYNC_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5)
_NO_REASON = "none"


class Figures:
    """Counters of one process; `exposed` gives them, and what `collectors` tell at that moment, as text.

    Labels that were met once are kept at hand: a count costs a look into a dictionary and an addition.
    """

    def __init__(self, folder: Path | None = None) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # they would double the text and say nothing that the process's start does not
        self._folder = folder
        self._registry = CollectorRegistry()
        of = self._registry
        self._requests = Counter(
            "ecert_requests",
            "Requests by route, method and class of status",
            ["route", "method", "status"],
            registry=of,
        )
        self._durations = Histogram(
            "ecert_request_seconds", "Until the last byte of the answer", ["route"], buckets=_SECONDS, registry=of
        )
        self._refusals = Counter("ecert_refusals", "Requests refused with 401, 403 or 429", ["status"], registry=of)
        self._verifications = Counter(
            "ecert_verifications", "Verdicts by result and first reason", ["way", "result", "reason"], registry=of
        )
        self._batches = Counter("ecert_batches", "Batches of verifications that were answered", registry=of)
        self._lines = Counter("ecert_record_lines", "Lines of the record that are on the disk", registry=of)
        self._syncs = Histogram(
            "ecert_record_sync_seconds", "Writing and syncing a group of lines", buckets=_SYNC_SECONDS, registry=of
        )
        self._failures = Counter("ecert_record_failures", "Groups of lines that the disk did not take", registry=of)
        self._of_request: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._of_verdict: dict[tuple[str, str, str], Counter] = {}

    @classmethod
    def of_process(cls) -> Figures:
        """Count as the environment says: in files where several processes count together, else in memory."""
        folder = os.environ.get(FOLDER_VARIABLE)
        return cls(None if folder is None else Path(folder))

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered. `route` is a template, `method` one of HTTP's."""
        key = (route, method, status // 100)
        found = self._of_request.get(key)
        if found is None:
            counter = self._requests.labels(route, method, f"{status // 100}xx")
            found = self._of_request[key] = (counter, self._durations.labels(route))
        found[0].inc()
        found[1].observe(seconds)
        if status in REFUSALS:
            self._refusals.labels(str(status)).inc()

    def verdict(self, way: str, verdict: Verdict) -> None:
        """Count a verdict; `way`: how the certificate was handed in."""
        reason = str(verdict.reasons[0]) if verdict.reasons else _NO_REASON
        key = (way, str(verdict.result), reason)
        found = self._of_verdict.get(key)
        if found is None:
            found = self._of_verdict[key] = self._verifications.labels(*key)
        found.inc()

    def batch(self) -> None:
        """Count a batch; its verdicts are counted one by one besides."""
        self._batches.inc()

    def written(self, lines: int, seconds: float) -> None:
        """Count lines of the record that were written and synced together."""
        self._lines.inc(lines)
        self._syncs.observe(seconds)

    def not_written(self) -> None:
        """Count a group of lines that could not be written."""
        self._failures.inc()

    def exposed(self, collectors: Iterable[Collector] = ()) -> bytes:
        """Give all figures as Prometheus reads them (text format 0.0.4)."""
        if self._folder is None:
            told = generate_latest(self._registry)
        else:
            shared = CollectorRegistry()
            MultiProcessCollector(shared, str(self._folder))  # type: ignore[no-untyped-call]
            told = generate_latest(shared)
        now = CollectorRegistry()
        for collector in collectors:
            now.register(collector)
        return told + generate_latest(now)

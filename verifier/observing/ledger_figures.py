"""What a process tells of itself at the moment that it is asked: its version, and its copy of the ledger.

Where a ledger follows others, age and contest are told of whichever is worst off, all else of the newest.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from verifier.ledger_view import LedgerView


class LedgerFigures(Collector):
    """The ledger copy of one process: of the one that answers, where there are several."""

    def __init__(self, view: LedgerView, clock: Callable[[], int]) -> None:
        self._view = view
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Give the figures; those of a copy that is not there are left out."""
        build = GaugeMetricFamily("ecert_build_info", "What runs", labels=["version", "python"])
        build.add_metric([version("ecert"), platform.python_version()], 1)
        yield build
        view = self._view
        yield GaugeMetricFamily("ecert_ledger_read", "1: there is a copy to judge from", value=view.ready)
        trouble = view.trouble is not None
        yield GaugeMetricFamily("ecert_ledger_trouble", "1: the last look at the database gave nothing", value=trouble)
        if not view.ready:
            return
        copy, now = view.copy, self._clock()
        yield GaugeMetricFamily("ecert_ledger_block", "Block of the copy", value=copy.as_of.block)
        yield GaugeMetricFamily("ecert_ledger_settled_block", "Up to which all is settled", value=copy.settled_block)
        yield GaugeMetricFamily("ecert_ledger_age_seconds", "Age of that block", value=view.age(now))
        yield GaugeMetricFamily("ecert_ledger_contested", "1: two histories were sealed", value=view.contested)

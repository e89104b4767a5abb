"""Cities for system tests: a real local chain, real keys, the real service in processes of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from city import City, found  # noqa: E402 # the path is set above
from city_cases import AGENCIES  # noqa: E402 # the same


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city with the demonstration's agencies; its service is not started yet."""
    made = found(tmp_path, AGENCIES, interval=0.5)
    try:
        yield made
    finally:
        made.stop()

"""Days of validity and where they begin."""

from __future__ import annotations

import pytest

from ecert.days import midnight, read_day
from ecert.errors import FaultReason, MalformedError, UnreadableValue

DAY = 86_400


@pytest.mark.parametrize(("zone", "hours"), [("+00:00", 0), ("-03:30", -3.5), ("+14:00", 14), ("+05:45", 5.75)])
def test_a_day_begins_when_it_begins_in_the_zone(zone: str, hours: float) -> None:
    assert midnight("1970-01-02", zone) == DAY - hours * 3600


@pytest.mark.parametrize("zone", ["", "8", "+8:00", "+15:00", "+08:01", "UTC", "+08:00\n"])
def test_another_zone_is_none(zone: str) -> None:
    with pytest.raises(MalformedError, match="zone: not a time zone"):
        midnight("1970-01-02", zone)


def test_a_day_that_is_none_has_no_midnight() -> None:
    with pytest.raises(MalformedError, match="day: not a date"):
        midnight("2026-02-30")


def test_a_day_of_validity_is_within_reason() -> None:
    assert [read_day(day) for day in ("1900-01-01", "2200年12月31日")] == ["1900-01-01", "2200-12-31"]
    for day in ("1899-12-31", "2201-01-01"):
        with pytest.raises(UnreadableValue) as caught:
            read_day(day)
        assert caught.value.reason is FaultReason.OUT_OF_RANGE

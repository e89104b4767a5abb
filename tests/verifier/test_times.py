"""A moment is read as it was meant, or it is refused: never a day as a number of seconds."""

from __future__ import annotations

import pytest

from verifier.errors import Refused
from verifier.times import moment, read_time

DAY = 1_777_737_600
"""2026-05-03 at +08:00."""
BARE = ["20260503", "19991231", "202605030900", "20260503090000"]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("2026-05-03", DAY),
        ("2026-05-03T09:00:00+08:00", DAY + 9 * 3600),
        ("1777737600", DAY),
        (DAY, DAY),
        (0, 0),
        ("20269999", 20_269_999),
        (20_261_503, 20_261_503),
    ],
)
def test_a_day_a_moment_and_seconds_are_read(said: str | int, seconds: int) -> None:
    assert read_time(said) == seconds


@pytest.mark.parametrize("bare", BARE)
def test_a_day_without_its_hyphens_is_no_number_of_seconds(bare: str) -> None:
    for said in (bare, int(bare)):
        with pytest.raises(ValueError, match="2026-05-03"):
            read_time(said)


@pytest.mark.parametrize("bare", BARE)
def test_a_day_without_its_hyphens_is_refused_where_a_whole_day_may_be_meant(bare: str) -> None:
    with pytest.raises(Refused, match="YYYY-MM-DD"):
        moment(bare, whole_day=True)

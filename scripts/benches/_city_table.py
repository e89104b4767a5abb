"""Titles of a city, as many as it has, each with a number, a unit and a holder of its own."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from ecert.check_digits import citizen_id_18

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "real-estate-title.csv"
BIRTHDAYS = 28


def holder_id(number: int) -> str:
    """Make the `number`th id number: 18 digits with the right check digit."""
    place, day = 420_102 + number // (1000 * BIRTHDAYS * 12) % 20, number // 1000 % (BIRTHDAYS * 12)
    return citizen_id_18(f"{place}90{day // BIRTHDAYS + 1:02d}{day % BIRTHDAYS + 1:02d}{number % 1000:03d}")


def unit_number(number: int) -> str:
    """Make the `number`th property unit number, 28 characters."""
    return f"420102{number // 1_000_000 % 1000:03d}001GB00001F{number // 10_000 % 10_000:04d}{number % 10_000:04d}"


def titles(count: int) -> Iterator[dict[str, str]]:
    """Give `count` rows of a table."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        sample = list(csv.DictReader(file))
    for number in range(count):
        row = dict(sample[number % len(sample)])
        row["title_number"] = f"{row['title_number'].partition('第')[0]}第{number:07d}号"
        row["unit_number"] = unit_number(number)
        holder = {"name": f"持有人{number}", "id_type": "111", "id_number": holder_id(number), "share": "1/1"}
        row["holders"] = json.dumps([holder], ensure_ascii=False)
        row["ownership_form"] = "单独所有"
        yield row


def write_titles(path: Path, count: int) -> Path:
    """Write a table of `count` titles."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = titles(count)
        first = next(rows)
        table = csv.DictWriter(file, list(first))
        table.writeheader()
        table.writerow(first)
        table.writerows(rows)
    return path

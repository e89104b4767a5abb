"""Reserves ports on the loopback interface, so that networks on one machine never meet.

A node that is stopped holds no port, yet must find its own again when it is started. So every network's ports are
written down in one file of the user's cache, and stay its own until its folder is wiped. They lie below the range that
systems give to outgoing connections.
"""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

from .client import alone, cache
from .faults import NetworkError

FIRST, LAST = 20000, 32000
LOOPBACK = "127.0.0.1"


def reserve(marker: Path, count: int) -> list[int]:
    """Reserve `count` ports in a row for as long as the file `marker` exists, which is made here.

    Raises:
        NetworkError: no such row is free.
    """
    book = cache() / "ports.json"
    with alone(cache() / "ports.lock"):
        reserved = read(book)
        taken = {port for ports in reserved.values() for port in ports}
        starts = list(range(FIRST, LAST - count, count))
        random.shuffle(starts)
        for start in starts:
            row = list(range(start, start + count))
            if taken.isdisjoint(row) and all(map(is_free, row)):
                marker.write_text(json.dumps(row) + "\n", encoding="utf-8")
                write(book, reserved | {str(marker): row})
                return row
    raise NetworkError(f"no {count} ports in a row are free between {FIRST} and {LAST}")


def read(book: Path) -> dict[str, list[int]]:
    """Read who reserved what, without those that are gone."""
    if not book.exists():
        return {}
    written: dict[str, list[int]] = json.loads(book.read_text(encoding="utf-8"))
    return {marker: ports for marker, ports in written.items() if Path(marker).exists()}


def write(path: Path, value: object) -> None:
    """Write a JSON file whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port, on loopback or everywhere."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError:
            return False
    return True

"""The clock of this machine."""

from __future__ import annotations

import time


def seconds_now() -> int:
    """The time now, in whole seconds since 1970."""
    return int(time.time())

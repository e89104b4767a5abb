"""Where an error came from, without its text: that may hold what somebody sent."""

from __future__ import annotations

import traceback


def places_of(error: BaseException | None) -> list[str]:
    """Name the kind of an error, then every place that it passed, one a line; nothing for None.

    What a group of errors holds follows it, further in.
    """
    if error is None:
        return []
    frames = traceback.extract_tb(error.__traceback__)
    within = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return [
        type(error).__name__,
        *(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames),
        *(f"  {line}" for each in within for line in places_of(each)),
    ]

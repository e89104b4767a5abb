"""What a command prints for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping


def print_json(value: Mapping[str, object]) -> None:
    """Print one object on stdout."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
    sys.stdout.flush()

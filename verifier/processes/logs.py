"""The log: one line for what happened, on stderr, in UTC. Nothing about a person: no field, no name, no number."""

from __future__ import annotations

import logging
import sys
import time

_CHATTY = (
    "aiohttp",
    "alembic",
    "asyncio",
    "authlib",
    "httpcore",
    "httpx",
    "oauthlib",  # would write tokens
    "urllib3",
    "uvicorn.access",
    "uvicorn.error",
    "web3",
)


def start_log(process: str, level: str) -> None:
    """Set up this process's log; `process` is its name in every line."""
    formatter = logging.Formatter(f"%(asctime)s {process} %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[lines], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))

"""What is told of a node's or a signer's URL: its path and query may hold the key that its provider gave us."""

from __future__ import annotations

from urllib.parse import urlsplit


def told(url: str) -> str:
    """Give scheme, host and port, for messages and logs."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

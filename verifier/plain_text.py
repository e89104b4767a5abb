"""Text that may hold what a stranger wrote, made fit to stand among our own."""

from __future__ import annotations


def plain(text: str) -> str:
    """Make one line of it in which nothing moves or hides what stands elsewhere."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)

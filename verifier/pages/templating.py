"""The templates of all pages, loaded once."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def templates() -> Environment:
    """Give the environment: everything that is put into a page is escaped, and a name that is missing is an error."""
    return Environment(
        loader=PackageLoader("verifier.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""Every store test runs on both databases."""

from tests.databases import database, database_url, postgresql

__all__ = ["database", "database_url", "postgresql"]

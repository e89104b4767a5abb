"""The tests of changes run on both databases."""

from tests.databases import database, database_url, migrated_file, migrated_schema, postgresql

__all__ = ["database", "database_url", "migrated_file", "migrated_schema", "postgresql"]

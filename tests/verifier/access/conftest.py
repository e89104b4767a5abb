"""Databases for the tests of who may ask: SQLite and PostgreSQL."""

from tests.databases import database, database_url, migrated_file, migrated_schema, postgresql

__all__ = ["database", "database_url", "migrated_file", "migrated_schema", "postgresql"]

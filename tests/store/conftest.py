"""Every store test runs on both databases."""

from tests.databases import database, database_url, empty_url, migrated_file, migrated_schema, postgresql
from tests.plans import no_table_is_read_through, plans

__all__ = [
    "database",
    "database_url",
    "empty_url",
    "migrated_file",
    "migrated_schema",
    "no_table_is_read_through",
    "plans",
    "postgresql",
]

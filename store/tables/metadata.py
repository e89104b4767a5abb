"""What all tables share: names for constraints, and column types that fit both databases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, MetaData

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

METADATA = MetaData(naming_convention=NAMES)

SCHEMA = "0008"
"""The migration that makes these tables; a test compares it with `store/migrations`."""

Identity = BigInteger().with_variant(Integer(), "sqlite")
"""A row's own number. SQLite counts by itself only on `INTEGER`, which holds 64 bits there."""


class Bytes(LargeBinary):
    """`bytes`, handed to the drivers as they are: both take them, and wrapping each took a sixth of a bulk insert."""

    def bind_processor(self, dialect: Dialect) -> None:
        """Do nothing to a value on its way in."""


def one_of(column: str, words: type) -> str:
    """Give the SQL condition that `column` holds one of an enumeration's words."""
    listed = ", ".join(f"'{word}'" for word in words.__members__.values())  # type: ignore[attr-defined]
    return f"{column} IN ({listed})"

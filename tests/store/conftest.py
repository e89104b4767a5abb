"""Every store test sees that no table that grows is read through."""

from tests.plans import no_table_is_read_through, plans

__all__ = ["no_table_is_read_through", "plans"]

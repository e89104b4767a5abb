"""Cells of tables that we write, such that no spreadsheet takes one for a formula.

Spreadsheets do so by the first character (`=`, `+`, `-`, `@`, their full-width forms, tab, carriage return); such a
cell gets an apostrophe before it, which spreadsheets do not show. A program that reads the table takes one apostrophe
away where one of these characters follows it.
"""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")


def harmless(cell: str) -> str:
    """Give a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell

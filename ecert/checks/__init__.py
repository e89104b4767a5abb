"""The 14 checks of section 5, one numbered function each, and the table of their names and reasons."""

"""An agency's table of certificates: its lines, columns, rows and documents, and the table of what came of each."""

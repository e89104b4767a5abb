"""What we remember: tables, migrations, and the reads and writes on them."""

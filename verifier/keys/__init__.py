"""Keys at rest: agencies' certificate keys, ledger keys, and the files that hold them."""

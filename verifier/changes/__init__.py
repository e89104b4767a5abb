"""Changes: telling callers what happened to the certificates that they relied on (docs/changes.md)."""

"""The record: every verification is written down, signed and durable before it is answered (docs/record.md)."""

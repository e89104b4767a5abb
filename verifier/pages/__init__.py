"""The pages that people see; every one of them works without script."""

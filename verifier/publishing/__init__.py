"""What the service publishes of its own accord, for anybody: status list tokens, signed by the indexer's process."""

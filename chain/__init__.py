"""How we talk to the chain: node, contracts, signer, sender, indexer."""

"""How much goes into one call of the ledger, for whoever writes calls and leaves their encoding to the sender."""

MAX_SERIALS = 256
"""The most serials in one call: far apart they burn 27,000 gas each, and a transaction must stay below 2^24 (EIP-7825)
with room for what other calls do to the same words in the meantime."""

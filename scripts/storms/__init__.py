"""What may befall the service and its network, and what must hold afterwards; played by `scripts/chaos`."""

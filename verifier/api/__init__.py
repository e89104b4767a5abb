"""The HTTP API for systems: what crosses the wire, and the routes under `/v1`, `/healthz` and `/readyz`."""

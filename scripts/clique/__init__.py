"""A permissioned network of five real go-ethereum nodes (Clique, one-second blocks), for tests and for trying out.

`network.Network` is all of it: up, down, stop, start, kill, cut, heal, wipe. `python -m clique` is its command line
(`scripts/network`). The other modules, from the ground up: `faults` (what can go wrong), `rpc` (asking a node),
`client` (finding or building geth), `ports` (reserving them), `founding` (keys, genesis), `record` (`network.json`),
`node` (one process), `links` (who is connected with whom), `chain` (heads and agreement).

Linux only: processes are watched through /proc and pidfd.
"""

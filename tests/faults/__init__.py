"""Faults between us and a real node."""

"""The commands of `ecert`: each parses, calls one service and renders."""

"""What a running service tells those who watch over it: figures, a request's name in every line, and readiness."""

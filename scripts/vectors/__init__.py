"""What `scripts/make_vectors` makes: every file of `tests/vectors/`, and the worked example of `docs/format.md`."""

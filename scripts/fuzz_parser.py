"""One parser under atheris: `fuzz_parser.py NAME [libFuzzer's options] CORPUS`, started by `fuzz_parsers.py`."""

from __future__ import annotations

import sys
import warnings

import atheris

with atheris.instrument_imports(include=["ecert", "verifier", "json"]):
    from tests.ecert.parsers import PARSERS


def main() -> None:
    """Fuzz until the time is over or an input gets through."""
    name = sys.argv.pop(1)
    parser = PARSERS[name]
    parser.seeds()
    warnings.simplefilter("error")
    atheris.Setup(sys.argv, lambda data: parser.take(bytes(data)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()

"""`ecert` is useful to a stranger who has nothing but `cryptography` and `orjson`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ALWAYS_THERE = {"_distutils_hack", "cffi", "pycparser"}
EVERYTHING = """
import importlib, json, pkgutil, sys
import ecert
for module in pkgutil.walk_packages(ecert.__path__, "ecert."):
    importlib.import_module(module.name)
foreign = {name.partition(".")[0] for name, module in sys.modules.items()
           if "site-packages" in (getattr(module, "__file__", None) or "")}
print(json.dumps(sorted(foreign)))
"""


def test_every_module_of_the_format_loads_with_two_libraries_alone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(Path.cwd())!r})\n{EVERYTHING}"],
        stdout=subprocess.PIPE,
        check=True,
        cwd=tmp_path,
    )
    assert set(json.loads(done.stdout)) - ALWAYS_THERE == {"cryptography", "_cffi_backend", "orjson"}

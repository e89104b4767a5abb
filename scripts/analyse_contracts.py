"""Runs every detector of slither over our contracts and compares what it finds with what docs/analysis.md explains.

A finding is known by its detector and by the first thing that it names (`CertificateLedger.anchor`), not by lines,
which move. What slither finds in OpenZeppelin's files alone is OpenZeppelin's.
"""

from __future__ import annotations

import argparse
import inspect
import posixpath
import re
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

from crytic_compile import CryticCompile
from crytic_compile.platform.solc_standard_json import SolcStandardJson
from slither import Slither
from slither.detectors import all_detectors
from slither.detectors.abstract_detector import AbstractDetector

ROOT = Path(__file__).resolve().parent.parent
EXPLAINED = ROOT / "docs" / "analysis.md"
PACKAGES = "hardhat-local/node_modules"
STARTS = ("contracts/AgencyRegistry.sol", "contracts/CertificateLedger.sol")
IMPORT = re.compile(r'^import\s[^;]*?"([^"]+)";', re.MULTILINE)
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| `([^`]+)` \|", re.MULTILINE)
SHIM = """#!/bin/sh
case $1 in
--version) exec {solc} --version ;;
*) exec {solc} --standard-json ;;
esac
"""
"""Our compiler takes no other options; crytic-compile adds some that only matter to a compiler that reads files."""

Finding = tuple[str, str]


def sources() -> dict[str, str]:
    """Every source that the contracts are made of, by its path in the checkout."""
    found: dict[str, str] = {}
    waiting = list(STARTS)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = (ROOT / name).read_text(encoding="utf-8")
        for imported in IMPORT.findall(found[name]):
            relative = posixpath.normpath(posixpath.join(posixpath.dirname(name), imported))
            waiting.append(relative if imported.startswith(".") else f"{PACKAGES}/{imported}")
    return found


def compiled(folder: Path) -> CryticCompile:
    """Compile with the pinned compiler."""
    solc = folder / "solc"
    solc.write_text(SHIM.format(solc=ROOT / "hardhat-local" / "solc"), encoding="utf-8")
    solc.chmod(stat.S_IRWXU)
    wanted = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources().items()},
        "settings": {
            "evmVersion": "paris",
            "optimizer": {"enabled": True, "runs": 10_000},
            "viaIR": True,
            "remappings": [f"@openzeppelin/={PACKAGES}/@openzeppelin/"],
            "outputSelection": {"*": {"*": ["abi", "evm.bytecode", "evm.deployedBytecode"], "": ["ast"]}},
        },
    }
    return CryticCompile(SolcStandardJson(wanted, solc=str(solc)), solc=str(solc))


def findings() -> dict[Finding, str]:
    """Let slither look; every finding about our files, with slither's words."""
    with tempfile.TemporaryDirectory() as folder:
        slither = Slither(compiled(Path(folder)))
    for name in dir(all_detectors):
        detector = getattr(all_detectors, name)
        if inspect.isclass(detector) and issubclass(detector, AbstractDetector):
            slither.register_detector(detector)
    return {
        (found["check"], place_of(found)): found["description"].strip()
        for of_detector in slither.run_detectors()
        for found in of_detector
        if any(is_ours(element) for element in found["elements"])
    }


def is_ours(element: dict[str, Any]) -> bool:
    """Whether a thing that a finding names stands in our own sources."""
    return str(element["source_mapping"]["filename_relative"]).startswith("contracts/")


def place_of(found: dict[str, Any]) -> str:
    """Name the first thing of ours in a finding: contract and function, or the file."""
    element = next(each for each in found["elements"] if is_ours(each))
    if element["type"] == "pragma":
        return str(element["source_mapping"]["filename_relative"])
    names = [element["name"]]
    while element["type"] != "contract" and "parent" in element.get("type_specific_fields", {}):
        element = element["type_specific_fields"]["parent"]
        if element["type"] in {"contract", "function", "struct", "event", "enum"}:
            names.insert(0, element["name"])
    return ".".join(names)


def main() -> int:
    """Compare; the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/analyse_contracts", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--list", action="store_true", help="print every finding as slither words it")
    given = parser.parse_args()
    found = findings()
    if given.list:
        for (check, place), words in sorted(found.items()):
            print(f"{check} | {place}\n{words}\n")
        return 0
    explained = set(ROW.findall(EXPLAINED.read_text(encoding="utf-8")))
    for check, place in sorted(found.keys() - explained):
        print(f"not explained in docs/analysis.md: {check} in {place}\n{found[check, place]}\n", file=sys.stderr)
    for check, place in sorted(explained - found.keys()):
        print(f"docs/analysis.md explains what is not found any more: {check} in {place}", file=sys.stderr)
    if found.keys() == explained:
        print(f"slither: {len(found)} findings, each explained in docs/analysis.md")
    return 0 if found.keys() == explained else 1


if __name__ == "__main__":
    sys.exit(main())

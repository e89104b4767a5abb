"""Which file holds what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vectors.anchoring import anchoring
from vectors.anchors import anchors
from vectors.content import content
from vectors.demanded import demanded
from vectors.example import example_text
from vectors.good import good
from vectors.issuer import issuer
from vectors.malformed import malformed
from vectors.offline import offline
from vectors.others import receipts, status_lists, trees
from vectors.validity import validity
from vectors.world import TYPES
from vectors.writing import group_text

PAGE = "docs/format.md"
BEGIN = "<!-- made by scripts/make_vectors: begin -->\n"
END = "<!-- made by scripts/make_vectors: end -->\n"
FOLDER = "tests/vectors"

Group = tuple[str, str, Callable[[], Iterator[dict[str, Any]]]]
GROUPS: tuple[Group, ...] = (
    ("certificates/good.json", "What holds: both forms and every optional part.", good),
    ("certificates/malformed.json", "Check 1: limits and form, with the place.", malformed),
    ("certificates/issuer.json", "Checks 2 to 5: ledger, agency, key, signature.", issuer),
    ("certificates/content.json", "Checks 6 and 12: fields and documents.", content),
    ("certificates/anchoring.json", "Checks 7 and 8: batch and accreditation.", anchoring),
    ("certificates/validity.json", "Checks 9, 10 and 14: status, period, freshness.", validity),
    ("certificates/demanded.json", "Checks 11 and 13: expectations and holder.", demanded),
    ("certificates/offline.json", "Checks 7, 9 and 14 with a status list, and without a facts file.", offline),
    ("receipts.json", "Receipts, and whether they can be relied on.", receipts),
    ("status_lists.json", "Status lists packed and compressed, and their tokens.", status_lists),
    ("anchor_evidence.json", "Anchor evidence, and the step that does not hold.", anchors),
    ("trees.json", 'RFC 9162 trees; leaf i is SHA-256 of 0x00 and the ASCII text "leaf i".', trees),
)


def made_files(root: Path) -> Iterator[tuple[str, str]]:
    """Give every file that is made, by name: what its text must be."""
    for name, about, vectors in GROUPS:
        yield f"{FOLDER}/{name}", group_text(about, vectors())
    yield f"{FOLDER}/types.json", _types_text(root)
    page = (root / PAGE).read_text("utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    yield PAGE, f"{before}{begin}\n{example_text()}\n{end}{after}"


def _types_text(root: Path) -> str:
    """Copy the type files that the vectors name, so that these need no others."""
    folder = root / "ecert" / "certificate_types"
    types = {slug: json.loads((folder / f"{slug}.json").read_text("utf-8")) for slug in sorted(TYPES)}
    lines = ",\n".join(f'"{slug}": {json.dumps(whole, ensure_ascii=False)}' for slug, whole in types.items())
    return f"{{\n{lines}\n}}\n"

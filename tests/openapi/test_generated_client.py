"""A stranger's generator makes a client from the committed descriptions, and the client works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.openapi.desk import CLIENT, Desk
from tests.openapi.generator import ROOT, be_stranger, generate

pytestmark = pytest.mark.xdist_group("desk")

NOT_FOR_IT = {"application/gzip", "application/x-ndjson", "application/statuslist+jwt", "text/csv"}
"""What this generator says that it cannot do; clients for these are in docs/api.md."""


def test_a_stranger_with_a_generated_client_is_served(desk: Desk, tmp_path: Path) -> None:
    for name in ("public", "office"):
        said = generate(ROOT / "docs" / "openapi" / f"{name}.json", tmp_path / f"ecert_{name}")
        complaints = said.count("WARNING") + said.count("ERROR")
        assert complaints == sum(
            said.count(f"content type {kind}") + said.count(f"content_type {kind}") for kind in NOT_FOR_IT
        )
    file = tmp_path / "title.ecert.json"
    file.write_text(json.dumps(desk.file), encoding="utf-8")
    told = json.loads(be_stranger(tmp_path, desk.api, desk.office, CLIENT, desk.secret, str(file)))
    assert told.pop("keys") >= 1
    assert told.pop("values") is not None
    assert told == {
        "verified": "VALID",
        "recorded": "VALID",
        "found": "VALID",
        "receipt_is_the_same": True,
        "me": CLIENT,
        "issued": "gathering",
    }

"""An office that is killed at each of its writes: what it answered is there, and a repeat under the key issues once."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from store.idempotency import PATIENCE
from tests import forks
from tests.verifier import killed_office
from tests.verifier.inside import found_town
from tests.verifier.killed_office import ASKED
from tests.verifier.office import AGENCY, make_city


def killed(folder: Path, url: str, number: int, when: str) -> tuple[int, dict[int, int]]:
    code = forks.run(killed_office.main, folder, url, number, when)
    lines = [line.split() for line in (folder / "answered").read_text("ascii").splitlines()]
    return code, {int(number): int(serial) for number, status, serial in lines if status == "201"}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 7, 9])
async def test_what_was_answered_is_never_lost_and_nothing_is_issued_twice(
    tmp_path: Path, database_url: str, number: int, when: str
) -> None:
    folder = tmp_path / "city"
    make_city(folder, database_url).database.close()
    code, answered = killed(folder, database_url, number, when)
    assert code == -signal.SIGKILL
    with found_town(folder, database_url) as town:
        town.city.clock.now += PATIENCE + 1
        serials = {}
        for each in range(ASKED):
            again = await town.issue(each, headers={"idempotency-key": f"key-{each}"})
            assert again.status_code == 201, again.text
            serials[each] = again.json()["serial"]
        assert answered.items() <= serials.items()
        assert len(set(serials.values())) == ASKED
        town.settle()
        for serial in serials.values():
            file = await town.client.get(f"/v1/certificates/{AGENCY}/{serial}")
            assert file.status_code == 200, file.text
        listed = (await town.client.get("/v1/certificates")).json()["certificates"]
        assert len(listed) == ASKED

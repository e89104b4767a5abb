"""A ledger is retired and another goes on: what stands on the first is judged, found, changed and shown as before."""

from __future__ import annotations

import pytest

from ecert.facts import Status
from store.database import Database
from tests.local_chain import LocalChain
from tests.verifier.town import AGENCY, Town, found_town


@pytest.fixture(scope="module")
def before(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town that has issued three certificates on its first ledger."""
    town = found_town(chain, tmp_path_factory.mktemp("town"))
    town.issue(1, 2, 3)
    return town


@pytest.fixture(scope="module", name="town")
def town_(before: Town) -> Town:
    """The same with a second ledger, on which it has issued three more."""
    town = before.succeeded()
    town.step()
    town.issue(4, 5, 6)
    return town


def test_an_agency_goes_on_issuing_on_the_next_ledger_where_it_stopped_on_the_one_before(town: Town) -> None:
    assert sorted(town.certificates()) == [0, 1, 2, 3, 4, 5]

"""Putting the next trust file and facts file in the place of the published ones, once they are to be relied on."""

from __future__ import annotations

from pathlib import Path

from chain.facts_file import read_copies
from chain.whole_files import sync_folder
from ecert.trust import Trust
from ecert.trust_file import TrustFile
from ecert.trust_json import trust_to_json
from verifier.clock import seconds_now
from verifier.errors import Refused
from verifier.publishing.trust_folder import TrustFolder, read_trust_file
from verifier.times import shown


def publish(folder: TrustFolder) -> TrustFile:
    """Publish the next files; killed in between, the same again ends it.

    Raises:
        Refused: there are none, they have expired, or another process is making or publishing some.
        UntrustedRoots: too few roots have signed, or it does not follow the published one.
        FactsUnfit: the facts file does not go with the trust file.
    """
    with folder.held():
        if not folder.next_trust.exists():
            raise Refused(f"there is no {folder.next_trust}: make it with `ecert trust export`")
        new, known = read_trust_file(folder.next_trust), folder.published()
        if known is None:
            new.rely(new.trust.roots.fingerprint)
        else:
            new.follow(known)
        refuse_expired(new.trust)
        next_facts = folder.next_facts.exists()
        check_facts(folder.next_facts if next_facts else folder.facts, new.trust)
        if next_facts:
            folder.next_facts.replace(folder.facts)
        folder.next_trust.replace(folder.trust)
        sync_folder(folder.trust.parent)
        return new


def refuse_expired(trust: Trust) -> None:
    """Raise `Refused` where nobody may rely on it any more."""
    if seconds_now() >= trust.exp:
        raise Refused(f"the trust file expired on {shown(trust.exp)}")


def check_facts(path: Path, trust: Trust) -> None:
    """Make sure that a facts file goes with a trust file, and that its events make the agencies which that one tells.

    Raises:
        FactsUnfit: they are not of the same ledgers and checkpoint.
        Refused: the trust file tells its agencies otherwise.
    """
    if trust_to_json(trust.telling(read_copies(path, trust))) != trust_to_json(trust):
        raise Refused(f"the trust file tells other agencies, keys or accreditations than the events of {path} make")

"""Putting the next trust file and facts file in the place of the published ones, once they are to be relied on."""

from __future__ import annotations

from chain.facts_file import read_copies
from ecert.trust_file import TrustFile
from verifier.errors import Refused
from verifier.keys.secret_files import sync_folder
from verifier.publishing.trust_folder import TrustFolder, read_trust_file


def publish(folder: TrustFolder) -> TrustFile:
    """Publish the next files; killed in between, the same again ends it.

    Raises:
        Refused: there are none.
        UntrustedRoots: too few roots have signed, or it does not follow the published one.
        FactsUnfit: the facts file does not go with the trust file.
    """
    if not folder.next_trust.exists():
        raise Refused(f"there is no {folder.next_trust}: make it with `ecert trust export`")
    new, known = read_trust_file(folder.next_trust), folder.published()
    if known is None:
        new.rely(new.trust.roots.fingerprint)
    else:
        new.follow(known)
    moved = folder.next_facts.exists()
    read_copies(folder.next_facts if moved else folder.facts, new.trust)
    if moved:
        folder.next_facts.replace(folder.facts)
    folder.next_trust.replace(folder.trust)
    sync_folder(folder.trust.parent)
    return new

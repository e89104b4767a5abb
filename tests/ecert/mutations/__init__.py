"""The attacks by name: nothing that is done to a certificate may make it a VALID one of other content.

Each mutation takes a certificate that was issued, at times a withdrawn one, and gives the bytes to judge. Some have the
agency's own key, as a thief of it would: whoever has a key but not the ledger must get nowhere either. What a false
accept is, and how attacks are judged, stands in `tests.ecert.attacking`; `scripts/fuzz` makes a million of them.
"""

from tests.ecert.mutations import on_bytes, on_claims, on_disclosures, on_holder, on_place, on_signature, outside
from tests.ecert.mutations.entered import MUTATIONS

__all__ = ["MUTATIONS", "on_bytes", "on_claims", "on_disclosures", "on_holder", "on_place", "on_signature", "outside"]

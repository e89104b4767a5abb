"""A copy of a certificate that shows only chosen fields (selective disclosure, RFC 9901).

What is signed stays whole, so the copy verifies like the original; a key binding is dropped, since it is over all that
was shown.
"""

from __future__ import annotations

from collections.abc import Collection

from ecert import forms
from ecert.errors import CannotShow
from ecert.parsing import parse


def present(data: bytes, show: Collection[str]) -> bytes:
    """Write a copy in the same form with the fields `show` alone; path and evidence stay.

    Raises `MalformedCertificate`, and `CannotShow` with the names that `data` itself does not disclose.
    """
    certificate = parse(data)
    hidden = set(show) - {each.name for each in certificate.disclosures}
    if hidden:
        raise CannotShow(tuple(sorted(hidden)))
    jwt = certificate.signed.decode("ascii")
    disclosures = [each.encoded for each in certificate.disclosures if each.name in show]
    if certificate.path is None:
        return forms.write_compact(jwt, disclosures).encode("ascii")
    return forms.write_file(jwt, disclosures, certificate.path, certificate.evidence)

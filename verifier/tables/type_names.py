"""Certificate types as people name them: by slug, by `vct`, or by what they are called in either language."""

from __future__ import annotations

import unicodedata

from ecert.fields import Words
from ecert.types import CertificateType, TypeCatalogue
from verifier.errors import Refused


def type_named(name: str) -> CertificateType:
    """Find the type that somebody names; refuse a name that is of none, or of several."""
    catalogue = TypeCatalogue.bundled()
    wanted = _fold(name)
    found = catalogue.by_slug(wanted) or catalogue.by_vct(name.strip())
    called = [found] if found else [each for each in catalogue if wanted in {_fold(each.zh), _fold(each.en)}]
    if len(called) != 1:
        known = ", ".join(sorted(f"{each.slug} ({each.zh})" for each in catalogue))
        raise Refused(
            Words(
                en=f"there is no certificate type {name!r}; there are {known}",
                zh=f"没有证照类型“{name}”；可用：{known}",
            )
        )
    return called[0]


def _fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

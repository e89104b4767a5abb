import json

import pytest

from ecert.errors import CannotShow, MalformedCertificate
from ecert.parsing import parse
from ecert.presenting import present
from tests.ecert.making import filed, signed

SHOWN = ("title_number", "use")


def names(data: bytes) -> tuple[str, ...]:
    return tuple(each.name for each in parse(data).disclosures)


def test_a_copy_shows_only_the_chosen_fields() -> None:
    for data in (filed(), signed().compact().encode()):
        assert names(present(data, SHOWN)) == SHOWN
        assert parse(present(data, SHOWN)).signed == parse(data).signed


def test_a_copy_has_the_form_and_path_of_the_original() -> None:
    assert parse(present(filed(), SHOWN)).path == parse(filed()).path
    assert present(signed().compact().encode(), ()).decode() == f"{signed().jwt}~"


def test_all_fields_shown_is_the_original_again() -> None:
    assert present(filed(), names(filed())) == filed()


def test_evidence_stays_and_a_key_binding_goes() -> None:
    whole = json.loads(filed())
    whole["header"]["ecert"]["evidence"] = {"header": "0x"}
    whole["header"]["kb_jwt"] = "AAAA.AAAA.AAAA"
    copy = parse(present(json.dumps(whole).encode(), SHOWN))
    assert copy.evidence == {"header": "0x"}
    assert copy.key_binding is None


def test_a_field_that_is_not_disclosed_cannot_be_shown() -> None:
    with pytest.raises(CannotShow) as caught:
        present(present(filed(), SHOWN), ["use", "term", "area_m2"])
    assert caught.value.names == ("area_m2", "term")


def test_what_is_no_certificate_cannot_be_presented() -> None:
    with pytest.raises(MalformedCertificate):
        present(b"{}", ())

"""A stranger's program: knows the service by the client that was generated from its description, and nothing else.

stranger.py PUBLIC OFFICE CLIENT SECRET FILE

Prints what it was told as one JSON object. Runs in the generator's environment, without this project.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

from ecert_office.api.access import me
from ecert_office.api.issuing import issue
from ecert_office.api.verification import verify as look_up
from ecert_office.client import AuthenticatedClient as OfficeClient
from ecert_office.models import (
    IssuanceRequest,
    IssuanceRequestFields,
    StatedHolder,
    StatedLookUp,
    VerificationRequestGround,
)
from ecert_office.models import VerificationRequest as OfficeRequest
from ecert_public.api.access import get_token
from ecert_public.api.published import get_receipt_keys
from ecert_public.api.record import get_verification
from ecert_public.api.verification import verify
from ecert_public.client import AuthenticatedClient, Client
from ecert_public.models import StatedHolder as PublicHolder
from ecert_public.models import TokenRequest, VerificationRequest, VerificationRequestCertificateType0
from ecert_public.models import VerificationRequestGround as Ground


def main(public: str, office: str, name: str, secret: str, file: str) -> None:
    """Get a token, verify a file, look it up by its number, read the receipt back, and issue another."""
    basic = base64.b64encode(f"{name}:{secret}".encode()).decode()
    asking = Client(base_url=public, headers={"Authorization": f"Basic {basic}"})
    token = get_token.sync(client=asking, body=TokenRequest(grant_type="client_credentials"))
    client = AuthenticatedClient(base_url=public, token=token.access_token)
    inside = OfficeClient(base_url=office, token=token.access_token)
    certificate = VerificationRequestCertificateType0.from_dict(json.loads(Path(file).read_text(encoding="utf-8")))
    occasion = {"matter": "food-shop-opening", "case": "2026-1", "operator": "window-3"}
    asked = VerificationRequest(
        certificate=certificate, holder=PublicHolder(id="110101199003074514"), ground=Ground.CONSENT, **occasion
    )
    verified = verify.sync(client=Client(base_url=public), body=VerificationRequest(certificate=certificate))
    recorded = verify.sync(client=client, body=asked)
    found = look_up.sync(
        client=inside,
        body=OfficeRequest(
            lookup=StatedLookUp(type_="health-certificate", by="number", value="JK-1"),
            holder=StatedHolder(id="110101199003074514"),
            ground=VerificationRequestGround.DUTY,
            **occasion,
        ),
    )
    again = get_verification.sync(recorded.id, client=client)
    keys = get_receipt_keys.sync(client=Client(base_url=public))
    fields = IssuanceRequestFields.from_dict(
        {
            "holder_name": "罗文超",
            "holder_id": "110101199003074514",
            "certificate_number": "JK-2026-7",
            "work_category": "食品",
            "examined_by": "市中心医院",
        }
    )
    issued = issue.sync(client=inside, body=IssuanceRequest(type_="health-certificate", fields=fields))
    told = {
        "verified": verified.result,
        "recorded": recorded.result,
        "found": found.result,
        "values": None if not found.values else found.values.to_dict(),
        "receipt_is_the_same": again.receipt == recorded.receipt,
        "keys": len(keys.to_dict()["keys"]),
        "me": me.sync(client=inside).name,
        "issued": issued.state,
    }
    json.dump(told, sys.stdout, default=str)


if __name__ == "__main__":
    main(*sys.argv[1:])

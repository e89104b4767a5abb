"""`x5c`: X.509 certificates that an agency may send along, so that others than us can follow its key to an authority.

Our trust comes from the ledger alone; all we ask of `x5c` is that its first certificate has the key of `kid`.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import InvalidVersion, load_der_x509_certificate

from ecert.errors import MalformedKey


def key_of_first(chain: Sequence[str]) -> bytes:
    """Give the public key of the first certificate (base64 of DER, RFC 7515 section 4.1.6); else `MalformedKey`.

    A serial number below 1, against RFC 5280, is a warning of the library today and its error tomorrow: refused.
    """
    try:
        first = load_der_x509_certificate(b64decode(chain[0], validate=True))
        key = first.public_key()
    except (Error, ValueError, InvalidVersion, UnsupportedAlgorithm, CryptographyDeprecationWarning) as error:
        raise MalformedKey("x5c[0]", "not a certificate") from error
    if first.serial_number < 1:
        raise MalformedKey("x5c[0]", "not a certificate")
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise MalformedKey("x5c[0]", "not a certificate of an elliptic-curve key")
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

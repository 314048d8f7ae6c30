"""What a client certificate proves: that its owner has a key. Everything else in it is ignored.

A key is named by its fingerprint: SHA-256 of the DER SubjectPublicKeyInfo (RFC 5280 section 4.1),
in base64url without padding (RFC 4648 section 5), 43 characters.
"""

import binascii
import hashlib

_SEQUENCE = 0x30
_VERSION = 0xA0
# Of a TBSCertificate, between the version and the key: serialNumber, signature, issuer, validity,
# subject.
_BEFORE_KEY = (0x02, 0x30, 0x30, 0x30, 0x30)

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def fingerprint_of(certificate: bytes) -> str:
    """The fingerprint of a certificate's public key.

    certificate: DER. The octets of the key are taken as they are, whatever its type, so that one
    that nothing here can use has a fingerprint too. Raises ValueError when it is no certificate.
    """
    digest = hashlib.sha256(_public_key_info(certificate)).digest()
    return binascii.b2a_base64(digest, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def _public_key_info(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo with its tag and length. RFC 5280 section 4.1."""
    at, _ = _enter(certificate, 0, _SEQUENCE)
    at, _ = _enter(certificate, at, _SEQUENCE)
    if certificate[at : at + 1] == bytes([_VERSION]):
        at = _enter(certificate, at, _VERSION)[1]
    for tag in _BEFORE_KEY:
        at = _enter(certificate, at, tag)[1]
    return certificate[at : _enter(certificate, at, _SEQUENCE)[1]]


def _enter(der: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the content of the value at an offset begins and ends. X.690 section 8.1.3."""
    if len(der) < at + 2 or der[at] != tag:
        raise ValueError("this is no certificate")
    start, length = at + 2, der[at + 1]
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[at + 2 : start])
    if start + length > len(der):
        raise ValueError("the certificate ends early")
    return start, start + length

"""What a certificate in PEM says about its key."""

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from roost.proto.sasl.peer_key import fingerprint_of
from roost.service.tls_key_errors import TlsKeyInvalid

MIN_RSA_BITS = 2048
MAX_CERTIFICATE_OCTETS = 10_000
MAX_NAME_LENGTH = 200

_BEGIN = re.compile(r"^-----BEGIN ([^\r\n]*?)-----", re.MULTILINE)
_CURVES = {"secp256r1": "p256", "secp384r1": "p384", "secp521r1": "p521"}


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key and the certificate it came in.

    type: such as rsa-2048, ecdsa-p256, ed25519. name: what to call it if nobody says otherwise.
    """

    fingerprint: str
    type: str
    name: str
    certificate: bytes


def read_pem(pem: str) -> KeyFacts:
    """The facts of the one certificate in `pem`, which may have words around it.

    Raises TlsKeyInvalid for anything but one CERTIFICATE block, also for a private key beside it:
    that one never leaves its owner.
    """
    kinds = _BEGIN.findall(pem)
    if any("PRIVATE KEY" in kind for kind in kinds):
        raise TlsKeyInvalid(
            "there is a private key in it: keep that, and give the certificate only"
        )
    if kinds != ["CERTIFICATE"]:
        raise TlsKeyInvalid("expected one certificate in PEM: -----BEGIN CERTIFICATE-----")
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode("utf-8", "replace"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TlsKeyInvalid("the certificate is damaged: make a new one") from error
    return _facts_of(certificate, certificate.public_bytes(Encoding.DER))


def read_der(der: bytes) -> KeyFacts:
    """As `read_pem`, for a certificate that was taken once."""
    try:
        return _facts_of(x509.load_der_x509_certificate(der), der)
    except ValueError as error:
        raise TlsKeyInvalid("the certificate is damaged: make a new one") from error


def pem_of(der: bytes) -> str:
    """A certificate in PEM. RFC 7468 section 5."""
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()


def _facts_of(certificate: x509.Certificate, der: bytes) -> KeyFacts:
    if len(der) > MAX_CERTIFICATE_OCTETS:
        raise TlsKeyInvalid(f"the certificate has more than {MAX_CERTIFICATE_OCTETS} octets")
    return KeyFacts(fingerprint_of(der), _type_of(certificate), _name_of(certificate), der)


def _type_of(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    match key:
        case rsa.RSAPublicKey(key_size=bits) if bits < MIN_RSA_BITS:
            raise TlsKeyInvalid(f"an RSA key of {bits} bits is too weak: {MIN_RSA_BITS} or more")
        case rsa.RSAPublicKey(key_size=bits):
            return f"rsa-{bits}"
        case ec.EllipticCurvePublicKey(curve=curve) if curve.name in _CURVES:
            return f"ecdsa-{_CURVES[curve.name]}"
        case ed25519.Ed25519PublicKey():
            return "ed25519"
        case _:
            raise TlsKeyInvalid("a key of this type: use RSA, ECDSA on a NIST curve, or Ed25519")


def _name_of(certificate: x509.Certificate) -> str:
    """The common name where there is a plain one, else the serial number."""
    try:
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        for name in names:
            text = str(name.value).strip()
            if text and text.isprintable():
                return text[:MAX_NAME_LENGTH]
    except ValueError:
        pass  # a subject that cannot be read has no plain name
    return f"serial {certificate.serial_number:x}"

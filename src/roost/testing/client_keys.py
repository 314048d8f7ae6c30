"""Keys and certificates of mail programs, for tests of logins by TLS client certificate."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from roost.proto.sasl.peer_key import fingerprint_of

LIFE = timedelta(days=40 * 365)


@dataclass(frozen=True)
class ClientKey:
    """A private key and a certificate that it signed itself. Both in PEM, `der` is the latter."""

    key: Any
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        octets: bytes = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return octets.decode()

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.der)


def make_private_key(kind: str) -> Any:
    """A new private key: rsa-BITS, ecdsa-CURVE, ed25519, ed448 or dsa."""
    if kind.startswith("rsa-"):
        return rsa.generate_private_key(65537, int(kind[4:]))
    curves = {
        "ecdsa-p256": ec.SECP256R1(),
        "ecdsa-p384": ec.SECP384R1(),
        "ecdsa-p521": ec.SECP521R1(),
        "ecdsa-k256": ec.SECP256K1(),
    }
    if kind in curves:
        return ec.generate_private_key(curves[kind])
    if kind == "dsa":
        return dsa.generate_private_key(2048)
    if kind == "ed448":
        return ed448.Ed448PrivateKey.generate()
    assert kind == "ed25519", kind
    return ed25519.Ed25519PrivateKey.generate()


def make_client_key(
    name: str | None = "a laptop",
    kind: str = "ecdsa-p256",
    *,
    key: Any = None,
    serial: int = 1,
    ends: datetime = datetime(2050, 1, 1),  # noqa: DTZ001 - certificates are in UTC
) -> ClientKey:
    """A certificate that was good for 40 years until a moment.

    name: its common name, None for no name. key: whose certificate it is; by default a new one of
    that kind.
    """
    private = key or make_private_key(kind)
    names = [] if name is None else [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(x509.Name(names))
        .public_key(private.public_key())
        .serial_number(serial)
        .not_valid_before(ends - LIFE)
        .not_valid_after(ends)
    )
    has_own_hash = isinstance(private, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return ClientKey(private, built.sign(private, None if has_own_hash else hashes.SHA256()))

"""Makes a key that signs in by a TLS client certificate."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from roost.ports.clock import Clock
from roost.ports.random import Random
from roost.proto.sasl.peer_key import fingerprint_of

_SEED_OCTETS = 32
_BACKDATED = timedelta(hours=1)  # for clocks that are a little behind
_NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280 section 4.1.2.5


@dataclass(frozen=True, slots=True)
class ClientKey:
    """An Ed25519 key with a certificate that it signed itself and that names nobody, in PEM.

    seed: all that there is to the key, 32 octets in base64url without padding.
    """

    seed: str
    fingerprint: str
    key_pem: bytes
    certificate_pem: bytes


def make_client_key(clock: Clock, random: Random) -> ClientKey:
    """A new key. RFC 8410 section 7."""
    seed = random.octets(_SEED_OCTETS)
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    nobody = x509.Name([])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(nobody)
        .issuer_name(nobody)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - _BACKDATED)
        .not_valid_after(_NEVER)
        .sign(key, None)
    )
    return ClientKey(
        base64.urlsafe_b64encode(seed).decode().rstrip("="),
        fingerprint_of(certificate.public_bytes(serialization.Encoding.DER)),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
    )

"""Certificates with their keys: load from files, write to files, make a self-signed one."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from roost.ports.clock import Clock

PrivateKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
Name = str | IPv4Address | IPv6Address

# A clock that is a little behind must not find a new certificate not yet valid.
_BACKDATED = timedelta(hours=1)


class CertificateError(Exception):
    """A certificate or key cannot be used; the text names the file, what is wrong, the mend."""


@dataclass(frozen=True, eq=False)
class CertifiedKey:
    """A private key and the chain that vouches for it, the leaf first."""

    key: PrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        return self.chain[0]

    @cached_property
    def fingerprint(self) -> bytes:
        """SHA-256 of the leaf: tells this certificate from every other."""
        return self.leaf.fingerprint(hashes.SHA256())

    @cached_property
    def end_point(self) -> bytes | None:
        """What a login can be bound to; see `end_point_of`."""
        return end_point_of(self.leaf)

    @cached_property
    def names(self) -> frozenset[str]:
        """The DNS names it is for, in lower case."""
        try:
            found = self.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except x509.ExtensionNotFound:
            return frozenset()
        return frozenset(name.lower() for name in found.value.get_values_for_type(x509.DNSName))

    def key_pem(self) -> bytes:
        """The key as PKCS #8 in PEM, not encrypted."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def chain_pem(self) -> bytes:
        """The chain in PEM, the leaf first."""
        return b"".join(
            certificate.public_bytes(serialization.Encoding.PEM) for certificate in self.chain
        )


def end_point_of(leaf: x509.Certificate) -> bytes | None:
    """The tls-server-end-point value: the certificate's hash. RFC 5929 section 4.1.

    None where its signature has no hash function of its own, as with Ed25519.
    """
    try:
        algorithm = leaf.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    if algorithm is None:
        return None
    is_broken = isinstance(algorithm, hashes.MD5 | hashes.SHA1)
    return leaf.fingerprint(hashes.SHA256() if is_broken else algorithm)


def make_self_signed(names: Sequence[Name], clock: Clock, years: int = 10) -> CertifiedKey:
    """A new ECDSA P-256 key and a certificate for `names` that nobody vouches for.

    names: DNS names in A-label form and IP addresses, at least one; the first is the subject's.
    years: 1 to 10. Raises ValueError beyond either bound. RFC 5280 section 4.2.1.6.
    """
    if not names or not 1 <= years <= 10:
        raise ValueError("a certificate needs a name and a life of 1 to 10 years")
    key = ec.generate_private_key(ec.SECP256R1())
    # RFC 5280 appendix A: a common name has at most 64 characters; who checks reads the SANs.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0])[:64])])
    now = clock.now()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=365 * years))
    )
    for extension, critical in _extensions(names, key.public_key()):
        builder = builder.add_extension(extension, critical=critical)
    return CertifiedKey(key, (builder.sign(key, hashes.SHA256()),))


def _extensions(
    names: Sequence[Name], public_key: ec.EllipticCurvePublicKey
) -> list[tuple[x509.ExtensionType, bool]]:
    alternative_names = x509.SubjectAlternativeName(
        [x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name) for name in names]
    )
    return [
        (alternative_names, False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
    ]


def load_certified_key(chain_file: Path, key_file: Path) -> CertifiedKey:
    """Read a chain and its key from two PEM files (which may be one). Blocks.

    Raises CertificateError when a file cannot be read, holds no PEM, holds an encrypted or unfit
    key, or when the key is not that of the first certificate.
    """
    chain = _parse_chain(chain_file, _read(chain_file))
    key = _parse_key(key_file, _read(key_file))
    if _public_octets(key.public_key()) != _public_octets(chain[0].public_key()):
        raise CertificateError(
            f"{key_file} is not the key of the first certificate in {chain_file}: "
            "the file must begin with the server's own certificate"
        )
    return CertifiedKey(key, chain)


def save_certified_key(certified: CertifiedKey, chain_file: Path, key_file: Path) -> None:
    """Write chain and key as PEM; the key can be read by its owner only (0600). Blocks.

    Each file is replaced at once, the key first; OSError when the disk refuses.
    """
    _replace(key_file, certified.key_pem(), 0o600)
    _replace(chain_file, certified.chain_pem(), 0o644)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CertificateError(f"{path} does not exist: check the path in roost.toml") from None
    except PermissionError:
        raise CertificateError(
            f"{path} cannot be read: give the server's user the right to read it"
        ) from None
    except OSError as error:
        raise CertificateError(f"{path} cannot be read: {error.strerror}") from error


def _parse_chain(path: Path, octets: bytes) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(octets))
    except ValueError:
        raise CertificateError(
            f'{path} holds no certificate in PEM: expected "-----BEGIN CERTIFICATE-----"'
        ) from None


def _parse_key(path: Path, octets: bytes) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(octets, password=None)
    except TypeError:
        raise CertificateError(
            f"{path} is encrypted with a passphrase: store the key without one, "
            "`openssl pkey -in FILE -out NEW` removes it"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateError(
            f'{path} holds no private key in PEM: expected "-----BEGIN PRIVATE KEY-----"'
        ) from None
    if not isinstance(key, PrivateKey):
        raise CertificateError(f"{path} holds a key unfit for TLS: use ECDSA, RSA or Ed25519")
    return key


def _public_octets(key: object) -> bytes:
    if not hasattr(key, "public_bytes"):
        return b""
    octets: bytes = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return octets


def _replace(path: Path, octets: bytes, mode: int) -> None:
    """Put a new file in place of `path`, never one with other rights or half its octets."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(file, "wb") as out:
        out.write(octets)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)

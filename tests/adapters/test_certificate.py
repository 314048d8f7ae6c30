"""Certificates from files and of our own making."""

import hashlib
import ssl
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519

from roost.adapters.certificate import (
    CertificateError,
    CertifiedKey,
    end_point_of,
    load_certified_key,
    make_self_signed,
    save_certified_key,
)
from roost.testing.clock import START, StoppedClock

SigningKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def new_key() -> CertifiedKey:
    return make_self_signed(["mx.test"], StoppedClock())


def test_a_made_certificate_names_what_it_is_for() -> None:
    made = make_self_signed(
        ["MX.test", ip_address("192.0.2.1"), ip_address("2001:db8::1")], StoppedClock(), years=1
    )
    assert made.names == {"mx.test"}
    assert made.leaf.not_valid_before_utc < START
    assert made.leaf.not_valid_after_utc == START + timedelta(days=365)


@pytest.mark.parametrize(("names", "years"), [([], 1), (["mx.test"], 0), (["mx.test"], 11)])
def test_no_name_or_an_odd_life_is_refused(names: list[str], years: int) -> None:
    with pytest.raises(ValueError, match="1 to 10 years"):
        make_self_signed(names, StoppedClock(), years)


def test_what_is_saved_is_loaded_and_the_key_is_private(tmp_path: Path) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    for _ in range(2):  # the second time replaces the first
        made = new_key()
        save_certified_key(made, chain, key)
    assert key.stat().st_mode & 0o777 == 0o600
    loaded = load_certified_key(chain, key)
    assert loaded.fingerprint == made.fingerprint
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chain.pem", "key.pem"]


def encrypted() -> bytes:
    return new_key().key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )


def unfit() -> bytes:
    return x25519.X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    ("chain", "key", "complaint"),
    [
        (None, b"", "chain.pem does not exist"),
        (b"junk", b"", "chain.pem holds no certificate in PEM"),
        (new_key().chain_pem(), None, "key.pem does not exist"),
        (new_key().chain_pem(), b"junk", "key.pem holds no private key in PEM"),
        (new_key().chain_pem(), encrypted(), "key.pem is encrypted"),
        (new_key().chain_pem(), unfit(), "key.pem holds a key unfit for TLS"),
        (new_key().chain_pem(), new_key().key_pem(), "key.pem is not the key of the first"),
    ],
    ids=["no chain", "chain junk", "no key", "key junk", "encrypted", "unfit", "another's key"],
)
def test_what_is_wrong_is_said_with_the_file(
    tmp_path: Path, chain: bytes | None, key: bytes | None, complaint: str
) -> None:
    for name, octets in (("chain.pem", chain), ("key.pem", key)):
        if octets is not None:
            (tmp_path / name).write_bytes(octets)
    with pytest.raises(CertificateError, match=complaint):
        load_certified_key(tmp_path / "chain.pem", tmp_path / "key.pem")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="cannot be read"):
        load_certified_key(tmp_path, tmp_path)


def signed(key: SigningKey, algorithm: hashes.HashAlgorithm | None) -> bytes:
    """A certificate in DER."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mx.test")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=1))
    )
    certificate = builder.sign(key, algorithm)  # type: ignore[arg-type]
    return certificate.public_bytes(serialization.Encoding.DER)


RSA_SHA_256 = bytes.fromhex("2a864886f70d01010b")  # RFC 8017 appendix A.2.4


def signed_long_ago(last: int) -> bytes:
    """Nobody signs so any more: a certificate whose signature says another algorithm of RSA."""
    der = signed(rsa.generate_private_key(65537, 2048), hashes.SHA256())
    assert der.count(RSA_SHA_256) == 2
    return der.replace(RSA_SHA_256, RSA_SHA_256[:-1] + bytes([last]))


@pytest.mark.parametrize(
    ("der", "expected"),
    [
        (lambda: signed(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()), "sha256"),
        (lambda: signed(ec.generate_private_key(ec.SECP256R1()), hashes.SHA384()), "sha384"),
        (lambda: signed(ec.generate_private_key(ec.SECP256R1()), hashes.SHA512()), "sha512"),
        (lambda: signed_long_ago(5), "sha256"),
        (lambda: signed_long_ago(4), "sha256"),
        (lambda: signed(ed25519.Ed25519PrivateKey.generate(), None), None),
        (lambda: signed_long_ago(99), None),
    ],
    ids=["SHA-256", "SHA-384", "SHA-512", "SHA-1", "MD5", "Ed25519", "unknown"],
)
def test_what_a_login_is_bound_to(der: Callable[[], bytes], expected: str | None) -> None:
    """RFC 5929 section 4.1."""
    octets = der()
    digest = None if expected is None else hashlib.new(expected, octets).digest()
    assert end_point_of(x509.load_der_x509_certificate(octets)) == digest

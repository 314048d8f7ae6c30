"""Signing and checking in tests, with the keys that RFC 8463 appendix A publishes."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from roost.proto.dkim.canonical import BodyHash, BodyHashes
from roost.proto.dkim.header import Header
from roost.proto.dkim.key import record_of, spell_record
from roost.proto.dkim.sign import Signer, bodies_for, sign
from roost.proto.dkim.verify import DkimResult, bodies_of, find_signatures, verify
from roost.proto.mime.header import header_end
from roost.testing.check import run_check
from roost.testing.resolver import ZoneResolver

NOW = datetime(2026, 1, 1, tzinfo=UTC)

RSA_PEM = b"""\
-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi
Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM
KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB
AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm
6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe
zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy
6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc
uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy
WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd
WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a
licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst
o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe
uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL
-----END RSA PRIVATE KEY-----
"""
ED25519_KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)


def rsa_key() -> RSAPrivateKey:
    """A key of 1024 bits."""
    key = load_pem_private_key(RSA_PEM, None)
    assert isinstance(key, RSAPrivateKey)
    return key


def signer_zone(*signers: Signer, flags: tuple[str, ...] = ()) -> ZoneResolver:
    """DNS that has the keys of these signers."""
    return ZoneResolver(
        {
            (f"{one.selector}._domainkey.{one.domain}", "TXT"): [
                spell_record(record_of(one.key.public_key(), flags))
            ]
            for one in signers
        }
    )


def hashes_of(message: bytes, wanted: set[BodyHash]) -> BodyHashes:
    """The hashes of the body of a whole message."""
    hashes = BodyHashes(wanted)
    hashes.feed(message[header_end(message) :])
    return hashes


def sign_message(message: bytes, *signers: Signer, now: datetime = NOW) -> bytes:
    """The message with signatures in front."""
    return sign(Header(message), hashes_of(message, bodies_for(signers)), signers, now) + message


def verify_message(
    message: bytes, zone: ZoneResolver, now: datetime = NOW
) -> tuple[DkimResult, ...]:
    """What the signatures of a whole message come to."""
    header = Header(message)
    found = find_signatures(header)
    return run_check(verify(header, found, hashes_of(message, bodies_of(found)), now), zone)

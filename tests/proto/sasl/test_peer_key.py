"""The fingerprint of a certificate's key."""

import base64
import hashlib
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from roost.proto.sasl.peer_key import fingerprint_of
from roost.testing.client_keys import make_client_key

KINDS = ["rsa-1024", "rsa-2048", "ecdsa-p256", "ecdsa-p521", "ecdsa-k256", "ed25519", "ed448"]
ONE = make_client_key()


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_hash_of_the_public_key(kind: str) -> None:
    client = make_client_key(kind=kind)
    key = client.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    hashed = base64.urlsafe_b64encode(hashlib.sha256(key).digest())
    assert fingerprint_of(client.der) == hashed.decode().rstrip("=")


def test_nothing_but_the_key_counts() -> None:
    other = make_client_key("another name" * 5, key=ONE.key, serial=1 << 150)
    assert other.der != ONE.der
    assert fingerprint_of(other.der) == fingerprint_of(ONE.der)
    assert fingerprint_of(make_client_key().der) != fingerprint_of(ONE.der)


@given(st.integers(0, 400), st.binary(max_size=4))
def test_octets_that_are_no_certificate_are_told(at: int, octets: bytes) -> None:
    damaged = ONE.der[:at] + octets + ONE.der[at + len(octets) :]
    with suppress(ValueError):
        assert len(fingerprint_of(damaged)) == 43


@pytest.mark.parametrize("cut", range(0, 140, 7))
def test_a_certificate_that_ends_early(cut: int) -> None:
    with pytest.raises(ValueError, match="certificate"):
        fingerprint_of(ONE.der[:cut])


def test_no_certificate_has_a_long_length() -> None:
    with pytest.raises(ValueError, match="ends early"):
        fingerprint_of(b"\x30\xff" + b"\xff" * 200)

"""MD5 from a stored state, RFC 1321, against the one of the standard library."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.proto.sasl import md5


@pytest.mark.parametrize(
    ("octets", "digest"),
    [
        (b"", "d41d8cd98f00b204e9800998ecf8427e"),
        (b"abc", "900150983cd24fb0d6963f7d28e17f72"),
        (b"message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        (b"1234567890" * 8, "57edf4a22be3c955ac49da2e2107b67a"),
    ],
)
def test_the_test_suite_of_appendix_5(octets: bytes, digest: str) -> None:
    assert md5.finish(md5.START, octets, before=0).hex() == digest


@given(st.binary(max_size=300))
def test_it_is_md5(octets: bytes) -> None:
    assert md5.finish(md5.START, octets, before=0) == hashlib.md5(octets).digest()


@given(st.binary(min_size=64, max_size=64), st.binary(max_size=130))
def test_it_goes_on_from_a_state(block: bytes, octets: bytes) -> None:
    state = md5.compress(md5.START, block)
    assert md5.finish(state, octets) == hashlib.md5(block + octets).digest()

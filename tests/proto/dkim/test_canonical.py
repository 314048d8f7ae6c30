"""The canonical forms of bodies, whatever pieces they come in. RFC 6376 section 3.4."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.proto.dkim.canonical import BodyHash, BodyHashes, Canonical

SIMPLE = BodyHash("sha256", Canonical.SIMPLE)
RELAXED = BodyHash("sha256", Canonical.RELAXED)

PIECES = st.lists(
    st.sampled_from([b"a", b" ", b"\t", b"\r", b"\n", b"\r\n", b"  \r\n", b"bc d", b"\xff"]),
    max_size=30,
)


def plainly(body: bytes, form: Canonical) -> bytes:
    """Section 3.4 word by word, with the whole body in memory."""
    lines = body.split(b"\r\n")
    if form is Canonical.RELAXED:
        lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return b"\r\n" if form is Canonical.SIMPLE else b""
    return b"\r\n".join(lines) + b"\r\n"


@pytest.mark.parametrize(
    ("body", "simple", "relaxed"),
    [
        (b"", b"\r\n", b""),
        (b"\r\n\r\n", b"\r\n", b""),
        (b" \r\n", b" \r\n", b""),
        (b"a", b"a\r\n", b"a\r\n"),
        (b"a \t b  \r\n\r\n", b"a \t b  \r\n", b"a b\r\n"),
        (b"\r\n\r\na\r\n\r\n", b"\r\n\r\na\r\n", b"\r\n\r\na\r\n"),
        (b"a\r", b"a\r\r\n", b"a\r\r\n"),
        (b"a \r", b"a \r\r\n", b"a \r\r\n"),
        (b"a\n\n", b"a\n\n\r\n", b"a\n\n\r\n"),
        (b"a\r\n\n\r\n", b"a\r\n\n\r\n", b"a\r\n\n\r\n"),
    ],
    ids=[
        "empty", "only empty lines", "a blank", "no line end", "blanks", "leading empty lines",
        "ends in CR", "ends in blank and CR", "bare LF", "LF among line ends",
    ],
)  # fmt: skip
def test_forms(body: bytes, simple: bytes, relaxed: bytes) -> None:
    hashes = BodyHashes([SIMPLE, RELAXED])
    hashes.feed(body)
    assert hashes.digest(SIMPLE) == hashlib.sha256(simple).digest()
    assert hashes.digest(RELAXED) == hashlib.sha256(relaxed).digest()


@given(PIECES, st.sampled_from([SIMPLE, RELAXED]))
def test_pieces_change_nothing(pieces: list[bytes], wanted: BodyHash) -> None:
    hashes = BodyHashes([wanted])
    for piece in pieces:
        hashes.feed(piece)
    canonical = plainly(b"".join(pieces), wanted.form)
    assert hashes.digest(wanted) == hashlib.sha256(canonical).digest()
    assert hashes.octets(wanted) == len(canonical)


@given(PIECES, st.integers(0, 20))
def test_a_length_takes_the_first_octets(pieces: list[bytes], length: int) -> None:
    wanted = BodyHash("sha256", Canonical.RELAXED, length)
    hashes = BodyHashes([wanted, RELAXED])
    for piece in pieces:
        hashes.feed(piece)
    canonical = plainly(b"".join(pieces), Canonical.RELAXED)
    assert hashes.digest(wanted) == hashlib.sha256(canonical[:length]).digest()
    assert hashes.octets(wanted) == len(canonical)


@pytest.mark.parametrize(
    "body",
    [b"\r\n" * 300_000 + b"a", b" " * 600_000 + b"a", b"\n\r" * 300_000, b"\r" * 600_000],
    ids=["empty lines", "blanks", "line ends the wrong way", "returns"],
)
@pytest.mark.timeout(5)
def test_bodies_made_to_be_slow(body: bytes) -> None:
    for wanted in (SIMPLE, RELAXED):
        hashes = BodyHashes([wanted])
        hashes.feed(body)
        canonical = plainly(body, wanted.form)
        assert hashes.digest(wanted) == hashlib.sha256(canonical).digest()

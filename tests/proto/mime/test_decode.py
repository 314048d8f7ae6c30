"""Transfer encodings undone and done."""

import base64
import binascii
import quopri

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.decode import (
    decode_transfer,
    encode_base64,
    encode_quoted_printable,
    known_encoding,
)


@pytest.mark.parametrize(
    ("octets", "encoding", "expected"),
    [
        (b"aGVs\r\nbG8=\r\n", b"base64", b"hello"),
        (b"aGVsbG8", b"BASE64", b"hello"),
        (b"aGVsbG8=", b" Base64 (comment); \r\n", b"hello"),
        (b"a!G-Vs bG8=", b"base64", b"hello"),
        (b"aGVsbG8=aGVsbG8=", b"base64", b"hellohello"),
        (b"aGVsbG8=\r\n--\r\n", b"base64", b"hello"),
        (b"aGVsbG8gd", b"base64", b"hello "),
        (b"====", b"base64", b""),
        (b"", b"base64", b""),
        (b"a=3Db=\r\nc\r\n", b"quoted-printable", b"a=bc\r\n"),
        (b"a=3db=\nc", b"Quoted-Printable", b"a=bc"),
        (b"soft= \t\r\nbreak", b"quoted-printable", b"softbreak"),
        (b"trailing  \r\nspace\t", b"quoted-printable", b"trailing\r\nspace"),
        (b"100=%=ZZ=", b"quoted-printable", b"100=%=ZZ"),
        (b"=C3=BC\xff", b"quoted-printable", b"\xc3\xbc\xff"),
        (b"a=3Db", b"7bit", b"a=3Db"),
        (b"a=3Db", b"", b"a=3Db"),
        (b"a=3Db", b"x-strange", b"a=3Db"),
        (b"begin 644 f.txt\r\n%:&5L;&\\ \r\n`\r\nend\r\nrest", b"x-uuencode", b"hello"),
        (b"preface\nbegin 0644 f\n%:&5L;&\\\nend\n", b"uuencode", b"hello"),
        (b"begin 644 f\n\xff\xff\xff\n", b"x-uue", b""),
        (b"no begin", b"x-uuencode", b"no begin"),
    ],
)
def test_decodes(octets: bytes, encoding: bytes, expected: bytes) -> None:
    assert decode_transfer(octets, encoding) == expected


@pytest.mark.parametrize(
    ("encoding", "known"),
    [
        (b"7bit", True),
        (b" 8BIT", True),
        (b"Base64;", True),
        (b"", True),
        (b"x-uue", True),
        (b"quoted-printable", True),
        (b"binary", True),
        (b"utf-8", False),
        (b"base65", False),
    ],
)
def test_known(encoding: bytes, known: bool) -> None:
    assert known_encoding(encoding) is known


@given(st.binary(max_size=500))
@settings(deadline=None)
def test_base64_round_trip(octets: bytes) -> None:
    encoded = encode_base64(octets)
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
    assert decode_transfer(encoded, b"base64") == octets
    assert encoded.replace(b"\r\n", b"\n") == base64.encodebytes(octets)


@given(st.lists(st.text(max_size=100), max_size=8))
@settings(deadline=None)
def test_quoted_printable_round_trip(texts: list[str]) -> None:
    lines = [text.replace("\r", "").replace("\n", "").encode() for text in texts]
    octets = b"\r\n".join(lines)
    encoded = encode_quoted_printable(octets)
    assert encoded.isascii()
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
    assert decode_transfer(encoded, b"quoted-printable") == octets
    assert quopri.decodestring(encoded.replace(b"\r\n", b"\n")) == octets.replace(b"\r\n", b"\n")


def test_any_line_end_becomes_crlf() -> None:
    assert encode_quoted_printable(b"a\nb\rc\r\nd") == b"a\r\nb\r\nc\r\nd"


@given(st.binary(max_size=200), st.sampled_from([b"base64", b"quoted-printable", b"x-uue", b"?"]))
@settings(deadline=None, max_examples=200)
def test_never_raises(octets: bytes, encoding: bytes) -> None:
    assert isinstance(decode_transfer(octets, encoding), bytes)
    decode_transfer(b"begin 644 x\n" + octets, encoding)


@given(st.binary(max_size=120), st.binary(max_size=10).map(lambda o: o.translate(None, b"=")))
@settings(deadline=None)
def test_rubbish_outside_the_alphabet_changes_nothing(octets: bytes, junk: bytes) -> None:
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    outside = junk.translate(None, alphabet)
    text = binascii.b2a_base64(octets, newline=False)
    assert decode_transfer(outside.join([text[:3], text[3:7], text[7:]]), b"base64") == octets


@pytest.mark.parametrize("shape", [b"=", b"A=", b" ", b"=\r", b"\t ", b"= \r\n", b"\n", b"begin "])
@pytest.mark.parametrize("encoding", [b"base64", b"quoted-printable", b"x-uue"])
def test_a_megabyte_of_rubbish(shape: bytes, encoding: bytes) -> None:
    octets = shape * (1_000_000 // len(shape))
    assert len(decode_transfer(octets, encoding)) <= len(octets)

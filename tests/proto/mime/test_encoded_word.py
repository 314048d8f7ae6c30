"""Encoded words as they should be and as they come."""

from binascii import b2a_base64
from email.header import decode_header, make_header

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.charset import printable
from roost.proto.mime.encoded_word import decode_words, encode_words
from roost.proto.mime.header import decode_unstructured, unfold


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"no words", "no words"),
        (b"=?ISO-8859-1?Q?a?=", "a"),
        (b"=?ISO-8859-1?Q?a?= b", "a b"),
        (b"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a?=\t  =?ISO-8859-2?Q?_b?=", "a b"),
        (b"=?ISO-8859-1?Q?a_b?=", "a b"),
        (b"(=?ISO-8859-1?Q?a?=)", "(a)"),
        (b"=?utf-8?B?4oKs?=", "€"),
        (b"=?utf-8?B?w7w?=", "ü"),
        (b"=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€"),
        (b"=?utf-8?Q?=E2=82?= =?UTF-8?Q?=AC?=", "€"),
        (b"=?utf-8?Q?two words?=", "two words"),
        (b"=?utf-8?Q?why? because?=", "why? because"),
        (b"=?utf-8?Q?Who??=", "Who?"),
        (b"=?us-ascii*en?Q?language?=", "language"),
        (b"=?x-unknown?Q?gr=C3=BC=C3=9Fe?=", "grüße"),
        (b"=??Q?nameless?=", "nameless"),
        (b"=?utf-8?q?broken =?utf-8?q?whole?=", "=?utf-8?q?broken whole"),
        (b"=?utf-8?x?odd?=", "=?utf-8?x?odd?="),
        (b"=?utf-8?q?=ZZ?=", "=ZZ"),
        (b"a=?utf-8?q?b?=c", "abc"),
        (b"=?utf-8?q??=", ""),
        ("\u00fc =?utf-8?q?=C3=BC?=".encode(), "ü ü"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_decodes(raw: bytes, text: str) -> None:
    assert decode_words(raw) == text


def test_text_and_octets_read_the_same() -> None:
    assert decode_words("ü =?utf-8?q?=C3=BC?=") == "ü ü"


@given(st.text(max_size=200))
@settings(deadline=None, max_examples=200)
def test_encoding_keeps_the_text(text: str) -> None:
    line = printable(text)
    assert decode_words(unfold(encode_words(line, used=9))) == line


@given(st.text(max_size=400), st.integers(0, 100))
@settings(deadline=None, max_examples=200)
def test_encoded_lines_and_words_keep_their_limits(text: str, used: int) -> None:
    encoded = encode_words(text + "ü", used=used)
    assert encoded.isascii()
    lines = encoded.split(b"\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert len(lines[0]) + used <= max(76, used)
    assert all(len(word) <= 75 for word in encoded.split())
    assert all(decode_words(word).count("\ufffd") == 0 for word in encoded.split()) or (
        "\ufffd" in text
    )


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=80))
@settings(deadline=None)
def test_the_standard_library_reads_what_we_write(text: str) -> None:
    encoded = encode_words(text, used=9)
    if b"=?" in encoded:
        unfolded = unfold(encoded).decode("ascii")
        assert str(make_header(decode_header(unfolded))) == text


@given(
    st.lists(st.sampled_from([b"=?", b"?=", b"?", b"utf-8", b"q", b"B", b" ", b"4oI=", b"\xff"]))
)
@settings(deadline=None, max_examples=200)
def test_never_raises(pieces: list[bytes]) -> None:
    decode_words(b"".join(pieces)).encode()


def test_without_a_guess_the_unknown_is_windows_1252() -> None:
    octets = "Привет, как дела?".encode("cp1251")
    word = b"=?x-unknown?b?%b?=" % b2a_base64(octets, newline=False)
    as_1252 = octets.decode("cp1252")
    assert decode_words(octets, guess=False) == as_1252
    assert decode_words(octets + b" " + word, guess=False) == f"{as_1252} {as_1252}"


def test_one_guess_serves_all_words_of_unknown_charsets() -> None:
    first, other = (
        b"=?x-unknown?b?%b?=" % b2a_base64(text.encode("cp1251"), newline=False)
        for text in ("Привет, как дела?", "Да")
    )
    assert decode_words(first + b" and " + other) == "Привет, как дела? and Да"
    assert decode_words(first + b" and =?y?q?=C3=BC?=") == "Привет, как дела? and ü"


@pytest.mark.parametrize(
    "shape", [b"=?", b"=?=?", b"=?a?q?", b"=?a?q?? ", b"=?a?b?=?=", b"?=", b" "]
)
def test_a_megabyte_of_nearly_words(shape: bytes) -> None:
    assert isinstance(decode_unstructured(shape * (1_000_000 // len(shape))), str)

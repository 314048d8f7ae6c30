"""Charsets by the names mail uses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.charset import decode_charset, find_codec, printable


@pytest.mark.parametrize(
    ("name", "codec", "text"),
    [
        ("windows-874", "cp874", "สวัสดี"),
        ("x-sjis", "shift_jis", "日本語"),
        ("windows-31j", "cp932", "①日本"),
        ("x-gbk", "gbk", "中文"),
        ("GB2312", "gb18030", "中文𠀀"),
        ("x-euc-jp", "euc_jp", "日本語"),
        ("x-windows-949", "cp949", "한국어"),
        ("ks_c_5601-1987", "cp949", "한국어"),
        ("iso-8859-8-i", "iso8859_8", "שלום"),
        ("ISO-8859-8-E", "iso8859_8", "שלום"),
        ("x-mac-cyrillic", "mac_cyrillic", "Привет"),
        ("cp-850", "cp850", "Grüße"),
        ("utf8mb4", "utf-8", "😀"),
        ("UTF8", "utf-8-sig", "BOM gone"),
        ("koi8-ru", "koi8_u", "Київ"),
        ("unicode-1-1-utf-7", "utf-7", "Grüße"),
        ("csISO2022JP", "iso2022_jp", "日本語"),
        ("iso-8859-1", "cp1252", "“smart” – quotes"),
        ("iso_8859-15", "iso8859_15", "100 €"),
        ("utf-16", "utf-16-be", "big end first"),
        ("utf-16", "utf-16", "as its mark says"),
        ("us-ascii", "utf-8", "falsch etikettiert: ü"),
        ("x-user-defined", "utf-8", "Grüße"),
        ("unknown-8bit", "utf-8", "Grüße"),
        (None, "utf-8", "Grüße"),
        (None, "koi8_r", "Привет, как у тебя дела сегодня?"),
        (None, "gb18030", "你好，这是一个测试邮件"),
        (None, "cp1252", "Grüße aus München"),
    ],
)
def test_reads_the_charset_that_is_meant(name: str | None, codec: str, text: str) -> None:
    assert decode_charset(text.encode(codec), name) == text


@pytest.mark.parametrize(
    "name",
    [
        "rot13",
        "rot_13",
        "zlib",
        "hex",
        "base64",
        "bz2",
        "uu",
        "quopri",
        "idna",
        "punycode",
        "unicode_escape",
        "raw-unicode-escape",
        "mbcs",
        "oem",
        "undefined",
        "cp037",
        "../x",
        "",
        "us-ascii",
        "charmap",
        "a" * 10000,
    ],
)
def test_mail_cannot_choose_what_is_no_charset(name: str) -> None:
    assert find_codec(name) is None
    assert decode_charset(b"Uryyb \\u0041", name) == "Uryyb \\u0041"


@given(st.binary(max_size=300), st.none() | st.text(max_size=20))
@settings(deadline=None, max_examples=200)
def test_any_octets_under_any_name_give_text_that_can_be_encoded(
    octets: bytes, name: str | None
) -> None:
    decode_charset(octets, name).encode()


@pytest.mark.parametrize(
    "name",
    [
        "utf-7",
        "utf-8",
        "utf-16",
        "utf-16le",
        "utf-32",
        "hz",
        "gb18030",
        "big5",
        "big5-hkscs",
        "euc-jp",
        "euc-kr",
        "iso-2022-jp",
        "iso-2022-jp-3",
        "iso-2022-kr",
        "johab",
        "shift_jis",
        "windows-1252",
        "windows-1255",
        "koi8-t",
    ],
)
@given(octets=st.binary(max_size=60))
@settings(deadline=None, max_examples=100)
def test_no_codec_raises_or_gives_half_a_character(name: str, octets: bytes) -> None:
    decode_charset(octets, name).encode()


@given(st.text(max_size=50))
@settings(deadline=None)
def test_printable_text_stays_as_it_is(text: str) -> None:
    once = printable(text)
    assert printable(once) == once
    assert "\n" not in once

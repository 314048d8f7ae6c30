"""Content-Type and Content-Disposition of tidy and untidy senders."""

from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.parameter import (
    DEFAULT_CONTENT_TYPE,
    ContentType,
    Disposition,
    filename_of,
    parse_content_type,
    parse_disposition,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, DEFAULT_CONTENT_TYPE),
        (b"", DEFAULT_CONTENT_TYPE),
        (b"; charset=x", DEFAULT_CONTENT_TYPE),
        (b"image", DEFAULT_CONTENT_TYPE),
        (
            b" Text/HTML; Charset=UTF-8\r\n",
            ContentType(b"text", b"html", ((b"charset", b"UTF-8"),)),
        ),
        (b"text", ContentType(b"text", b"plain")),
        (b"multipart; boundary=x", ContentType(b"multipart", b"mixed", ((b"boundary", b"x"),))),
        (b"text/plain;", ContentType(b"text", b"plain")),
        (b"text / plain ;;; a = b", ContentType(b"text", b"plain", ((b"a", b"b"),))),
        (b'a/b; n="x;y\\"z\\\\"', ContentType(b"a", b"b", ((b"n", b'x;y"z\\'),))),
        (
            b"a/b; boundary==_x/y=; n=1",
            ContentType(b"a", b"b", ((b"boundary", b"=_x/y="), (b"n", b"1"))),
        ),
        (b"a/b; n=1; N=2", ContentType(b"a", b"b", ((b"n", b"1"),))),
        (
            b"text/plain (really (so)); charset=x (c)",
            ContentType(b"text", b"plain", ((b"charset", b"x"),)),
        ),
        (b'a/b; n="open', ContentType(b"a", b"b", ((b"n", b"open"),))),
        (b"a/b; n*0=ab; n*1=cd", ContentType(b"a", b"b", ((b"n", b"abcd"),))),
        (b"a/b; n*1=cd; n*0=ab", ContentType(b"a", b"b", ((b"n", b"abcd"),))),
        (
            b"a/b; n*0*=iso-8859-1'de'Gr%FC; n*1=%FC; n*2*=%DFe",
            ContentType(b"a", b"b", ((b"n", "Grü%FCße".encode()),)),
        ),
        (b"a/b; n*=utf-8''%E2%82%AC; n=EUR", ContentType(b"a", b"b", ((b"n", "€".encode()),))),
        (b"a/b; n=EUR; n*=utf-8''%E2%82%AC", ContentType(b"a", b"b", ((b"n", "€".encode()),))),
        (b"a/b; n*=no-charset%20here", ContentType(b"a", b"b", ((b"n", b"no-charset here"),))),
    ],
)
def test_content_type(raw: bytes | None, expected: ContentType) -> None:
    assert parse_content_type(raw) == expected


def test_unquoted_values_keep_spaces_and_parentheses_inside_words() -> None:
    found = parse_content_type(b"a/b; name=my file(1).pdf; x=y")
    assert found.params == ((b"name", b"my file(1).pdf"), (b"x", b"y"))


def test_a_missing_semicolon_is_forgiven() -> None:
    found = parse_content_type(b'text/plain; charset="utf-8" format=flowed')
    assert found.params == ((b"charset", b"utf-8"), (b"format", b"flowed"))


def test_the_charset_of_a_value_is_never_guessed() -> None:
    """Thousands of parts may have a hundred parameters each, and a guess is dear."""
    cyrillic = "Привет, как дела?".encode("cp1251")
    raw = b"a/b; name*=x-unknown''" + b"".join(b"%%%02x" % octet for octet in cyrillic)
    found = parse_content_type(raw)
    assert found.param(b"name") == cyrillic.decode("cp1252").encode()


def test_number_of_parameters_is_bounded() -> None:
    raw = b"a/b" + b"".join(b"; n%d=v" % number for number in range(500))
    assert len(parse_content_type(raw).params) == 100


@pytest.mark.parametrize(
    ("raw", "kind", "name"),
    [
        (b"attachment; filename=a.txt", b"attachment", "a.txt"),
        (b"INLINE", b"inline", None),
        (b"filename=a.txt", b"attachment", "a.txt"),
        (b"", b"attachment", None),
        (b'attachment; filename="C:\\temp\\x.doc"', b"attachment", "x.doc"),
        (b'attachment; filename="../../etc/passwd"', b"attachment", "passwd"),
        (b'attachment; filename=".."', b"attachment", None),
        (b'attachment; filename="=?utf-8?q?Gr=C3=BC=C3=9Fe.txt?="', b"attachment", "Grüße.txt"),
        (b"attachment; filename*=utf-8'de'Gr%C3%BC%C3%9Fe.txt", b"attachment", "Grüße.txt"),
        ('attachment; filename="Grüße.txt"'.encode(), b"attachment", "Grüße.txt"),
        (b'attachment; filename="a\x00\x08b.txt"', b"attachment", "ab.txt"),
        (b'attachment; filename="\\"q\\".txt"', b"attachment", '"q".txt'),
    ],
)
def test_disposition_and_file_name(raw: bytes, kind: bytes, name: str | None) -> None:
    disposition = parse_disposition(raw)
    assert disposition.type == kind
    assert filename_of(None, disposition) == name


def test_name_of_the_type_stands_in_for_the_file_name() -> None:
    content_type = parse_content_type(b"a/b; name=from-type.txt")
    assert filename_of(content_type, None) == "from-type.txt"
    assert filename_of(content_type, Disposition(b"attachment")) == "from-type.txt"
    named = parse_disposition(b"attachment; filename=own.txt")
    assert filename_of(content_type, named) == "own.txt"
    assert filename_of(None, None) is None


@given(
    st.lists(
        st.sampled_from(
            [
                b"a",
                b"/",
                b";",
                b"=",
                b'"',
                b"\\",
                b"(",
                b")",
                b" ",
                b"*",
                b"0",
                b"'",
                b"%",
                b"%41",
                b"\xff",
            ]
        )
    )
)
@settings(deadline=None, max_examples=200)
def test_never_raises(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    names = [name for name, _ in parse_content_type(b"a/b;" + octets).params]
    assert len(names) == len(set(names))
    filename_of(parse_content_type(octets), parse_disposition(octets))


TOKEN = st.text("abcxyz0189-.", min_size=1, max_size=10)
VALUE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)


@given(TOKEN, TOKEN, st.dictionaries(TOKEN, VALUE, max_size=4))
@settings(deadline=None)
def test_agrees_with_the_standard_library(kind: str, subtype: str, params: dict[str, str]) -> None:
    message = Message()
    message.add_header("Content-Type", f"{kind}/{subtype}", **params)
    found = parse_content_type(str(message["Content-Type"]).encode())
    assert found.type + b"/" + found.subtype == f"{kind}/{subtype}".encode()
    assert dict(found.params) == {k.encode(): v.encode() for k, v in params.items()}


@pytest.mark.parametrize("shape", [b";", b'"', b"=", b"(", b"\\", b"a=", b"a ", b'a="', b"a*0="])
def test_a_megabyte_of_rubbish(shape: bytes) -> None:
    assert len(parse_content_type(b"a/b;" + shape * (1_000_000 // len(shape))).params) <= 100

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.message_text import (
    MAX_TEXT_CHARACTERS,
    has_attachment,
    preview_of,
    search_text,
    text_of,
)
from roost.proto.mime.structure import scan


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def multipart(kind: str, *parts: str) -> str:
    """An entity of parts, none of which is a multipart of the same kind."""
    delimited = "".join(f"--{kind}\n{part}\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={kind}\n\n{delimited}--{kind}--\n"


TEXT = "Content-Type: text/plain\n\nplain words"
HTML = "Content-Type: text/html\n\n<p>html <b>words</b></p>"
PNG = "Content-Type: image/png\n"
BLANK = "Content-Type: text/plain\n\n \n"
FORWARD = "Content-Type: message/rfc822\n\nSubject: =?utf-8?q?inn=C3=A9r?=\n\ninner words"
NOTES = "Content-Type: text/plain\nContent-Disposition: attachment; filename=n.txt\n\nnotes"


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"\r\nplain\r\ntwo lines", "plain\ntwo lines"),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\ncaf\xe9", "café"),
        (b"Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9", "café"),
        (b"Content-Transfer-Encoding: BASE64\r\n\r\nY2Fmw6k=", "café"),
        (b"Content-Type: text/html\r\n\r\n<p>a &amp; b</p>", "a & b"),
        (b"Content-Type: text/plain; charset=x-no-such\r\n\r\nhi", "hi"),
        (b"Content-Transfer-Encoding: x-no-such\r\n\r\nhi", "hi"),
    ],
    ids=["plain", "charset", "QP", "base64", "HTML", "unknown charset", "unknown encoding"],
)
def test_text_of_one_part(octets: bytes, expected: str) -> None:
    assert text_of(octets, scan(octets)) == expected


def test_a_text_cut_short_is_cut_between_words() -> None:
    octets = b"\r\n" + "ä ö ü ".encode() * 100
    assert text_of(octets, scan(octets), max_octets=10) == "ä ö ü "


def test_search_reads_every_text_and_the_headers_of_embedded_messages() -> None:
    octets = crlf(
        "Subject: not this\n"
        + multipart("mixed", multipart("alternative", TEXT, HTML), PNG, FORWARD, NOTES)
    )
    assert search_text(octets, scan(octets)) == (
        "plain words\n\nhtml words\n\nsubject: innér\n\ninner words\n\nnotes"
    )


def test_search_reads_delivery_reports() -> None:
    octets = crlf("Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b\n")
    assert "Final-Recipient" in search_text(octets, scan(octets))


def test_search_text_has_a_bound() -> None:
    octets = b"\r\n" + b"word " * 500_000
    assert len(search_text(octets, scan(octets))) == MAX_TEXT_CHARACTERS


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        (TEXT, "plain words"),
        (HTML, "html words"),
        (multipart("alternative", TEXT, HTML), "plain words"),
        (multipart("alternative", HTML, TEXT), "plain words"),
        (multipart("alternative", BLANK, HTML), "html words"),
        (multipart("mixed", PNG, TEXT), "plain words"),
        (multipart("mixed", NOTES, HTML), "html words"),
        (multipart("mixed", FORWARD, TEXT), "plain words"),
        (multipart("mixed", multipart("related", HTML, PNG), TEXT), "html words"),
        (FORWARD, "inner words"),
        (NOTES, ""),
        (PNG, ""),
        (BLANK, ""),
    ],
    ids=[
        "plain", "html", "plain of alternatives", "in any order", "empty plain", "after an image",
        "not an attached file", "own words first", "the first of two", "only a forward",
        "only a file", "only an image", "only space",
    ],
)  # fmt: skip
def test_preview_is_the_first_words_to_read(entity: str, expected: str) -> None:
    octets = crlf(entity)
    assert preview_of(octets, scan(octets)) == expected


def test_preview_looks_past_a_long_quotation() -> None:
    octets = crlf("\n" + "> quoted words\n" * 300 + "\nmy answer\n")
    assert preview_of(octets, scan(octets)) == "my answer"


def test_preview_looks_past_a_long_style_sheet() -> None:
    style = "p { color: red }\n" * 2_000
    octets = crlf(f"Content-Type: text/html\n\n<head><style>{style}</style></head><p>words</p>")
    assert preview_of(octets, scan(octets)) == "words"


INLINE = "Content-Disposition: inline\n"
ATTACHED = "Content-Disposition: attachment\n"
SIGNATURE = "Content-Type: application/pgp-signature; name=signature.asc\n"
REPORT = "Content-Type: message/delivery-status\n\nAction: failed"


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        (TEXT, False),
        (multipart("alternative", TEXT, HTML), False),
        (multipart("mixed", TEXT, NOTES), True),
        (multipart("mixed", TEXT, PNG), True),
        (multipart("mixed", TEXT, PNG + INLINE), False),
        (multipart("mixed", TEXT, PNG + ATTACHED), True),
        (multipart("related", HTML, PNG + "Content-ID: <a>\n"), False),
        (multipart("related", HTML, PNG), True),
        (multipart("related", HTML, PNG + "Content-ID: <a>\n" + ATTACHED), True),
        (multipart("signed", TEXT, SIGNATURE), False),
        (multipart("signed", TEXT, SIGNATURE + ATTACHED), False),
        (multipart("report", TEXT, REPORT), False),
        (multipart("mixed", TEXT, FORWARD), True),
        (multipart("mixed", TEXT, "Content-Type: text/csv\n\na,b"), True),
        (multipart("mixed", TEXT, "Content-Type: text/plain; name=a.txt\n\na"), True),
        (multipart("mixed", TEXT, "Content-Disposition: x-odd\n\na"), True),
        (PNG, True),
    ],
    ids=[
        "text", "alternatives", "attached text", "image", "inline image", "attached image",
        "image of the HTML", "image the HTML cannot name", "image both", "signature",
        "attached signature", "delivery report", "forward", "text of another kind", "named text",
        "unknown disposition", "nothing but an image",
    ],
)  # fmt: skip
def test_knows_what_is_an_attachment(entity: str, expected: bool) -> None:
    assert has_attachment(scan(crlf(entity))) is expected


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([b"", b"Content-Type: text/html\r\n", b"Content-Type: message/rfc822\r\n"]),
    st.sampled_from([b"", b"base64", b"quoted-printable", b"x-uuencode", b"x"]),
    st.sampled_from([b"", b"utf-8", b"utf-16", b"utf-7", b"iso-2022-jp", b"\xff"]),
    st.binary(max_size=100),
)
def test_any_octets_are_some_text(
    kind: bytes, encoding: bytes, charset: bytes, content: bytes
) -> None:
    kind = kind.replace(b"\r\n", b"; charset=%b\r\n" % charset)
    octets = kind + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + content
    part = scan(octets)
    search_text(octets, part).encode()
    preview_of(octets, part).encode()

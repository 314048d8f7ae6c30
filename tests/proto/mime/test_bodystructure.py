import pytest

from roost.proto.mime.bodystructure import body, bodystructure
from roost.proto.mime.structure import scan


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


TEXT_48_LINES = b"Subject: x\r\n\r\n" + b"x" * (2279 - 48 * 2) + b"\r\n" * 48

TWO_PARTS = b"".join(
    (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"--b\r\nContent-Type: text/plain; charset=US-ASCII\r\n\r\n",
        b"x" * (1152 - 23 * 2) + b"\r\n" * 23,
        b"\r\n--b\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME=cc.diff\r\n",
        b"Content-ID: <960723163407.20117h@cac.washington.edu>\r\n",
        b"Content-Description: Compiler diff\r\nContent-Transfer-Encoding: BASE64\r\n\r\n",
        b"x" * (4554 - 73 * 2) + b"\r\n" * 73,
        b"\r\n--b--\r\n",
    )
)

FORWARDED = crlf(
    """\
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: message/rfc822
Content-Disposition: inline

From: Ann <ann@example.org>
Subject: inner
Content-Type: text/html

<p>
one
--b--
"""
)


class TestExamplesOfRfc9051Section752:
    def test_a_simple_text_message(self) -> None:
        expected = b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 2279 48)'
        assert body(scan(TEXT_48_LINES)).replace(b"us-ascii", b"US-ASCII") == expected

    def test_a_two_part_message(self) -> None:
        assert body(scan(TWO_PARTS)) == (
            b'(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 1152 23)'
            b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII" "NAME" "cc.diff") '
            b'"<960723163407.20117h@cac.washington.edu>" "Compiler diff" '
            b'"BASE64" 4554 73) "MIXED")'
        )


def test_extension_data_of_a_multipart_and_its_parts() -> None:
    assert bodystructure(scan(TWO_PARTS)) == (
        b'(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 1152 23 NIL NIL NIL NIL)'
        b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII" "NAME" "cc.diff") '
        b'"<960723163407.20117h@cac.washington.edu>" "Compiler diff" '
        b'"BASE64" 4554 73 NIL NIL NIL NIL) "MIXED" ("BOUNDARY" "b") NIL NIL NIL)'
    )


INNER_ENVELOPE = (
    b'(NIL "inner" (("Ann" NIL "ann" "example.org")) (("Ann" NIL "ann" "example.org")) '
    b'(("Ann" NIL "ann" "example.org")) NIL NIL NIL NIL NIL)'
)


def test_an_embedded_message_shows_its_envelope_body_and_lines() -> None:
    part = scan(FORWARDED)
    html = b'("TEXT" "HTML" ("CHARSET" "us-ascii") NIL NIL "7BIT" 8 1%b)'
    message = b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 80 %b %b 5%b)'
    assert body(part) == (b"(%b" % (message % (INNER_ENVELOPE, html % b"", b"")) + b' "MIXED")')
    assert bodystructure(part) == b'(%b "MIXED" ("BOUNDARY" "b") NIL NIL NIL)' % (
        message % (INNER_ENVELOPE, html % b" NIL NIL NIL NIL", b' NIL ("INLINE" NIL) NIL NIL')
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "Content-Type: image/png\nContent-MD5: Q2hlY2s=\n"
            "Content-Disposition: attachment; filename=a.png; size=3\n"
            "Content-Language: de, en-GB\nContent-Location: http://example.org/a.png\n",
            b'("IMAGE" "PNG" NIL NIL NIL "7BIT" 3 "Q2hlY2s=" '
            b'("ATTACHMENT" ("FILENAME" "a.png" "SIZE" "3")) ("de" "en-GB") '
            b'"http://example.org/a.png")',
        ),
        (
            "Content-Type: text/plain; charset=utf-8; format=flowed\n"
            "Content-Transfer-Encoding: x-strange\n",
            b'("TEXT" "PLAIN" ("CHARSET" "utf-8" "FORMAT" "flowed") NIL NIL "X-STRANGE" 3 0 '
            b"NIL NIL NIL NIL)",
        ),
        (
            "Content-Type: text/html\n",
            b'("TEXT" "HTML" ("CHARSET" "us-ascii") NIL NIL "7BIT" 3 0 NIL NIL NIL NIL)',
        ),
        (
            "Content-Type: application/pdf;\n name*0*=utf-8''%C3%A4;\n name*1=\" b.pdf\"\n",
            b'("APPLICATION" "PDF" ("NAME*" "utf-8\'\'%C3%A4%20b.pdf") NIL NIL "7BIT" 3 '
            b"NIL NIL NIL NIL)",
        ),
        (
            'Content-Type: application/pdf; name="=?utf-8?q?=C3=A4.pdf?="\n',
            b'("APPLICATION" "PDF" ("NAME" "=?utf-8?q?=C3=A4.pdf?=") NIL NIL "7BIT" 3 '
            b"NIL NIL NIL NIL)",
        ),
        (
            'Content-Type: application/pdf; name="a \\"b\\".pdf"\nContent-Description: café\n',
            b'("APPLICATION" "PDF" ("NAME" "a \\"b\\".pdf") NIL "=?utf-8?b?Y2Fmw6k=?=" "7BIT" 3 '
            b"NIL NIL NIL NIL)",
        ),
        (
            "Content-Type: message/delivery-status\n",
            b'("MESSAGE" "DELIVERY-STATUS" NIL NIL NIL "7BIT" 3 NIL NIL NIL NIL)',
        ),
        (
            "Content-Type: multipart/mixed\n",
            b'("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 3 0 NIL NIL NIL NIL)',
        ),
        (
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n",
            b'("APPLICATION" "OCTET-STREAM" NIL NIL NIL "BASE64" 3 NIL NIL NIL NIL)',
        ),
    ],
    ids=[
        "all extension data",
        "text with parameters",
        "text without charset",
        "8-bit parameter",
        "encoded word in a parameter",
        "quotes and 8-bit description",
        "message that embeds none",
        "multipart without parts",
        "embedded message nobody can look into",
    ],
)
def test_spells_one_part(header: str, expected: bytes) -> None:
    assert bodystructure(scan(crlf(header + "\nabc"))) == expected


def test_raw_octets_in_a_parameter_are_spelled_in_utf_8() -> None:
    octets = b'Content-Type: application/pdf; name="\xe4.pdf"\r\n\r\n'
    assert b'"NAME*" "utf-8\'\'%C3%A4.pdf"' in bodystructure(scan(octets))

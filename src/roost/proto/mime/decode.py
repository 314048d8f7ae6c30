"""Content-Transfer-Encoding undone and done. RFC 2045 sections 6.7 and 6.8."""

import re
from binascii import Error, a2b_base64, a2b_qp, a2b_uu, b2a_base64, b2a_qp

from roost.proto.mime.comment import strip_comments

_LINE_OCTETS = 76
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET) - {ord("=")})
_PADDING = re.compile(rb"=+")
_MAX_JOINED = 1000  # base64 texts one after the other in one body

_PLAIN = frozenset({b"", b"7bit", b"8bit", b"binary"})
_UUENCODE = frozenset({b"x-uuencode", b"uuencode", b"x-uue", b"uue"})

# The run of white space begins where no white space stands before it: else time would be
# quadratic in its length.
_TRAILING_SPACE = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n)")
_SPACED_ENDS = (b" \r\n", b"\t\r\n", b" \n", b"\t\n")
_UU_BEGIN = re.compile(rb"^begin[ ]+[0-7]{3,4}[ ][^\r\n]*\r?\n", re.MULTILINE)
_ANY_LINE_END = re.compile(rb"\r\n?")


def known_encoding(encoding: bytes) -> bool:
    """Whether `decode_transfer` understands this Content-Transfer-Encoding value.

    One that is not known makes the octets opaque: RFC 2045 section 6.4, IMAP's UNKNOWN-CTE.
    """
    name = _name(encoding)
    return name in _PLAIN or name in _UUENCODE or name in {b"base64", b"quoted-printable"}


def decode_transfer(octets: bytes, encoding: bytes) -> bytes:
    """The content of a body whose Content-Transfer-Encoding is `encoding`.

    encoding: the field's value in any case, with comments or without; empty if there was none.
    Never raises: rubbish in base64 is passed over, missing padding added, broken escapes of
    quoted-printable kept as they are; 7bit, 8bit, binary and unknown encodings change nothing.
    RFC 2045 section 6.
    """
    if encoding in _PLAIN:
        return octets
    name = _name(encoding)
    if name == b"base64":
        return _decode_base64(octets)
    if name == b"quoted-printable":
        return _decode_quoted_printable(octets)
    if name in _UUENCODE:
        return _decode_uuencode(octets)
    return octets


def encode_base64(octets: bytes) -> bytes:
    """Base64 in lines of 76 columns that end in CRLF, the last one too. RFC 2045 section 6.8."""
    text = b2a_base64(octets, newline=False)
    lines = [text[at : at + _LINE_OCTETS] for at in range(0, len(text), _LINE_OCTETS)]
    return b"".join(line + b"\r\n" for line in lines)


def encode_quoted_printable(octets: bytes) -> bytes:
    """Text in quoted-printable, lines of at most 76 columns that end in CRLF.

    octets: text; each CRLF, CR or LF in it is a line end. RFC 2045 section 6.7.
    """
    lines = _ANY_LINE_END.sub(b"\n", octets)
    return b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")


def _name(encoding: bytes) -> bytes:
    """Lower-case name; some senders end it with a semicolon as if it had parameters."""
    return strip_comments(encoding).split(b";", 1)[0].strip().lower()


def _decode_base64(octets: bytes) -> bytes:
    text = octets.translate(None, _NOT_BASE64).rstrip(b"=")
    if b"=" not in text:
        return _decode_letters(text)
    *texts, last = _PADDING.split(text, _MAX_JOINED)
    return b"".join(map(_decode_letters, [*texts, last.replace(b"=", b"")]))


def _decode_letters(letters: bytes) -> bytes:
    if len(letters) % 4 == 1:
        letters = letters[:-1]  # six bits are no octet
    return a2b_base64(letters + b"=" * (-len(letters) % 4))


def _decode_quoted_printable(octets: bytes) -> bytes:
    octets = octets.rstrip(b" \t")  # added in transport, as before line ends: section 6.7 (3)
    if any(end in octets for end in _SPACED_ENDS):
        octets = _TRAILING_SPACE.sub(b"", octets)
    return a2b_qp(octets)


def _decode_uuencode(octets: bytes) -> bytes:
    begin = _UU_BEGIN.search(octets)
    if begin is None:
        return octets
    lines: list[bytes] = []
    for line in octets[begin.end() :].split(b"\n"):
        if line.rstrip() == b"end":
            break
        lines.append(_decode_uu_line(line.rstrip(b"\r")))
    return b"".join(lines)


def _decode_uu_line(line: bytes) -> bytes:
    """One line; some encoders pad the last group wrongly, so only what is counted is read."""
    if not line:
        return b""
    counted = (((line[0] - 32) & 63) * 4 + 5) // 3
    try:
        return a2b_uu(line[: counted + 1])
    except Error:
        return b""

"""Messages we write ourselves: text, alternatives, attachments, reports. RFC 2045, RFC 2046.

An Entity is a body with the fields that describe it; entities go into multiparts, which are
entities too, and one of them becomes a message with the fields of `build_field` before it.
Nothing here is random: boundaries and ids are made from octets the caller drew.
"""

import re
from base64 import b32encode
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from roost.base.domain import Domain
from roost.proto.mime.build_field import (
    MAX_LINE_OCTETS,
    ids_field,
    parameter_words,
    plain_field,
    words_field,
)
from roost.proto.mime.decode import encode_base64, encode_quoted_printable

Params = Sequence[tuple[str, str]]

_WANTED_LINE_OCTETS = 78  # RFC 5322 section 2.1.1
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")
_ANY_LINE_END = re.compile(r"\r\n?|\n")
_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=?-]{1,70}")
_EIGHT_BIT = bytes(range(128, 256))


class Entity(NamedTuple):
    """A body and its MIME fields, each of these ending in CRLF. RFC 2045 section 2.4."""

    fields: bytes
    body: bytes


def compose(fields: Iterable[bytes], entity: Entity) -> bytes:
    """The octets of a message: `fields` as `build_field` spells them, then the entity."""
    return b"".join((*fields, b"MIME-Version: 1.0\r\n", entity.fields, b"\r\n", entity.body))


def boundary_from(unique: bytes) -> bytes:
    """A boundary from random octets, at most 40 of them; 16 are enough to be unique.

    It has `=_`, which neither base64 nor quoted-printable can have. RFC 2045 section 6.7.
    """
    return b"=_" + _letters(unique)


def message_id_from(unique: bytes, domain: Domain) -> str:
    """A message id, without angle brackets, from random octets. RFC 5322 section 3.6.4."""
    return f"{_letters(unique).decode('ascii')}@{domain.ascii}"


def text_entity(text: str, media_type: str = "text/plain", params: Params = ()) -> Entity:
    """Text in UTF-8; lines in it may end in any way and become CRLF lines.

    It goes as it is if it is ASCII in lines of 78, else in quoted-printable or base64, whichever
    is shorter. Raises ValueError for what is no media type. RFC 2046 section 4.1.
    """
    octets = _ANY_LINE_END.sub("\r\n", text).encode("utf-8", "replace")
    charset = "us-ascii" if octets.isascii() else "utf-8"
    content_type = _content_type(media_type, [("charset", charset), *params])
    encoding, body = _encode_text(octets)
    return Entity(content_type + plain_field("Content-Transfer-Encoding", encoding), body)


def attachment(
    octets: bytes,
    media_type: str = "application/octet-stream",
    *,
    filename: str | None = None,
    content_id: str | None = None,
    params: Params = (),
) -> Entity:
    """A file in base64. With a content_id (no angle brackets) it is inline, for HTML to show.

    Raises ValueError for a bad media type or id, or a file name with CR, LF or NUL.
    RFC 2183 section 2, RFC 2392.
    """
    fields = _content_type(media_type, params) + _disposition(
        "inline" if content_id else "attachment", filename
    )
    if content_id:
        fields += ids_field("Content-ID", [content_id])
    fields += plain_field("Content-Transfer-Encoding", "base64")
    return Entity(fields, encode_base64(octets))


def message_entity(octets: bytes, *, filename: str | None = None) -> Entity:
    """A whole message as a part. RFC 2046 section 5.2.1.

    Such a part may not be encoded; a message that breaks the rules for lines (over 998 octets,
    bare CR or LF, NUL) therefore goes as a file.
    """
    if not _fits_lines(octets):
        return attachment(octets, filename=filename or "message.eml")
    fields = _content_type("message/rfc822", ()) + _disposition("attachment", filename)
    return Entity(fields + _identity_encoding(octets), octets)


def ascii_entity(octets: bytes, media_type: str) -> Entity:
    """A part of ASCII lines as they are, such as message/delivery-status. RFC 3464 section 2.1.

    Raises ValueError for octets that are not 7bit as RFC 2045 section 2.7 has it.
    """
    if not octets.isascii() or not _fits_lines(octets):
        raise ValueError("this part has ASCII lines that end in CRLF")
    return Entity(_content_type(media_type, ()), octets)


def headers_entity(octets: bytes) -> Entity:
    """The header of a message as a part of a report. RFC 6522 section 4.

    octets: the header, encoded if its lines cannot go as they are.
    """
    content_type = _content_type("text/rfc822-headers", ())
    if octets.isascii() and _fits_lines(octets):
        return Entity(content_type, octets)
    fields = content_type + plain_field("Content-Transfer-Encoding", "base64")
    return Entity(fields, encode_base64(octets))


def multipart(
    subtype: str, boundary: bytes, parts: Sequence[Entity], params: Params = ()
) -> Entity:
    """Parts in one entity. RFC 2046 section 5.1.

    Raises ValueError for no parts, a bad subtype or boundary, and if the boundary occurs in a
    part.
    """
    if not parts or not _BOUNDARY.fullmatch(boundary):
        raise ValueError("a multipart has parts and a boundary of 1 to 70 allowed octets")
    pieces: list[bytes] = []
    for part in parts:
        if b"--" + boundary in part.body:
            raise ValueError("the boundary occurs inside a part")
        pieces += (b"--", boundary, b"\r\n", part.fields, b"\r\n", part.body, b"\r\n")
    body = b"".join((*pieces, b"--", boundary, b"--\r\n"))
    described = [*params, ("boundary", boundary.decode("ascii"))]
    return Entity(_content_type(f"multipart/{subtype}", described) + _identity_encoding(body), body)


def alternative(text: str, html: str, boundary: bytes) -> Entity:
    """One text in two forms, plain first. RFC 2046 section 5.1.4."""
    parts = (text_entity(text), text_entity(html, "text/html"))
    return multipart("alternative", boundary, parts)


def report(report_type: str, boundary: bytes, parts: Sequence[Entity]) -> Entity:
    """A multipart/report: a text for people, the report, and as a rule what it is about.

    report_type: `delivery-status`, `feedback-report` and the like. RFC 6522 section 3.
    """
    return multipart("report", boundary, parts, [("report-type", report_type)])


def _letters(unique: bytes) -> bytes:
    return b32encode(unique).rstrip(b"=").lower()


def _content_type(media_type: str, params: Params) -> bytes:
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise ValueError("not a media type")
    return _with_params("Content-Type", media_type, params)


def _disposition(kind: str, filename: str | None) -> bytes:
    params = [("filename", filename)] if filename else []
    return _with_params("Content-Disposition", kind, params)


def _with_params(name: str, value: str, params: Params) -> bytes:
    words = [value.encode("ascii")]
    for key, text in params:
        words += parameter_words(key, text)
    return words_field(name, [word + b";" for word in words[:-1]] + words[-1:])


def _identity_encoding(octets: bytes) -> bytes:
    """RFC 2045 section 6.1: 7bit unless it says otherwise; multiparts say so too."""
    return b"" if octets.isascii() else plain_field("Content-Transfer-Encoding", "8bit")


def _encode_text(octets: bytes) -> tuple[str, bytes]:
    if octets.isascii() and b"\0" not in octets and _longest_line(octets) <= _WANTED_LINE_OCTETS:
        return "7bit", octets
    eight_bit = len(octets) - len(octets.translate(None, _EIGHT_BIT))
    if eight_bit * 6 <= len(octets):  # three octets for one against four for three
        return "quoted-printable", encode_quoted_printable(octets)
    return "base64", encode_base64(octets)


def _longest_line(octets: bytes) -> int:
    return max(map(len, octets.split(b"\r\n")))


def _fits_lines(octets: bytes) -> bool:
    """Whether octets are lines as RFC 2045 sections 2.7 and 2.8 have them for 7bit and 8bit."""
    ends = octets.count(b"\r\n")
    if octets.count(b"\r") != ends or octets.count(b"\n") != ends or b"\0" in octets:
        return False
    return _longest_line(octets) <= MAX_LINE_OCTETS

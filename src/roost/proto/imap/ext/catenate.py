"""CATENATE: a message made of texts and of parts that lie on the server. RFC 4469."""

import re
from dataclasses import dataclass

from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.ext.utf8_accept import Utf8Message, parse_utf8_message
from roost.proto.imap.extension import Extension
from roost.proto.imap.response import Code
from roost.proto.imap.token import Cursor

MAX_PARTS = 500
MAX_URL_OCTETS = 4096

_NOT_IN_CODE = re.compile(rb"[^\x21-\x5c\x5e-\x7e]")


@dataclass(frozen=True, slots=True)
class TextPart:
    """TEXT: a literal that is streamed. binary: it came as a literal8."""

    size_octets: int
    binary: bool = False


@dataclass(frozen=True, slots=True)
class UrlPart:
    """URL: what `imap_url.parse_url` makes of it, the selected mailbox being the base."""

    url: str


Part = TextPart | UrlPart | Utf8Message


@dataclass(frozen=True, slots=True)
class Catenate:
    """CATENATE of APPEND: the parts in order; the last text may be still to come."""

    parts: tuple[Part, ...]

    @property
    def size_octets(self) -> int:
        """Of all literals that were announced so far; URLs not counted."""
        return sum(part.size_octets for part in self.parts if not isinstance(part, UrlPart))


def parse_catenate(cursor: Cursor) -> Catenate:
    """Read what follows CATENATE, also while its texts are still coming."""
    cursor.sp()
    cursor.expect(b"(", "an opening parenthesis is missing")
    parts = [_part(cursor)]
    while not _cut_off(cursor) and cursor.skip(b" "):
        if len(parts) == MAX_PARTS:
            raise OverLimit("too many parts", cursor.offset)
        parts.append(_part(cursor))
    if not _cut_off(cursor):
        cursor.expect(b")", "a closing parenthesis is missing")
    return Catenate(tuple(parts))


def bad_url_code(url: str) -> Code:
    """BADURL with the URL that failed; octets that a code cannot hold are percent-encoded."""
    octets = _NOT_IN_CODE.sub(lambda found: b"%%%02X" % found[0][0], url.encode())
    return Code(b"BADURL " + octets)


def _part(cursor: Cursor) -> Part:
    start = cursor.offset
    kind = cursor.next_word()
    if kind not in ("TEXT", "URL", "UTF8"):
        raise BadSyntax("TEXT, URL or UTF8 is missing", start)
    cursor.word()
    if kind == "UTF8":
        return parse_utf8_message(cursor)
    cursor.sp()
    if kind == "TEXT":
        literal = cursor.message()
        return TextPart(literal.size_octets, literal.binary)
    start = cursor.offset
    url = cursor.text("a URL is missing")
    if len(url) > MAX_URL_OCTETS:
        raise OverLimit("the URL is too long", start)
    return UrlPart(url)


def _cut_off(cursor: Cursor) -> bool:
    return cursor.partial and cursor.at_end()


CATENATE = Extension(
    name="catenate",
    rfc=4469,
    capabilities=("CATENATE",),
    append_data={"CATENATE": parse_catenate},
)

"""UTF8=ACCEPT: messages and names in UTF-8. RFC 6855."""

from dataclasses import dataclass

from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension
from roost.proto.imap.token import Cursor


@dataclass(frozen=True, slots=True)
class Utf8Message:
    """A literal8 that stands in UTF8 (...): the header may hold UTF-8. RFC 6855 section 4."""

    size_octets: int


def parse_utf8_message(cursor: Cursor) -> Utf8Message:
    """Read what follows UTF8 of APPEND and CATENATE, also while the literal is still coming."""
    cursor.sp()
    cursor.expect(b"(", "an opening parenthesis is missing")
    start = cursor.offset
    literal = cursor.message()
    if not literal.binary:
        raise BadSyntax("a literal8 is missing", start)
    if not (cursor.partial and cursor.at_end()):
        cursor.expect(b")", "a closing parenthesis is missing")
    return Utf8Message(literal.size_octets)


UTF8_ACCEPT = Extension(
    name="utf8 accept",
    rfc=6855,
    capabilities=("UTF8=ACCEPT",),
    enables=("UTF8=ACCEPT",),
    append_data={"UTF8": parse_utf8_message},
)

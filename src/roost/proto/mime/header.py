"""Header fields as offsets into the octets of a message. RFC 5322 sections 2.2 and 3.6.8."""

import re
from typing import NamedTuple

from roost.proto.mime.charset import printable
from roost.proto.mime.encoded_word import decode_words

# A field with its folded lines; or any other line, which is passed over. Obsolete syntax allows
# space before the colon (RFC 5322 section 4.5). Possessive, so that nothing is tried twice.
_LINE = re.compile(
    rb"([!-9;-~]++)[ \t]*+:((?:[^\n]*+\n[ \t])*+[^\n]*+\n?+)"
    rb"|[^\n]*+\n|[^\n]++"
)
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_LINE_END_OCTETS = b"\r\n"


class Field(NamedTuple):
    """One field: lower-case name, and where it lies in the octets it was parsed from.

    start: of the name. value_start: after the colon. end: after the field's last line ending.
    """

    name: bytes
    start: int
    value_start: int
    end: int


def parse_fields(
    octets: bytes, start: int = 0, end: int | None = None, max_fields: int = 1000
) -> list[Field]:
    """The first `max_fields` fields of the header that begins at `start`.

    start: the beginning of a line. end: where the header ends, by default at its empty line.
    Lines may end in bare LF. Lines that are no fields (`From ` lines of mbox, rubbish) are
    passed over. Never raises. RFC 5322 section 2.2.
    """
    if end is None:
        end = header_end(octets, start)
    fields: list[Field] = []
    for line in _LINE.finditer(octets, start, end):
        if line[1] is None:
            continue
        if len(fields) == max_fields:
            break
        fields.append(Field(line[1].lower(), line.start(), line.start(2), line.end()))
    return fields


def header_end(octets: bytes, start: int = 0, end: int | None = None) -> int:
    """Where the body begins: after the empty line that ends the header at `start`.

    `end` (by default the end of the octets) if there is no empty line; a message that starts
    with an empty line has an empty header. RFC 5322 section 2.1.
    """
    end = len(octets) if end is None else end
    if octets.startswith(b"\n", start, end):
        return start + 1
    if octets.startswith(b"\r\n", start, end):
        return start + 2
    found = _EMPTY_LINE.search(octets, start, end)
    return found.end() if found else end


def unfold(raw: bytes) -> bytes:
    """A field's value on one line, without white space around it. RFC 5322 section 2.2.3.

    Every CR and LF goes, also bare ones, so the result can be put into any line.
    """
    return raw.translate(None, _LINE_END_OCTETS).strip(b" \t")


def decode_unstructured(raw: bytes) -> str:
    """The text of an unstructured field, such as Subject. RFC 5322 section 3.2.5, RFC 2047.

    raw: folded or not; 8-bit octets are UTF-8 if valid, else guessed. Never raises. The text is
    NFC and has no control characters.
    """
    return printable(decode_words(unfold(raw)))

"""Header fields as offsets into the octets of a message. RFC 5322 sections 2.2 and 3.6.8."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from roost.proto.mime.charset import printable
from roost.proto.mime.encoded_word import decode_words

_BEGINS_HEADER = re.compile(rb"[!-9;-~]++[ \t]*+:|\r?\n|From ")
# A field with its folded lines; or any other line, which is passed over. Obsolete syntax allows
# space before the colon (RFC 5322 section 4.5). Possessive, so that nothing is tried twice.
_LINE = re.compile(
    rb"([!-9;-~]++)[ \t]*+:((?:[^\n]*+\n[ \t])*+[^\n]*+\n?+)"
    rb"|[^\n]*+\n|[^\n]++"
)
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_new = tuple.__new__  # what a named tuple's own constructor does, without its Python call
_LINE_END_OCTETS = b"\r\n"


class Field(NamedTuple):
    """One field: lower-case name, and where it lies in the octets it was parsed from.

    start: of the name. value_start: after the colon. end: after the field's last line ending.
    """

    name: bytes
    start: int
    value_start: int
    end: int


def field_finder(names: Iterable[bytes]) -> re.Pattern[bytes]:
    """What lets `parse_fields` go from one field of these names to the next."""
    spelled = map(re.escape, names)
    # The literal LF lets the search leap from line to line.
    return re.compile(
        rb"\n(%b)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)" % b"|".join(spelled), re.IGNORECASE
    )


def parse_fields(
    octets: bytes,
    start: int = 0,
    end: int | None = None,
    max_fields: int = 1000,
    only: re.Pattern[bytes] | None = None,
) -> list[Field]:
    """The first `max_fields` fields of the header that begins at `start`.

    start: the beginning of a line. end: where the header ends, by default at its empty line.
    only: from `field_finder`; fields of other names may then be left out, which is most of the
    work, but count for `max_fields`.
    Lines may end in bare LF. Lines that are no fields (`From ` lines of mbox, rubbish) are
    passed over. Never raises. RFC 5322 section 2.2.
    """
    if end is None:
        end = header_end(octets, start)
    # With so few lines no field can be beyond the first `max_fields`.
    if only is not None and octets.count(b"\n", start, end) < max_fields:
        return _find_fields(octets, start, end, only)
    fields: list[Field] = []
    for line in _LINE.finditer(octets, start, end):
        name = line[1]
        if name is None:
            continue
        if len(fields) == max_fields:
            break
        fields.append(_new(Field, (name.lower(), line.start(), *line.span(2))))
    return fields


def begins_header(octets: bytes, start: int = 0) -> re.Match[bytes] | None:
    """What shows at `start` that a header begins there; None if what is there is a body.

    A field's name and colon, the empty line of a header without fields, or the `From ` of the
    line that an mbox puts before a message.
    """
    return _BEGINS_HEADER.match(octets, start)


def _find_fields(octets: bytes, start: int, end: int, only: re.Pattern[bytes]) -> list[Field]:
    """The field at `start`, whatever its name, and those behind it that `only` is for."""
    first = _LINE.match(octets, start, end)
    if first is None:
        return []
    fields = [Field(first[1].lower(), start, *first.span(2))] if first[1] is not None else []
    for found in only.finditer(octets, first.end() - 1, end):
        value_start, value_end = found.span(2)
        place = found[1].lower(), found.start(1), value_start, min(value_end + 1, end)
        fields.append(_new(Field, place))
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

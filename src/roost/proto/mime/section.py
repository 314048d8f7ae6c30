"""What FETCH addresses: parts by number, and ranges of octets. RFC 9051 section 6.4.5.1.

Ranges are offsets into the octets of the message the part tree was scanned from, so that a caller
reads only these. None means that the message has no such section.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from roost.proto.mime.header import parse_fields
from roost.proto.mime.structure import Part

_MAX_FIELDS = 10_000


class Range(NamedTuple):
    """Octets from `start` up to but not including `end`."""

    start: int
    end: int


def find(root: Part, numbers: Sequence[int]) -> Part | None:
    """The part with these part numbers, counted from 1; the root for none.

    A message that is no multipart has only part 1, which is its body; the numbers of an embedded
    message's parts follow its own.
    """
    part, is_root = root, True
    for number in numbers:
        if not is_root and part.is_message:
            part, is_root = part.children[0], True
        if part.is_multipart:
            if not 0 < number <= len(part.children):
                return None
            part = part.children[number - 1]
        elif not is_root or number != 1:
            return None
        is_root = False
    return part


def body_range(root: Part, numbers: Sequence[int]) -> Range | None:
    """BODY[n]: the body of a part; BODY[]: the whole message."""
    if not numbers:
        return Range(root.header_start, root.end)
    part = find(root, numbers)
    return Range(part.body_start, part.end) if part else None


def mime_range(root: Part, numbers: Sequence[int]) -> Range | None:
    """BODY[n.MIME]: the header of a part with its empty line. There is none without a number."""
    part = find(root, numbers) if numbers else None
    return Range(part.header_start, part.body_start) if part else None


def header_range(root: Part, numbers: Sequence[int]) -> Range | None:
    """BODY[HEADER], BODY[n.HEADER]: the header of the message or of an embedded one."""
    message = _message(root, numbers)
    return Range(message.header_start, message.body_start) if message else None


def text_range(root: Part, numbers: Sequence[int]) -> Range | None:
    """BODY[TEXT], BODY[n.TEXT]: the body of the message or of an embedded one."""
    message = _message(root, numbers)
    return Range(message.body_start, message.end) if message else None


def header_fields(
    octets: bytes, header: Range, names: Collection[bytes], *, exclude: bool = False
) -> bytes:
    """HEADER.FIELDS, or HEADER.FIELDS.NOT if `exclude`: some fields of a header, as they stand.

    octets, header: where the header lies. names: in any case. The fields keep their order,
    folding and line endings; an empty line ends them. Lines that are no fields are left out, and
    what follows the 10,000th field.
    """
    wanted = {name.lower() for name in names}
    kept = [
        octets[field.start : field.end]
        for field in parse_fields(octets, header.start, header.end, _MAX_FIELDS)
        if (field.name in wanted) is not exclude
    ]
    text = b"".join(kept)
    if text and not text.endswith(b"\n"):
        text += b"\r\n"
    return text + b"\r\n"


def _message(root: Part, numbers: Sequence[int]) -> Part | None:
    """The root part of the message that HEADER and TEXT with these numbers speak of."""
    if not numbers:
        return root
    part = find(root, numbers)
    return part.children[0] if part and part.is_message else None

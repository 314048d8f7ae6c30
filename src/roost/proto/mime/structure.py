"""The parts of a message as offsets into its octets, found in one pass. RFC 2046 section 5.

Nothing is refused. What MIME leaves open or senders get wrong is read thus:

- Lines may end in bare LF. A delimiter is a whole line: `--`, the boundary, maybe `--`, maybe white
  space; so a boundary that begins another one is no trouble. The innermost open multipart with that
  boundary takes the line, and any outer one ends those within it (RFC 2046 section 5.1.2).
- An entity that does not begin with a field, an empty line or the `From ` line of an mbox has no
  header: all of it is body.
- A multipart without a boundary, or in which no delimiter begins a part, is a leaf of type
  text/plain with the whole body: IMAP has no form for a multipart without parts, and so the reader
  sees what was sent.
- message/rfc822 and message/global in a transfer encoding cannot be addressed by offsets and are
  leaves of type application/octet-stream.
- Beyond the limits the rest of the enclosing part is a leaf of type application/octet-stream.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from roost.proto.mime.comment import strip_comments
from roost.proto.mime.envelope import ENVELOPE_FIELDS, envelope
from roost.proto.mime.header import (
    Field,
    begins_header,
    field_finder,
    parse_fields,
    unfold,
)
from roost.proto.mime.parameter import (
    DEFAULT_CONTENT_TYPE,
    ContentType,
    Disposition,
    Params,
    parse_content_type,
    parse_disposition,
)

MAX_BOUNDARY_OCTETS = 1_000  # RFC 2046 section 5.1.1 allows 70

_EMPTY_LINE = re.compile(rb"\n\r?\n")
_CONTENT_FIELDS = frozenset(
    (
        *(b"content-type", b"content-transfer-encoding", b"content-disposition", b"content-id"),
        *(b"content-description", b"content-language", b"content-location", b"content-md5"),
    )
)
_READ_FIELDS = field_finder(sorted(_CONTENT_FIELDS | ENVELOPE_FIELDS))
_ENCODING = re.compile(rb'[ \t"]*+([A-Za-z0-9_-]++)')
_LANGUAGE = re.compile(rb"[A-Za-z0-9-]+")
_MAX_LANGUAGES = 50
_MAX_LANGUAGE_OCTETS = 1_000
_MAX_DELIMITER_OCTETS = MAX_BOUNDARY_OCTETS + 100  # with some white space after it
_CR = 0x0D
_MESSAGES = (b"rfc822", b"global")
_NOT_ENCODED = (b"7bit", b"8bit", b"binary")
_OPAQUE = (b"application", b"octet-stream")
_EMBEDDED_MESSAGE = ContentType(b"message", b"rfc822")


class Limits(NamedTuple):
    """How much of a message is looked at; beyond it things are opaque, never refused.

    depth: multiparts and embedded messages within each other. parts: in all. header_octets: of
    all headers together; fields beyond are as if absent. fields: of one header.
    false_delimiters: lines that begin as a delimiter of an open multipart does but are none.
    """

    depth: int = 64
    parts: int = 5_000
    header_octets: int = 1_048_576
    fields: int = 1_000
    false_delimiters: int = 100_000


DEFAULT_LIMITS = Limits()


class Part(msgspec.Struct, array_like=True):
    """One entity of a message: a multipart, an embedded message or a leaf.

    type, subtype, params: of the Content-Type, as `parse_content_type` gives them. encoding: the
    Content-Transfer-Encoding in lower case. id, description, location, md5: the fields' raw
    unfolded values; None where absent.

    header_start, body_start, end: offsets into the octets of the whole message; `body_start`
    lies after the empty line, and the line ending before a delimiter belongs to the delimiter.
    lines: line endings in the body; counted for text and embedded messages, else 0.
    children: the parts of a multipart, one or more; of an embedded message its one root part;
    of a leaf none. envelope: of the embedded message, as IMAP spells it; None for any other.
    """

    type: bytes
    subtype: bytes
    params: Params
    header_start: int
    body_start: int
    end: int
    lines: int = 0
    encoding: bytes = b"7bit"
    id: bytes | None = None
    description: bytes | None = None
    disposition: Disposition | None = None
    language: tuple[bytes, ...] = ()
    location: bytes | None = None
    md5: bytes | None = None
    envelope: bytes | None = None
    children: list["Part"] = []

    @property
    def is_multipart(self) -> bool:
        """Whether it has parts of its own."""
        return self.type == b"multipart"

    @property
    def is_message(self) -> bool:
        """Whether it embeds a message, which is then its only child."""
        return self.envelope is not None


class Scan(NamedTuple):
    """A scanned message: its root part, the fields of its header, octets of all headers.

    fields: all of them, or what `only` was for and maybe more.
    """

    part: Part
    fields: list[Field]
    header_octets: int


class _Open(NamedTuple):
    """A part whose end is not known yet; `shadowed` is the level its boundary was taken from."""

    part: Part
    boundary: bytes | None = None
    shadowed: int | None = None


class _Delimiter(NamedTuple):
    """A delimiter line after the LF at `at`: one part ends at `cut`, the next begins at `after`."""

    at: int
    cut: int
    after: int
    level: int
    closes: bool


def scan(octets: bytes, limits: Limits = DEFAULT_LIMITS) -> Part:
    """The root part of a message. Never raises; takes time linear in the octets.

    RFC 2045, RFC 2046 section 5.1, RFC 2183, RFC 3282, RFC 2557 section 4, RFC 1864.
    """
    return _Scanner(octets, limits, only=_READ_FIELDS).run().part


def scan_message(
    octets: bytes, limits: Limits = DEFAULT_LIMITS, only: re.Pattern[bytes] | None = None
) -> Scan:
    """The root part of a message, and the fields of its header.

    only: from `finder_with`, if not all fields are asked for, as for `parse_fields`.
    """
    return _Scanner(octets, limits, only).run()


def finder_with(names: Iterable[bytes]) -> re.Pattern[bytes]:
    """A finder of the fields that the structure and the ENVELOPE need, and of others."""
    return field_finder(sorted({*_CONTENT_FIELDS, *ENVELOPE_FIELDS, *names}))


def begins_with_field(octets: bytes) -> bool:
    """Whether a field's name and colon stand at the beginning."""
    found = begins_header(octets)
    return found is not None and found[0].endswith(b":")


class _Scanner:
    """One walk over the octets; `_stack` holds the parts that are open, outermost first."""

    def __init__(
        self, octets: bytes, limits: Limits, only: re.Pattern[bytes] | None = None
    ) -> None:
        self._only = only
        self._root_fields: list[Field] = []
        self._octets = octets
        self._size = len(octets)
        self._limits = limits
        self._stack: list[_Open] = []
        self._levels: dict[bytes, int] = {}  # boundary -> its multipart's place in the stack
        self._needle = b""  # what every delimiter now begins with; empty: there can be none
        self._at = 0  # delimiters are looked for from here, at the earliest at this LF
        self._parts = 0
        self._headers_left = limits.header_octets
        self._false_left = limits.false_delimiters
        self._empty_line = (-1, -1)
        self._counted_to = 0
        self._counted = 0
        self._messages_open = 0

    def run(self) -> Scan:
        root = self._enter(0, DEFAULT_CONTENT_TYPE)
        while (found := self._next_delimiter(self._size)) is not None:
            self._end_parts_above(found.level, found.cut)
            self._at = found.after - 1
            if found.closes:
                self._forget_boundary(found.level)
            elif self._parts >= self._limits.parts:
                self._add(_opaque_part(found.after), None)
                break
            else:
                digest = self._stack[-1].part.subtype == b"digest"
                self._enter(found.after, _EMBEDDED_MESSAGE if digest else DEFAULT_CONTENT_TYPE)
        self._end_parts_above(-1, self._size)
        return Scan(root, self._root_fields, self._limits.header_octets - self._headers_left)

    def _next_delimiter(self, stop: int) -> _Delimiter | None:
        """The next delimiter of any open multipart that lies before `stop`."""
        octets, needle = self._octets, self._needle
        if not needle:
            return None
        while self._false_left > 0 and (at := octets.find(needle, self._at, stop)) >= 0:
            line_end = octets.find(b"\n", at + 3)
            if line_end < 0:
                line_end = self._size
            found = self._delimiter_in(at, line_end)
            if found is not None:
                return found
            self._at = line_end
            self._false_left -= 1
        return None

    def _delimiter_in(self, at: int, line_end: int) -> _Delimiter | None:
        """The line between the LF at `at` and `line_end`, if it is a delimiter."""
        if line_end - at > _MAX_DELIMITER_OCTETS:
            return None
        name = self._octets[at + 3 : line_end].rstrip(b" \t\r")
        level, closes = self._levels.get(name), False
        if level is None and name.endswith(b"--"):
            level, closes = self._levels.get(name[:-2]), True
        if level is None:
            return None
        cut = at - 1 if self._octets[at - 1] == _CR else at
        return _Delimiter(at, cut, min(line_end + 1, self._size), level, closes)

    def _forget_boundary(self, level: int) -> None:
        """Its delimiters no longer count; the multipart it took the boundary from has it back."""
        frame = self._stack[level]
        if frame.boundary is None or self._levels.get(frame.boundary) != level:
            return
        if frame.shadowed is None:
            del self._levels[frame.boundary]
        else:
            self._levels[frame.boundary] = frame.shadowed
        self._renew_needle()

    def _renew_needle(self) -> None:
        boundaries = self._levels
        shared = _common_prefix(min(boundaries), max(boundaries)) if boundaries else None
        self._needle = b"" if shared is None else b"\n--" + shared

    def _enter(self, start: int, default: ContentType) -> Part:
        """Open the entity at `start` and the messages that begin with its body; returns it."""
        first = part = self._read_entity(start, default)
        while part.is_message:
            part = self._read_entity(part.body_start, DEFAULT_CONTENT_TYPE)
        return first

    def _read_entity(self, start: int, default: ContentType) -> Part:
        """Open the entity at `start`, with what its header says of it."""
        body_start, cut_off = self._header_end(start)
        considered = min(body_start, start + self._headers_left)
        self._headers_left -= considered - start
        only = _READ_FIELDS if self._stack else self._only
        fields = parse_fields(self._octets, start, considered, self._limits.fields, only)
        if not self._stack:
            self._root_fields = fields
        elif self._stack[-1].part.is_message:
            self._stack[-1].part.envelope = envelope(self._octets, fields, guess=False)
        part = _part_of(self._octets, fields, default, start, body_start)
        self._open(part, cut_off=cut_off)
        return part

    def _header_end(self, start: int) -> tuple[int, bool]:
        """Where the body of the entity at `start` begins, and whether a delimiter cut it off."""
        octets = self._octets
        first = begins_header(octets, start)
        if first is None:
            end = start
        elif first[0].endswith(b"\n"):
            end = first.end()
        else:
            end = self._after_empty_line(start)
        if self._needle and end > start:
            self._at = start - 1
            found = self._next_delimiter(end)
            if found is not None:
                self._at = found.at
                return max(found.cut, start), True
        self._at = end - 1
        return end, False

    def _after_empty_line(self, start: int) -> int:
        """Where the first empty line from `start` on ends. Kept, lest many parts look far ahead."""
        if self._empty_line[0] < start:
            found = _EMPTY_LINE.search(self._octets, start)
            self._empty_line = found.span() if found else (self._size, self._size)
        return self._empty_line[1]

    def _open(self, part: Part, *, cut_off: bool) -> None:
        """Put a part onto the stack as what it can be: multipart, embedded message or leaf."""
        boundary: bytes | None = None
        has_room = len(self._stack) < self._limits.depth and self._parts < self._limits.parts
        if part.type == b"multipart":
            boundary = _boundary_of(part)
            if boundary is None:
                _make_text(part)
            elif not has_room:
                boundary, part.type, part.subtype = None, *_OPAQUE
        elif part.type == b"message" and part.subtype in _MESSAGES:
            if cut_off or not has_room or part.encoding not in _NOT_ENCODED:
                part.type, part.subtype = _OPAQUE
            else:
                part.envelope = b""
                self._begin_counting(part)
        self._add(part, boundary)

    def _add(self, part: Part, boundary: bytes | None) -> None:
        if self._stack:
            self._stack[-1].part.children.append(part)
        self._parts += 1
        shadowed = self._levels.get(boundary) if boundary else None
        self._stack.append(_Open(part, boundary, shadowed))
        if boundary:
            self._levels[boundary] = len(self._stack) - 1
            self._renew_needle()

    def _end_parts_above(self, level: int, cut: int) -> None:
        """End what lies deeper than `level`. All end together, none before its last part."""
        end = max(cut, self._stack[-1].part.body_start)
        while len(self._stack) - 1 > level:
            self._forget_boundary(len(self._stack) - 1)
            self._end(self._stack.pop(), end)

    def _end(self, frame: _Open, end: int) -> None:
        part = frame.part
        part.end = end
        if frame.boundary is not None and not part.children:
            _make_text(part)
        if part.type == b"text":
            part.lines = self._octets.count(b"\n", part.body_start, end)
        elif part.is_message:
            self._count_to(end)
            part.lines += self._counted
            self._messages_open -= 1

    def _begin_counting(self, message: Part) -> None:
        """Lines of embedded messages are counted as differences, so that each LF counts once."""
        if not self._messages_open:
            self._counted_to, self._counted = message.body_start, 0
        self._messages_open += 1
        self._count_to(message.body_start)
        message.lines = -self._counted

    def _count_to(self, offset: int) -> None:
        self._counted += self._octets.count(b"\n", self._counted_to, offset)
        self._counted_to = offset


def _part_of(
    octets: bytes, fields: list[Field], default: ContentType, start: int, body_start: int
) -> Part:
    """A part as its header describes it; the first field of a name counts."""
    raw: dict[bytes, bytes] = {}
    for name, _, value_start, end in fields:
        if name in _CONTENT_FIELDS and name not in raw:
            raw[name] = octets[value_start:end]
    value = raw.pop(b"content-type", None)
    kind, subtype, params = default if value is None else parse_content_type(value)
    part = Part(kind, subtype, params, start, body_start, body_start)
    if raw:
        _describe(part, raw)
    return part


def _describe(part: Part, raw: dict[bytes, bytes]) -> None:
    """Put the Content fields other than Content-Type into a part."""
    if (encoding := raw.get(b"content-transfer-encoding")) is not None:
        part.encoding = _encoding_of(encoding)
    if (disposition := raw.get(b"content-disposition")) is not None:
        part.disposition = parse_disposition(disposition)
    if (language := raw.get(b"content-language")) is not None:
        tags = _LANGUAGE.findall(strip_comments(unfold(language[:_MAX_LANGUAGE_OCTETS])))
        part.language = tuple(tags[:_MAX_LANGUAGES])
    part.id = _unfolded(raw.get(b"content-id"))
    part.description = _unfolded(raw.get(b"content-description"))
    part.location = _unfolded(raw.get(b"content-location"))
    part.md5 = _unfolded(raw.get(b"content-md5"))


def _unfolded(raw: bytes | None) -> bytes | None:
    return None if raw is None else unfold(raw)


def _encoding_of(raw: bytes) -> bytes:
    """The encoding's name; one that cannot be read counts as 7bit, the default."""
    value = unfold(raw)
    found = _ENCODING.match(strip_comments(value) if b"(" in value else value)
    return found[1].lower() if found else b"7bit"


def _boundary_of(part: Part) -> bytes | None:
    """The boundary of a multipart, None if it has none that could work."""
    boundary = next((value for name, value in part.params if name == b"boundary"), b"")
    boundary = boundary.rstrip(b" \t")
    usable = 0 < len(boundary) <= MAX_BOUNDARY_OCTETS and b"\n" not in boundary
    return boundary if usable else None


def _make_text(part: Part) -> None:
    part.type, part.subtype, part.params = DEFAULT_CONTENT_TYPE


def _opaque_part(start: int) -> Part:
    return Part(*_OPAQUE, (), start, start, start)


def _common_prefix(first: bytes, other: bytes) -> bytes:
    for at, (one, two) in enumerate(zip(first, other, strict=False)):
        if one != two:
            return first[:at]
    return first

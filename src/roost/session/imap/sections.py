"""Sections of a message: which octets they are, and how they are told. RFC 9051 section 6.4.5.1.

A section that does not exist is an empty string. What is damaged is NIL.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from roost.proto.imap.core.fetch import (
    BinarySection,
    BinarySize,
    BodySection,
    Partial,
    SectionSpec,
    SectionText,
)
from roost.proto.imap.spelling import literal_head
from roost.proto.mime import section
from roost.proto.mime.decode import decode_transfer, known_encoding
from roost.proto.mime.pack import unpack
from roost.proto.mime.section import Range
from roost.proto.mime.structure import DEFAULT_LIMITS, Part
from roost.session.imap.decoding import BY_PIECES
from roost.session.imap.fetch_plan import SectionItem

MAX_HEADER_OCTETS = DEFAULT_LIMITS.header_octets
_NOWHERE = Range(0, 0)
_NOT_ENCODED = frozenset({b"", b"7bit", b"8bit", b"binary"})
_FIELDS = frozenset({SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT})
_HEADERS = _FIELDS | {SectionText.HEADER}


# Makes an item of the octets it asked for.
Speller = Callable[[bytes], bytes]


class UnknownEncoding(Exception):
    """A part has a Content-Transfer-Encoding that nobody here can undo. RFC 3516 section 4.3."""


class Wanted(NamedTuple):
    """One item of one message.

    octets: where the octets lie that it is made of. spell: the item, with its label, made of
    these octets; None where it is these octets as they are, so that they can be streamed behind
    `head`. binary: there may be NUL among them, so that they need a literal8. decoding: how to
    spell it without holding all octets at once, where that can be done.
    """

    octets: Range
    label: bytes
    spell: Speller | None = None
    binary: bool = False
    decoding: "Decoding | None" = None

    @property
    def size(self) -> int:
        """How many octets have to be read."""
        return self.octets.end - self.octets.start

    @property
    def head(self) -> bytes:
        """What stands before octets that are told as they are."""
        return self.label + b" " + literal_head(self.size, binary=self.binary)

    def of(self, octets: bytes) -> bytes:
        """The whole item; octets: those asked for."""
        if self.spell is not None:
            return self.spell(octets)
        return _literal(self.label, octets, binary=self.binary and b"\0" in octets)


class Decoding(NamedTuple):
    """How a large part is decoded. partial: what of it is wanted; is_size: only how much it is."""

    encoding: bytes
    partial: Partial | None
    is_size: bool


class Octets:
    """How the octets of one message are divided; its part tree is unpacked when it is asked for."""

    __slots__ = ("_parts", "_root", "header_size", "size")

    def __init__(self, size: int, header_size: int, parts: bytes) -> None:
        self.size = size
        self.header_size = header_size
        self._parts = parts
        self._root: Part | None = None

    @property
    def root(self) -> Part:
        """The part tree. Raises ValueError when it is damaged."""
        if self._root is None:
            self._root = unpack(self._parts)
        return self._root


# Finds an item in a message. Raises UnknownEncoding, and ValueError for a damaged part tree.
Finder = Callable[[Octets], Wanted]


def finder(item: SectionItem) -> Finder:
    """How to find this item in any message, worked out once a command."""
    if not isinstance(item, BodySection):
        return _binary_finder(item)
    locate = _locator(item.section)
    label, partial = item.label, item.partial
    if item.section.text not in _FIELDS:
        return lambda octets: Wanted(_cut_range(locate(octets) or _NOWHERE, partial), label)
    spell = _spell_fields(item)

    def find(octets: Octets) -> Wanted:
        found = locate(octets)
        if found is None:
            return Wanted(_NOWHERE, label)
        end = min(found.end, found.start + MAX_HEADER_OCTETS)
        return Wanted(Range(found.start, end), label, spell)

    return find


# Spells an item of the first octets of a message, so many of which are its header.
StartSpeller = Callable[[bytes, int], bytes]


def needs_header_only(item: SectionItem) -> bool:
    """Whether the octets of the header are all that the item is made of."""
    return isinstance(item, BodySection) and not item.section.part and item.section.text in _HEADERS


def start_speller(item: SectionItem) -> StartSpeller | None:
    """How to spell an item of the message as a whole; None for one that needs its part tree.

    It takes the octets of the message, or of its header alone where that is enough.
    """
    if not isinstance(item, BodySection) or item.section.part:
        return None
    label, partial = item.label, item.partial
    match item.section.text:
        case None:
            return lambda octets, _: _literal(label, _cut(octets, partial))
        case SectionText.TEXT:
            return lambda octets, header: _literal(label, _cut(octets[header:], partial))
        case SectionText.HEADER:
            return lambda octets, header: _literal(label, _cut(octets[:header], partial))
    spell = _spell_fields(item)
    return lambda octets, header: spell(octets[:header])


def located(spec: SectionSpec, octets: Octets) -> Range | None:
    """Where a section lies, header fields in their header; None where there is no such section.

    Raises ValueError when the part tree is damaged.
    """
    return _locator(spec)(octets)


def _locator(spec: SectionSpec) -> Callable[[Octets], Range | None]:
    """Where a section lies; header fields lie in their header."""
    part = spec.part
    if not part:
        # The commonest by far, which need no part tree.
        if spec.text is None:
            return lambda octets: Range(0, octets.size)
        if spec.text is SectionText.TEXT:
            return lambda octets: Range(octets.header_size, octets.size)
        return lambda octets: Range(0, octets.header_size)
    locate = {
        None: section.body_range,
        SectionText.MIME: section.mime_range,
        SectionText.TEXT: section.text_range,
    }.get(spec.text, section.header_range)
    return lambda octets: locate(octets.root, part)


def _binary_finder(item: BinarySection | BinarySize) -> Finder:
    label = item.label
    partial = item.partial if isinstance(item, BinarySection) else None
    is_size = isinstance(item, BinarySize)

    def find(octets: Octets) -> Wanted:
        found, encoding = _leaf(octets, item.part)
        if not known_encoding(encoding):
            raise UnknownEncoding
        if encoding not in _NOT_ENCODED:
            speller = _decoded_size_speller if is_size else _binary_speller
            by_pieces = Decoding(encoding, partial, is_size) if encoding in BY_PIECES else None
            return Wanted(found, label, speller(label, encoding, partial), decoding=by_pieces)
        if is_size:
            return Wanted(_NOWHERE, label, lambda _: b"%b %d" % (label, found.end - found.start))
        return Wanted(_cut_range(found, partial), label, binary=True)

    return find


def _leaf(octets: Octets, numbers: tuple[int, ...]) -> tuple[Range, bytes]:
    """The body of a leaf and how it is encoded; nothing of a part that has parts.

    RFC 9051 section 6.4.5.1: BINARY is for leaves only; without a part it is the message as it is.
    """
    if not numbers:
        return Range(0, octets.size), b""
    part = section.find(octets.root, numbers)
    if part is None or part.children:
        return _NOWHERE, b""
    return Range(part.body_start, part.end), part.encoding


def nil_item(item: SectionItem) -> bytes:
    """An item that cannot be told; a size is a number in any case."""
    return item.label + (b" 0" if isinstance(item, BinarySize) else b" NIL")


def _spell_fields(item: BodySection) -> Speller:
    label, partial, names = item.label, item.partial, item.section.fields
    if item.section.text is SectionText.HEADER_FIELDS:
        return lambda octets: _literal(label, _cut(_named_fields(octets, names), partial))

    def spell(octets: bytes) -> bytes:
        whole = Range(0, len(octets))
        fields = section.header_fields(octets, whole, names, exclude=True)
        return _literal(label, _cut(fields, partial))

    return spell


def _named_fields(octets: bytes, names: tuple[bytes, ...]) -> bytes:
    """The fields with these names, and the empty line that ends a header.

    As `section.header_fields` does, in a tenth of the time.
    """
    # Fields are found without the line feed that ends them, since it begins the next one's line.
    found = _fields_named(names).findall(
        b"\n" + octets + (b"" if octets[-1:] == b"\n" else b"\r\n")
    )
    found.append(b"\r\n")
    return b"\n".join(found)


@lru_cache(maxsize=256)
def _fields_named(names: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """Matches the line feed before each field with one of these names, and the field.

    What begins a line is a field's name, since folded lines begin with white space. A pattern that
    begins with an octet of its own is looked for by memchr.
    """
    wanted = b"|".join(map(re.escape, names))
    return re.compile(rb"\n((?:%b)[ \t]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+)" % wanted, re.I)


def _binary_speller(label: bytes, encoding: bytes, partial: Partial | None) -> Speller:
    def spell(octets: bytes) -> bytes:
        decoded = _cut(decode_transfer(octets, encoding), partial)
        return _literal(label, decoded, binary=b"\0" in decoded)

    return spell


def _decoded_size_speller(label: bytes, encoding: bytes, _partial: Partial | None) -> Speller:
    return lambda octets: b"%b %d" % (label, len(decode_transfer(octets, encoding)))


def _literal(label: bytes, octets: bytes, *, binary: bool = False) -> bytes:
    if not octets:
        return label + b' ""'
    return b"%b %b%b" % (label, literal_head(len(octets), binary=binary), octets)


def _cut(octets: bytes, partial: Partial | None) -> bytes:
    return octets if partial is None else octets[partial.first : partial.first + partial.count]


def _cut_range(found: Range, partial: Partial | None) -> Range:
    if partial is None:
        return found
    start = min(found.start + partial.first, found.end)
    return Range(start, min(start + partial.count, found.end))

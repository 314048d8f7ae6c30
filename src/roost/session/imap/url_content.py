"""The octets of what a URL names, piece by piece: no message is held whole. RFC 4467, RFC 5524."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from roost.proto.imap.core.fetch import SectionSpec, SectionText
from roost.proto.imap.ext.imap_url import ImapUrl
from roost.proto.mime import section
from roost.proto.mime.section import Range
from roost.proto.mime.structure import Part
from roost.session.imap.conversation import Conversation
from roost.session.imap.decoding import BY_PIECES, PieceDecoder
from roost.session.imap.sections import MAX_HEADER_OCTETS, located
from roost.session.imap.urls import Found
from roost.store.engine import ReadTx
from roost.store.octets import Extent, read_many
from roost.store.stowed import BlobGone

PIECE_OCTETS = 256 << 10
IDENTITY = frozenset({b"", b"7bit", b"8bit", b"binary"})
_FIELDS = frozenset({SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT})
_OF_PART = frozenset({None, SectionText.TEXT})


@dataclass(frozen=True, slots=True)
class Measure:
    """What is known of content once it was read. whole: all of it, where that is one piece."""

    size: int
    lines: int
    has_nul: bool
    is_ascii: bool
    whole: bytes | None


class Content:
    """Octets that a URL names. encoding: what is undone on reading, b"" for nothing."""

    def __init__(
        self, talk: Conversation, found: Found, url: ImapUrl, place: Range, encoding: bytes = b""
    ) -> None:
        self._talk = talk
        self._found = found
        self._spec = url.section
        self._place = place
        self._encoding = encoding
        self._first = url.first_octet
        self._count = url.count

    @property
    def size(self) -> int | None:
        """How many there are; None where they have to be read to know it."""
        if self._is_made:
            return None
        start, end = self._cut_place()
        return end - start

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of them in order, each of some 256 KiB at most. Raises BlobGone."""
        if not self._is_made:
            async for octets in self._raw(self._cut_place()):
                yield octets
            return
        at = 0
        end = None if self._count is None else self._first + self._count
        async for octets in self._made():
            stop = None if end is None else max(end - at, 0)
            if cut := octets[max(self._first - at, 0) : stop]:
                yield cut
            at += len(octets)

    async def measure(self) -> Measure:
        """Read all to know how much it is, and of what kind. Raises BlobGone."""
        size = lines = count = 0
        has_nul, is_ascii, last = False, True, b""
        async for octets in self.pieces():
            count, last = count + 1, octets
            size += len(octets)
            lines += octets.count(b"\n")
            has_nul = has_nul or b"\0" in octets
            is_ascii = is_ascii and octets.isascii()
        return Measure(size, lines, has_nul, is_ascii, last if count <= 1 else None)

    @property
    def _is_made(self) -> bool:
        return bool(self._encoding) or self._spec.text in _FIELDS

    def _cut_place(self) -> Range:
        start = min(self._place.start + self._first, self._place.end)
        end = self._place.end if self._count is None else start + self._count
        return Range(start, min(end, self._place.end))

    async def _made(self) -> AsyncIterator[bytes]:
        """The octets that are not in the message as they are."""
        if not self._encoding:
            end = min(self._place.end, self._place.start + MAX_HEADER_OCTETS)
            header = b"".join([one async for one in self._raw(Range(self._place.start, end))])
            yield _fields(self._spec, header)
            return
        decoder = PieceDecoder(self._encoding)
        async for octets in self._raw(self._place):
            yield decoder.feed(octets)
        yield decoder.end()

    async def _raw(self, place: Range) -> AsyncIterator[bytes]:
        for at in range(place.start, place.end, PIECE_OCTETS):
            yield await self._read(Range(at, min(at + PIECE_OCTETS, place.end)))

    async def _read(self, place: Range) -> bytes:
        extent = Extent(self._found.prefix, self._found.blob, *place)
        octets = await self._talk.port.store.scan(partial(_read_one, extent=extent))
        if octets is None:
            raise BlobGone(self._found.blob)
        return octets


def content(talk: Conversation, found: Found, url: ImapUrl) -> Content | None:
    """The octets as they stand in the message; None where there is no such section."""
    place = _located(found, url)
    return None if place is None else Content(talk, found, url, place)


def decoded(talk: Conversation, found: Found, url: ImapUrl) -> Content | None:
    """The octets without their Content-Transfer-Encoding; None where nobody here can undo it.

    Raises BlobGone when the part tree is damaged.
    """
    place, part = _located(found, url), part_of(found, url.section)
    if place is None:
        return None
    if part is None or part.children or part.encoding in IDENTITY:
        return Content(talk, found, url, place)
    if part.encoding not in BY_PIECES:
        return None
    return Content(talk, found, url, place, part.encoding)


def part_of(found: Found, spec: SectionSpec) -> Part | None:
    """The part whose body a section is; None for a header, and for a message with its header.

    Raises BlobGone when the part tree is damaged.
    """
    if spec.text not in _OF_PART or (spec.text is None and not spec.part):
        return None
    part = section.find(found.root, spec.part)
    if part is None or spec.text is None or not spec.part:
        return part
    return part.children[0] if part.is_message else None


def _located(found: Found, url: ImapUrl) -> Range | None:
    """Where the section lies; None where it does not, or nobody can tell."""
    try:
        return located(url.section, found.octets)
    except ValueError:
        return None


async def _read_one(tx: ReadTx, extent: Extent) -> bytes | None:
    return (await read_many(tx, [extent]))[0]


def _fields(spec: SectionSpec, header: bytes) -> bytes:
    exclude = spec.text is SectionText.HEADER_FIELDS_NOT
    return section.header_fields(header, Range(0, len(header)), spec.fields, exclude=exclude)
